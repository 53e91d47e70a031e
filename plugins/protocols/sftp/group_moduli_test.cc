#include "group_moduli.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

namespace slipway::sftp {
namespace {

// The sizes of the groups that a reader finds, each of which is a prime as long as its line says.
std::vector<int> sizes(const std::string& path) {
  std::vector<int> found;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string time, generator, modulus;
    int type = 0, tests = 0, trials = 0, size = 0;
    EXPECT_TRUE(fields >> time >> type >> tests >> trials >> size >> generator >> modulus) << line;
    EXPECT_EQ(type, 2);
    EXPECT_TRUE(tests & 4);
    EXPECT_EQ(generator, "2");
    BIGNUM* number = nullptr;
    BN_hex2bn(&number, modulus.c_str());
    const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> prime(number, BN_free);
    EXPECT_EQ(BN_num_bits(number), size + 1);
    EXPECT_TRUE(BN_is_odd(number));
    found.push_back(size + 1);
  }
  return found;
}

TEST(GroupModuli, GroupsBelowTheLeastSizeAreNotThere) {
  const auto all = GroupModuli::make(2048);
  ASSERT_TRUE(all);
  EXPECT_EQ(sizes(all->path()), (std::vector<int>{2048, 3072, 4096, 6144, 8192}));
  const auto some = GroupModuli::make(3072);
  ASSERT_TRUE(some);
  EXPECT_EQ(sizes(some->path()), (std::vector<int>{3072, 4096, 6144, 8192}));
  EXPECT_EQ(sizes(GroupModuli::make(2049)->path()).front(), 3072);
}

TEST(GroupModuli, EveryReaderStartsAtTheBeginning) {
  const auto moduli = GroupModuli::make(2048);
  ASSERT_TRUE(moduli);
  EXPECT_EQ(sizes(moduli->path()).size(), 5u);
  EXPECT_EQ(sizes(moduli->path()).size(), 5u);
}

TEST(GroupModuli, TheFileMovesAndGoesWithTheObject) {
  auto moduli = GroupModuli::make(2048);
  ASSERT_TRUE(moduli);
  GroupModuli moved(*std::move(moduli));
  EXPECT_EQ(sizes(moved.path()).size(), 5u);
  moved = *GroupModuli::make(8192);
  EXPECT_EQ(sizes(moved.path()), std::vector<int>{8192});
}

}  // namespace
}  // namespace slipway::sftp
