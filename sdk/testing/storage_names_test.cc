// Names are bytes: any but '/' and NUL.
#include <algorithm>

#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageNames : public StorageFixture {};

std::vector<std::string> odd_names() {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) {
    if (byte != '/') all += static_cast<char>(byte);
  }
  return {" ",
          "  leading and trailing  ",
          "line\nbreak",
          "tab\tand\rreturn",
          "\"quotes\" and 'more'",
          "back\\slash",
          "$HOME `id` $(id) ; rm -rf *",
          "-rf",
          "--help",
          "*",
          "?",
          "[a-z]",
          "#hash",
          "~",
          "%2e%2e%2f",
          "...",
          ".hidden",
          "a:b|c<d>e",
          "caf\xc3\xa9",
          "cafe\xcc\x81",
          "\xe6\x97\xa5\xe6\x9c\xac",
          "\xf0\x9f\x9a\xa2",
          "latin1 \xe9",
          "not utf-8 \xff\xfe\x80",
          "\x01\x1b[31m",
          all.substr(0, 127),
          all.substr(127),
          "CON",
          "con.txt",
          "UPPER",
          "upper",
          "trailing.",
          std::string(255, 'n')};
}

TEST_F(StorageNames, OddOnesAreKeptByteForByte) {
  std::vector<std::string> expected = odd_names();
  for (const std::string& name : expected) {
    const VPath path = VPath().child(name);
    put(path, name);
    EXPECT_EQ(stat(path).name, name);
  }
  std::ranges::sort(expected);
  EXPECT_EQ(names(VPath()), expected);
  for (const std::string& name : expected) EXPECT_EQ(get_text(VPath().child(name)), name);
  for (const std::string& name : expected) ASSERT_OK(fs_->remove(context_, VPath().child(name)));
  EXPECT_TRUE(list(VPath()).empty());
}

TEST_F(StorageNames, OddOnesNameDirectoriesToo) {
  if (!folders()) {
    return;
  }
  for (const std::string& name : odd_names()) {
    const VPath directory = VPath().child(name);
    make_dir(directory);
    put(directory.child(name), "x");
    EXPECT_EQ(names(directory), std::vector<std::string>{name});
    if (const Status renamed = fs_->rename(context_, directory.child(name), directory.child("plain"))) {
      EXPECT_EQ(names(directory), std::vector<std::string>{"plain"});
    } else {
      EXPECT_CODE(Errc::NotSupported, renamed);
    }
  }
}

TEST_F(StorageNames, LongerThanTheStorageTakesAreTooLarge) {
  const std::string name(256, 'n');
  const VPath path = VPath().child(name);
  const auto file = fs_->open(context_, path, OpenOptions::replacing());
  if (file) {  // a store with longer names keeps them whole
    ASSERT_OK((*file)->write_at(context_, 0, bytes_of("x")));
    ASSERT_OK((*file)->finish(context_));
    EXPECT_EQ(names(VPath()), std::vector<std::string>{name});
    return;
  }
  EXPECT_CODE(Errc::TooLarge, file);
  EXPECT_ONE_OF(fs_->make_dir(context_, path), Errc::TooLarge, Errc::NotSupported);
  put(VPath("/file"), "x");
  EXPECT_ONE_OF(fs_->rename(context_, VPath("/file"), path), Errc::TooLarge, Errc::NotSupported);
  EXPECT_ONE_OF(fs_->stat(context_, path, Follow::No), Errc::TooLarge, Errc::NotFound);
  EXPECT_EQ(names(VPath()), std::vector<std::string>{"file"});
}

TEST_F(StorageNames, DifferInCase) {
  put(VPath("/name"), "lower");
  put(VPath("/NAME"), "upper");
  EXPECT_EQ(get_text(VPath("/name")), "lower");
  EXPECT_EQ(get_text(VPath("/NAME")), "upper");
}

TEST_F(StorageNames, PrefixesAreNotDescendants) {
  if (!folders()) {
    return;
  }
  make_dir(VPath("/dir"));
  put(VPath("/dir/inside"), "x");
  put(VPath("/dir2"), "x");
  put(VPath("/dir.txt"), "x");
  EXPECT_EQ(names(VPath("/dir")), std::vector<std::string>{"inside"});
  EXPECT_EQ(names(VPath()), (std::vector<std::string>{"dir", "dir.txt", "dir2"}));
}

}  // namespace
}  // namespace slipway::kit
