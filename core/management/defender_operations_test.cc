// Hosts of the defender, through the door that administrators use; lists that take effect.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "core/accounts/store/test_database.h"
#include "core/base/json.h"
#include "core/management/management.h"

namespace slipway::management {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

class DefenderOperations : public accounts::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    accounts_.emplace(store(), secrets_, nullptr, accounts::AccountsSettings{});
    admission::AdmissionSettings settings;
    settings.defender.enabled = true;
    settings.defender.threshold = 4;
    settings.allow_list = true;
    settings.rate_limiters = {{.average = 1, .protocols = {"SSH", "FTP"}}, {.average = 1, .protocols = {"FTP"}}};
    admission_.emplace(
        store(), settings, admission::Clocks{.wall = [] {
          return admission::WallTime(std::chrono::sys_days(std::chrono::year(2026) / 2 / 3) + 4h + 5min + 6s);
        }});
    ASSERT_OK(admission_->start());
    management_.emplace(ManagementRooms{.accounts = *accounts_, .admission = &*admission_});
  }

  Result<json::value> call(std::string_view operation, const json::object& input = {}) {
    const Actor root{.kind = Actor::Kind::Admin, .name = "root", .permissions = {"*"}, .role = {}, .address = {}};
    SLIPWAY_ASSIGN(const std::string text, management_->call(OpContext{}, root, operation, serialize_json(input)));
    return parse_json(text);
  }
  void misbehave(std::string_view address, int times) {
    for (int i = 0; i < times; ++i) admission_->report({"SSH", address}, admission::Violation::UnknownUser);
  }
  bool admitted(std::string_view address) {
    return admission_->admit({"HTTP", address}, [](admission::HostCap) { return ok(); }).ok();
  }

  crypto::SecretKeeper secrets_ = *crypto::SecretKeeper::make({});
  std::optional<accounts::Accounts> accounts_;
  std::optional<admission::Admission> admission_;
  std::optional<Management> management_;
};

TEST_F(DefenderOperations, HostsAreListedAsTheContractSays) {
  misbehave("192.0.2.66", 2);
  misbehave("2001:db8::1", 1);
  EXPECT_EQ(*call("defender.hosts.list"), parse_json(R"({"items": [
      {"id": "3139322e302e322e3636", "ip": "192.0.2.66", "ban_time": "2026-02-03T04:35:06Z"},
      {"id": "323030313a6462383a3a31", "ip": "2001:db8::1", "score": 2}], "next": null})")
                                              .
                                              operator*());
}

TEST_F(DefenderOperations, OneHostIsFoundByIdOrAddress) {
  misbehave("192.0.2.66", 1);
  const auto entry = *parse_json(R"({"id": "3139322e302e322e3636", "ip": "192.0.2.66", "score": 2})");
  EXPECT_EQ(*call("defender.hosts.get", {{"id", "3139322e302e322e3636"}}), entry);
  EXPECT_EQ(*call("defender.hosts.get", {{"id", "3139322E302E322E3636"}}), entry);
  EXPECT_EQ(*call("defender.hosts.get", {{"ip", "192.0.2.66"}}), entry);
  EXPECT_EQ(call("defender.hosts.get", {{"ip", "192.0.2.67"}}).code(), Errc::NotFound);
  for (const char* id : {"xyz", "3139", "313"})
    EXPECT_EQ(call("defender.hosts.get", {{"id", id}}).error().message(), "/id: invalid host id") << id;
  EXPECT_EQ(call("defender.hosts.get").code(), Errc::InvalidArgument);
}

TEST_F(DefenderOperations, DeletingLiftsABan) {
  misbehave("192.0.2.66", 2);
  ASSERT_OK(call("defender.hosts.delete", {{"ip", "192.0.2.66"}}));
  EXPECT_FALSE(admission_->is_banned({"SSH", "192.0.2.66"}));
  EXPECT_EQ(call("defender.hosts.delete", {{"ip", "192.0.2.66"}}).code(), Errc::NotFound);
}

TEST_F(DefenderOperations, ChangedListsReachConnections) {
  EXPECT_FALSE(admitted("192.0.2.1"));
  ASSERT_OK(call("ip_lists.add", {{"ipornet", "192.0.2.1"}, {"type", 1}, {"mode", 1}}));
  while (!admitted("192.0.2.1")) std::this_thread::yield();
  ASSERT_OK(call("ip_lists.update", {{"ipornet", "192.0.2.1/32"}, {"type", 1}, {"mode", 1}, {"protocols", 1}}));
  while (admitted("192.0.2.1")) std::this_thread::yield();
  ASSERT_OK(call("ip_lists.update", {{"ipornet", "192.0.2.1/32"}, {"type", 1}, {"mode", 1}, {"protocols", 0}}));
  while (!admitted("192.0.2.1")) std::this_thread::yield();
  ASSERT_OK(call("ip_lists.delete", {{"entry", "1/192.0.2.1"}}));
  while (admitted("192.0.2.1")) std::this_thread::yield();
  // A dump brings it back.
  const json::object entry{{"ipornet", "192.0.2.0/24"}, {"type", 1}, {"mode", 1}};
  ASSERT_OK(call("data.load", {{"data", json::object{{"version", 16}, {"ip_lists", json::array{entry}}}}}));
  while (!admitted("192.0.2.1")) std::this_thread::yield();
}

TEST_F(DefenderOperations, TheStatusTellsWhichDefencesAreOn) {
  const auto status = call("status.get")->as_object();
  EXPECT_EQ(status.at("defender"), *parse_json(R"({"is_active": true})"));
  EXPECT_EQ(status.at("allow_list"), *parse_json(R"({"is_active": true})"));
  EXPECT_EQ(status.at("rate_limiters"), *parse_json(R"({"is_active": true, "protocols": ["SSH", "FTP"]})"));
}

TEST_F(DefenderOperations, WithoutAServerThereIsNoDefender) {
  management_.emplace(ManagementRooms{.accounts = *accounts_});
  EXPECT_EQ(call("defender.hosts.list").code(), Errc::Unavailable);
  EXPECT_FALSE(call("status.get")->as_object().contains("defender"));
}

}  // namespace
}  // namespace slipway::management
