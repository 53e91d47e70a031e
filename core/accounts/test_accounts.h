// A fixture with the whole account service over an empty SQLite store, and the events that it sent.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/accounts/accounts.h"
#include "core/accounts/store/test_database.h"
#include "core/base/lock_guarded.h"

namespace slipway::accounts {

class AccountsTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    settings_.validation.hashing.bcrypt_cost = 4;
    settings_.validation.secret_min_entropy = 0;
    restart();
    listener_ = bus_.on_after_sync("test", "add,update,delete", [this](const OpContext&, const Event& event) {
      seen_.with([&](auto& events) { events.push_back(event); });
      return ok();
    });
  }

  void restart() {
    accounts_.reset();
    accounts_ = std::make_unique<Accounts>(store(), keeper_, &bus_, settings_);
  }
  Accounts& accounts() { return *accounts_; }
  // What happened since the last call.
  std::vector<Event> take_events() {
    return seen_.with([](auto& events) { return std::exchange(events, {}); });
  }
  // The same as "add user ann by root".
  std::vector<std::string> events() {
    std::vector<std::string> out;
    for (const auto& event : take_events()) {
      out.push_back(event.action + " " + event.object_type + " " + event.object_name + " by " + event.username);
    }
    return out;
  }

  template <class Entity>
  Entity add(Catalog<Entity>& catalog, Entity entity) {
    auto added = catalog.add(std::move(entity), root_);
    EXPECT_TRUE(added.ok()) << added.error().message();
    return added ? *added : Entity{};
  }
  User add_user(User user) { return add(accounts().users(), std::move(user)); }

  static crypto::Secret plain(std::string payload) {
    crypto::Secret secret;
    secret.status = "Plain";
    secret.payload = std::move(payload);
    return secret;
  }

  const Actor root_{
      .kind = Actor::Kind::Admin, .name = "root", .permissions = {"*"}, .role = {}, .address = "192.0.2.9"};
  AccountsSettings settings_;
  crypto::SecretKeeper keeper_ = *crypto::SecretKeeper::make({});
  events::EventBus bus_;

 private:
  LockGuarded<std::vector<Event>> seen_;
  std::unique_ptr<events::EventBus::Registration> listener_;
  std::unique_ptr<Accounts> accounts_;
};

}  // namespace slipway::accounts
