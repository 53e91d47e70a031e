// What accounts do about themselves, and what is read together: profiles, passwords, shares, rules, lists.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/accounts/test_accounts.h"
#include "core/base/json.h"
#include "core/management/management.h"

namespace slipway::management {
namespace {

namespace json = boost::json;

class OwnAccount : public accounts::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    management_ = std::make_unique<Management>(ManagementRooms{accounts(), folder_.file("backups")});
  }
  void TearDown() override { management_.reset(); }

  Result<json::object> call(const Actor& actor, std::string_view operation, const json::object& input = {}) {
    SLIPWAY_ASSIGN(const std::string text, management_->call(OpContext{}, actor, operation, serialize_json(input)));
    return parse_json_object(text);
  }
  static Actor user(std::string name) { return {Actor::Kind::User, std::move(name), {}, "", "192.0.2.1"}; }
  static Actor system_actor() { return {Actor::Kind::System, "__system__", {}, "", ""}; }
  void add_ann(std::vector<std::string> options = {}) {
    auto ann = a_user("ann");
    ann.password = "old Password 1";
    ann.filters.web_client = std::move(options);
    add_user(ann);
  }
  static json::object a_share() { return {{"name", "docs"}, {"scope", 1}, {"paths", json::array{"/docs/"}}}; }

  std::unique_ptr<Management> management_;
};

TEST_F(OwnAccount, AUserReplacesTheProfile) {
  add_ann();
  ASSERT_OK(call(user("ann"), "self.profile.update",
                 {{"email", "ann@example.com"}, {"description", "d"}, {"allow_api_key_auth", true}}));
  EXPECT_EQ(*call(user("ann"), "self.profile.get"), (json::object{{"email", "ann@example.com"},
                                                                  {"additional_emails", json::array()},
                                                                  {"description", "d"},
                                                                  {"allow_api_key_auth", true},
                                                                  {"public_keys", json::array()},
                                                                  {"tls_certs", json::array()}}));
  EXPECT_TRUE(*accounts().verify_password("ann", "old Password 1")) << "the rest of the account stays";
  ASSERT_OK(call(user("ann"), "self.profile.update"));
  EXPECT_EQ(call(user("ann"), "self.profile.get")->at("email"), "");
  EXPECT_EQ(call(user("ann"), "self.profile.update", {{"email", 1}}).error().message(),
            "/email: a text is needed here");
}

TEST_F(OwnAccount, OptionsKeepPartsOfTheProfileAsTheyAre) {
  add_ann({"api-key-auth-change-disabled", "publickey-change-disabled", "tls-cert-change-disabled"});
  ASSERT_OK(call(user("ann"), "self.profile.update", {{"email", "ann@example.com"}, {"allow_api_key_auth", true}}));
  EXPECT_EQ(call(user("ann"), "self.profile.get")->at("allow_api_key_auth"), false);
  EXPECT_EQ(call(user("ann"), "self.profile.get")->at("email"), "ann@example.com");

  auto bob = a_user("bob");
  bob.filters.web_client = {"info-change-disabled", "api-key-auth-change-disabled", "publickey-change-disabled",
                            "tls-cert-change-disabled"};
  add_user(bob);
  EXPECT_EQ(call(user("bob"), "self.profile.update").code(), Errc::PermissionDenied);
}

TEST_F(OwnAccount, AnAdministratorHasAProfileToo) {
  auto adm = an_admin("adm");
  adm.password = "old Password 1";
  add(accounts().admins(), adm);
  const Actor actor{Actor::Kind::Admin, "adm", {"*"}, "", ""};
  ASSERT_OK(call(actor, "self.profile.update", {{"email", "adm@example.com"}}));
  EXPECT_EQ(call(actor, "self.profile.get")->at("email"), "adm@example.com");
  ASSERT_OK(call(actor, "self.password.change",
                 {{"current_password", "old Password 1"}, {"new_password", "new Password 2"}}));
  EXPECT_TRUE(*accounts().verify_admin_password("adm", "new Password 2"));
  EXPECT_EQ(call(system_actor(), "self.profile.get").code(), Errc::NotSupported);
}

TEST_F(OwnAccount, APasswordIsChangedByWhoKnowsIt) {
  add_ann();
  const auto change = [&](const char* current, const char* wanted) {
    return call(user("ann"), "self.password.change", {{"current_password", current}, {"new_password", wanted}});
  };
  EXPECT_EQ(change("wrong", "new Password 2").error().message(), "/current_password: current password does not match");
  EXPECT_EQ(change("old Password 1", "old Password 1").code(), Errc::InvalidArgument);
  EXPECT_EQ(change("", "new Password 2").code(), Errc::InvalidArgument);
  EXPECT_EQ(change("old Password 1", " ").code(), Errc::InvalidArgument);
  ASSERT_OK(change("old Password 1", "new Password 2"));
  EXPECT_TRUE(*accounts().verify_password("ann", "new Password 2"));
}

TEST_F(OwnAccount, PasswordsMayBeForbiddenToChange) {
  add_ann({"password-change-disabled"});
  EXPECT_EQ(call(user("ann"), "self.password.change",
                 {{"current_password", "old Password 1"}, {"new_password", "new Password 2"}})
                .code(),
            Errc::PermissionDenied);
}

TEST_F(OwnAccount, SharesAreTheirOwners) {
  add_ann();
  add_user(a_user("bob"));
  const auto made = call(user("ann"), "shares.add", a_share());
  ASSERT_TRUE(made) << made.error().message();
  const std::string id(made->at("id").as_string());
  EXPECT_EQ(made->at("username"), "ann");
  EXPECT_EQ(made->at("paths"), (json::array{"/docs"}));
  EXPECT_TRUE(call(user("ann"), "shares.get", {{"id", id}}));
  EXPECT_EQ(call(user("bob"), "shares.get", {{"id", id}}).code(), Errc::NotFound);
  EXPECT_EQ(call(user("bob"), "shares.delete", {{"id", id}}).code(), Errc::NotFound);
  json::object theft = a_share();
  theft["id"] = id;
  EXPECT_EQ(call(user("bob"), "shares.update", theft).code(), Errc::NotFound);
  EXPECT_EQ(call(user("bob"), "shares.list")->at("items").as_array().size(), 0u);
  EXPECT_EQ(call(user("ann"), "shares.list")->at("items").as_array().size(), 1u);
  EXPECT_EQ(call(system_actor(), "shares.list").code(), Errc::PermissionDenied);
  ASSERT_OK(call(user("ann"), "shares.delete", {{"id", id}}));
  EXPECT_EQ(call(user("ann"), "shares.get", {{"id", id}}).code(), Errc::NotFound);
}

TEST_F(OwnAccount, AShareKeepsItsPasswordUntilAnotherIsSent) {
  add_ann();
  json::object share = a_share();
  share["password"] = "share Password 1";
  share["username"] = "bob";
  const auto made = call(user("ann"), "shares.add", share);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->at("username"), "ann") << "whatever the document says";
  EXPECT_EQ(made->at("password"), "[**redacted**]");
  const std::string id(made->at("id").as_string());
  json::object changed = *made;
  changed["description"] = "x";
  ASSERT_OK(call(user("ann"), "shares.update", changed));
  EXPECT_TRUE(accounts().verify_share_password(*accounts().shares().get(id), "share Password 1"));
  changed["password"] = "";
  ASSERT_OK(call(user("ann"), "shares.update", changed));
  EXPECT_FALSE(call(user("ann"), "shares.get", {{"id", id}})->contains("password"));
}

TEST_F(OwnAccount, OptionsLimitWhatMayBeShared) {
  add_ann({"shares-without-password-disabled"});
  EXPECT_EQ(call(user("ann"), "shares.add", a_share()).error().cause(),
            "You are not authorized to share files/folders without a password");
  json::object share = a_share();
  share["password"] = "share Password 1";
  EXPECT_OK(call(user("ann"), "shares.add", share));

  auto bob = a_user("bob");
  bob.filters.web_client = {"shares-disabled"};
  add_user(bob);
  EXPECT_EQ(call(user("bob"), "shares.add", share).code(), Errc::PermissionDenied);

  auto eve = a_user("eve");
  eve.filters.denied_share_paths = {"/docs"};
  add_user(eve);
  EXPECT_EQ(call(user("eve"), "shares.add", share).code(), Errc::PermissionDenied);
}

TEST_F(OwnAccount, ARuleIsReadWithItsActions) {
  const json::object action{{"name", "backup"}, {"type", 4}};
  ASSERT_OK(call(root_, "event_actions.add", action));
  const json::object rule{{"name", "nightly"},
                          {"status", 1},
                          {"trigger", 6},
                          {"actions", json::array{json::object{{"name", "backup"}, {"order", 1}}}}};
  const auto made = call(root_, "event_rules.add", rule);
  ASSERT_TRUE(made) << made.error().message();
  for (const auto& read : {*made, *call(root_, "event_rules.get", {{"name", "nightly"}}),
                           call(root_, "event_rules.list")->at("items").at(0).as_object()}) {
    const json::value& embedded = read.at("actions").at(0);
    EXPECT_EQ(embedded.at("name"), "backup");
    EXPECT_EQ(embedded.at("type"), 4);
    EXPECT_EQ(embedded.at("order"), 1);
    EXPECT_EQ(embedded.at("relation_options").at("execute_sync"), false);
  }
  EXPECT_EQ(call(root_, "event_rules.run", {{"name", "nightly"}}).code(), Errc::NotSupported);
  EXPECT_EQ(call(root_, "event_rules.run", {{"name", "other"}}).code(), Errc::NotFound);
}

TEST_F(OwnAccount, IpListsAreReadOneByOneAndFromAPlaceOn) {
  for (const char* network : {"192.0.2.0/24", "192.0.3.0/24", "198.51.100.0/24"})
    ASSERT_OK(call(root_, "ip_lists.add", {{"ipornet", network}, {"type", 2}, {"mode", 2}}));
  ASSERT_OK(call(root_, "ip_lists.add", {{"ipornet", "203.0.113.0/24"}, {"type", 1}, {"mode", 1}}));
  const auto names = [&](const json::object& input) {
    std::string text;
    const auto page = call(root_, "ip_lists.list", input);
    if (!page) return page.error().message();
    for (const auto& item : page->at("items").as_array()) text += std::string(item.at("ipornet").as_string()) + " ";
    return text;
  };
  EXPECT_EQ(names({{"type", 1}}), "203.0.113.0/24 ");
  EXPECT_EQ(names({{"type", 2}, {"prefix", "192."}}), "192.0.2.0/24 192.0.3.0/24 ");
  EXPECT_EQ(names({{"type", 2}, {"after", "192.0.2.0/24"}}), "192.0.3.0/24 198.51.100.0/24 ");
  EXPECT_EQ(names({{"type", 2}, {"order", "DESC"}, {"limit", 1}}), "198.51.100.0/24 ");
  EXPECT_EQ(call(root_, "ip_lists.list", {{"type", 5}}).code(), Errc::InvalidArgument);
}

TEST_F(OwnAccount, ADumpIsLoadedFromAFile) {
  add_ann();
  ASSERT_OK(call(root_, "data.dump", {{"output_file", "all.json"}, {"indent", 2}}));
  ASSERT_OK(accounts().users().remove("ann", root_));
  const std::string file = folder_.file("backups") + "/all.json";
  ASSERT_OK(call(root_, "data.load", {{"input_file", file}}));
  EXPECT_TRUE(accounts().users().get("ann"));
  EXPECT_EQ(call(root_, "data.load", {{"input_file", "all.json"}}).code(), Errc::InvalidArgument);
  EXPECT_EQ(call(root_, "data.load", {{"input_file", file + ".not"}}).code(), Errc::InvalidArgument);
}

TEST_F(OwnAccount, TheVersionIsThatOfTheProgram) {
  Management management(
      {accounts(), "", nullptr, nullptr, nullptr, nullptr, {"1.2.3", "2026-11-20", "abc", {"+sqlite"}}});
  const auto text = management.call({}, {Actor::Kind::Admin, "adm", {}, "", ""}, "version.get", "");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, R"({"version":"1.2.3","build_date":"2026-11-20","commit_hash":"abc","features":["+sqlite"]})");
}

}  // namespace
}  // namespace slipway::management
