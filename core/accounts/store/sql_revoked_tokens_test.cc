// Tokens that ended before their time.
#include <gtest/gtest.h>

#include "core/accounts/store/test_database.h"

namespace slipway::accounts {
namespace {

class SqlRevokedTokens : public StoreTest {
 protected:
  void add(std::string id, std::int64_t expires_at = 100) {
    ASSERT_OK(store().add_revoked_token({std::move(id), expires_at}));
  }
  RevokedTokens after(std::int64_t revision, std::size_t limit = 100) {
    auto found = store().revoked_tokens_after(revision, limit);
    EXPECT_OK(found);
    return found ? *std::move(found) : RevokedTokens{};
  }
};

TEST_F(SqlRevokedTokens, ThoseThatAreNewCanBeAskedFor) {
  EXPECT_TRUE(after(0).tokens.empty());
  add("a");
  add("b", 200);
  reopen();
  const auto both = after(0);
  EXPECT_EQ(both.tokens, (std::vector<RevokedToken>{{"a", 100}, {"b", 200}}));
  EXPECT_TRUE(after(both.revision).tokens.empty());
  EXPECT_EQ(after(both.revision).revision, both.revision);
  add("c");
  EXPECT_EQ(after(both.revision).tokens, (std::vector<RevokedToken>{{"c", 100}}));
}

TEST_F(SqlRevokedTokens, TheyComeInPieces) {
  for (const char* id : {"a", "b", "c"}) add(id);
  const auto first = after(0, 2), rest = after(first.revision, 2);
  EXPECT_EQ(first.tokens.size(), 2u);
  EXPECT_EQ(rest.tokens, (std::vector<RevokedToken>{{"c", 100}}));
}

TEST_F(SqlRevokedTokens, OneThatIsThereStaysAsItIs) {
  add("a");
  const auto seen = after(0).revision;
  add("a", 500);
  EXPECT_TRUE(after(seen).tokens.empty());
  EXPECT_EQ(after(0).tokens, (std::vector<RevokedToken>{{"a", 100}}));
}

TEST_F(SqlRevokedTokens, ExpiredOnesGoAndTheirRevisionsDoNotComeBack) {
  add("a");
  add("b", 200);
  const auto seen = after(0).revision;
  ASSERT_OK(store().remove_expired_revoked_tokens(200));
  EXPECT_TRUE(after(0).tokens.empty());
  add("c", 500);
  EXPECT_EQ(after(seen).tokens, (std::vector<RevokedToken>{{"c", 500}}));
  ASSERT_OK(store().remove_expired_revoked_tokens(499));
  EXPECT_EQ(after(seen).tokens.size(), 1u);
}

}  // namespace
}  // namespace slipway::accounts
