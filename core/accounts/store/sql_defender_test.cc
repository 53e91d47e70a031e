// Hosts of the defender, and the version that tells servers to read the IP lists again.
#include <gtest/gtest.h>

#include "core/accounts/store/test_database.h"

namespace slipway::accounts {
namespace {

class SqlDefender : public StoreTest {};

TEST_F(SqlDefender, HostsComeBackAsTheyWereStored) {
  const DefenderHost scored{"192.0.2.1", 0, 20, {{10, 1}, {20, 2}}};
  const DefenderHost banned{"2001:db8::1", 500, 30, {}};
  ASSERT_OK(store().put_defender_host(scored));
  ASSERT_OK(store().put_defender_host(banned));
  reopen();
  EXPECT_EQ(*store().defender_hosts(), (std::vector<DefenderHost>{scored, banned}));
}

TEST_F(SqlDefender, PuttingAHostAgainReplacesItsEvents) {
  ASSERT_OK(store().put_defender_host({"192.0.2.1", 0, 20, {{10, 1}, {20, 2}}}));
  const DefenderHost later{"192.0.2.1", 99, 30, {{30, 3}}};
  ASSERT_OK(store().put_defender_host(later));
  EXPECT_EQ(*store().defender_hosts(), std::vector<DefenderHost>{later});
}

TEST_F(SqlDefender, RemovingTakesTheEventsAlong) {
  ASSERT_OK(store().put_defender_host({"192.0.2.1", 0, 20, {{10, 1}}}));
  ASSERT_OK(store().remove_defender_host("192.0.2.1"));
  EXPECT_OK(store().remove_defender_host("192.0.2.1"));
  ASSERT_OK(store().put_defender_host({"192.0.2.1", 0, 40, {}}));
  EXPECT_EQ(*store().defender_hosts(), (std::vector<DefenderHost>{{"192.0.2.1", 0, 40, {}}}));
}

TEST_F(SqlDefender, TheVersionOfTheListsChangesWithEveryEntry) {
  std::uint64_t last = *store().ip_lists_version();
  const auto changed = [&] { return std::exchange(last, *store().ip_lists_version()) != last; };
  IpListEntry entry;
  entry.ipornet = "192.0.2.0/24";
  entry.type = 1;
  entry.mode = 1;
  ASSERT_OK(store().add_ip_list_entry(entry));
  EXPECT_TRUE(changed());
  EXPECT_EQ(store().add_ip_list_entry(entry).code(), Errc::Exists);
  EXPECT_FALSE(changed());
  ASSERT_OK(store().update_ip_list_entry(entry));
  EXPECT_TRUE(changed());
  ASSERT_OK(store().remove_ip_list_entry(1, entry.ipornet));
  EXPECT_TRUE(changed());
  EXPECT_EQ(store().remove_ip_list_entry(1, entry.ipornet).code(), Errc::NotFound);
  EXPECT_FALSE(changed());
}

TEST_F(SqlDefender, AChangeThatIsUndoneLeavesTheVersion) {
  const std::uint64_t before = *store().ip_lists_version();
  IpListEntry entry;
  entry.ipornet = "192.0.2.0/24";
  entry.type = entry.mode = 1;
  EXPECT_FALSE(store().in_transaction([&]() -> Status {
    SLIPWAY_TRY(store().add_ip_list_entry(entry));
    return Error(Errc::Internal, "undo");
  }));
  EXPECT_EQ(*store().ip_lists_version(), before);
}

}  // namespace
}  // namespace slipway::accounts
