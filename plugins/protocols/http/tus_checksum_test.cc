#include "tus_checksum.h"

#include <gtest/gtest.h>

namespace slipway::httpd {
namespace {

bool fits(std::string_view field, std::initializer_list<std::string_view> parts) {
  auto checksum = TusChecksum::parse(field);
  EXPECT_TRUE(checksum.ok()) << field;
  if (!checksum) return false;
  for (const auto part : parts) checksum->add(std::as_bytes(std::span(part)));
  return checksum->fits();
}

// Digests of FIPS 180-4 and RFC 1321 examples.
TEST(TusChecksum, IsThatOfAllParts) {
  EXPECT_TRUE(fits("sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", {"abc"}));
  EXPECT_TRUE(fits("sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", {"a", "", "bc"}));
  EXPECT_TRUE(fits("sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", {"abc"}));
  EXPECT_TRUE(fits("md5 kAFQmDzST7DWlj99KOF/cg==", {"abc"}));
  EXPECT_TRUE(fits("md5 1B2M2Y8AsgTpgAmY7PhCfg==", {}));
  EXPECT_FALSE(fits("sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", {"abd"}));
  EXPECT_FALSE(fits("md5 kAFQmDzST7DWlj99KOF/cg==", {"abcd"}));
}

TEST(TusChecksum, OthersAreRefused) {
  for (const char* field :
       {"", "sha1", "sha1 ", " ", "sha512 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "SHA1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
        "sha1 a9993e364706816aba3e25717850c26c9cd0d89d", "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2A==",
        "md5 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "sha1  qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "sha1 !"})
    EXPECT_EQ(TusChecksum::parse(field).code(), Errc::InvalidArgument) << field;
  EXPECT_EQ(TusChecksum::parse("sha1 " + std::string(1000, 'A')).code(), Errc::InvalidArgument);
}

}  // namespace
}  // namespace slipway::httpd
