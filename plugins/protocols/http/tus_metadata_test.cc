#include "tus_metadata.h"

#include <gtest/gtest.h>

#include <vector>

#include "slipway/base64.h"

namespace slipway::httpd {
namespace {

std::string pair(std::string_view key, std::string_view value) { return std::string(key) + " " + base64_encode(value); }

TEST(TusMetadata, KnowsWhatItNeedsAndLeavesTheRest) {
  const auto all =
      parse_tus_metadata(pair("path", "/a b/c") + "," + pair("filename", "c") + ", " + pair("mtime", "1500") + "," +
                         pair("mkdir_parents", "true") + "," + pair("share_id", "x") + ",is_confidential,empty ");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->path, "/a b/c");
  EXPECT_EQ(all->share_id, "x");
  EXPECT_TRUE(all->mkdir_parents);
  EXPECT_EQ(all->modified, Timestamp(std::chrono::milliseconds(1500)));
}

TEST(TusMetadata, OnlyThePathIsNeeded) {
  const auto little = parse_tus_metadata(pair("path", "a") + "," + pair("mkdir_parents", "1") + ",mtime");
  ASSERT_TRUE(little);
  EXPECT_FALSE(little->mkdir_parents);
  EXPECT_FALSE(little->modified);
}

TEST(TusMetadata, WhatIsMalformedIsRefused) {
  const std::string path = pair("path", "/a");
  const std::vector<std::string> all_bad = {"",
                                            " ",
                                            "path",
                                            "path ",
                                            "path /a",
                                            pair("filename", "a"),
                                            path + ",",
                                            "," + path,
                                            path + ",," + pair("a", "b"),
                                            path + "," + path,
                                            path + ",a b c",
                                            path + ",a !!!!",
                                            path + "," + pair("mtime", "soon"),
                                            path + "," + pair("mtime", "1.5"),
                                            path + "," + pair("mtime", "9223372036854775807"),
                                            path + "," + pair("k\tk", "v"),
                                            path + "," + pair("schl\xC3\xBCssel", "v")};
  for (const std::string& bad : all_bad) {
    EXPECT_EQ(parse_tus_metadata(bad).code(), Errc::InvalidArgument) << bad;
  }
}

TEST(TusMetadata, HasLimits) {
  std::string many = pair("path", "/a");
  for (int i = 0; i < 63; ++i) many += ",k" + std::to_string(i);
  EXPECT_TRUE(parse_tus_metadata(many));
  EXPECT_FALSE(parse_tus_metadata(many + ",more"));
  EXPECT_FALSE(parse_tus_metadata(pair("path", "/a") + "," + pair("b", std::string(kMaxTusMetadata, 'b'))));
}

}  // namespace
}  // namespace slipway::httpd
