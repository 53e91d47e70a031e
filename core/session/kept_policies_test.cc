#include "core/session/kept_policies.h"

#include <gtest/gtest.h>

#include "core/session/unusable_filesystem.h"
#include "slipway/storage.h"

namespace slipway::session {
namespace {

using namespace std::chrono_literals;

class Vanishing final : public UnusableFilesystem, private MountState {
 public:
  Vanishing() : UnusableFilesystem("a test") {}
  void* query(std::string_view id) noexcept override {
    return id == MountState::kInterfaceId ? static_cast<MountState*>(this) : nullptr;
  }
  bool there = true;

 private:
  bool is_there() noexcept override { return there; }
};

class KeptPoliciesTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const accounts::EffectiveUser> account(std::string name) {
    auto user = std::make_shared<accounts::EffectiveUser>();
    user->user.username = std::move(name);
    return user;
  }
  static std::shared_ptr<const vfs::Policy> policy(std::shared_ptr<Filesystem> fs = nullptr) {
    auto made = std::make_shared<vfs::Policy>();
    if (fs) made->mounts.push_back({.fs = std::move(fs)});
    return made;
  }
  KeptPolicies::Key key(std::string_view address = "192.0.2.1") const { return {anna_, settings_, address}; }

  KeptPolicies kept_;
  std::shared_ptr<const accounts::EffectiveUser> anna_ = account("anna");
  std::shared_ptr<const SessionSettings> settings_ = std::make_shared<const SessionSettings>();
  const KeptPolicies::Clock::time_point now_ = KeptPolicies::Clock::now();
};

TEST_F(KeptPoliciesTest, OneCountsForItsAccountSettingsAndAddressAndForATime) {
  const auto made = policy();
  kept_.keep(key(), made, now_);
  EXPECT_EQ(kept_.find(key(), now_), made);
  EXPECT_EQ(kept_.find(key("192.0.2.2"), now_), nullptr);
  EXPECT_EQ(kept_.find({account("bob"), settings_, "192.0.2.1"}, now_), nullptr);
  EXPECT_EQ(kept_.find(key(), now_ + KeptPolicies::kAge - 1ms), made);
  EXPECT_EQ(kept_.find(key(), now_ + KeptPolicies::kAge), nullptr);
}

TEST_F(KeptPoliciesTest, AChangedAccountLetsGoOfAllThatItsFormerSelfHeld) {
  auto here = policy(), there = policy();
  const std::weak_ptr<const vfs::Policy> a = here, b = there;
  kept_.keep(key(), std::move(here), now_);
  kept_.keep(key("192.0.2.2"), std::move(there), now_);
  anna_ = account("anna");
  EXPECT_EQ(kept_.find(key(), now_), nullptr);
  EXPECT_TRUE(a.expired());
  EXPECT_TRUE(b.expired()) << "its counters would go on for the account that has the name now";
}

TEST_F(KeptPoliciesTest, NewSettingsMakeThemOld) {
  kept_.keep(key(), policy(), now_);
  settings_ = std::make_shared<const SessionSettings>();
  EXPECT_EQ(kept_.find(key(), now_), nullptr);
}

TEST_F(KeptPoliciesTest, AStorageThatIsGoneIsMountedAgain) {
  const auto storage = std::make_shared<Vanishing>();
  kept_.keep(key(), policy(storage), now_);
  EXPECT_NE(kept_.find(key(), now_), nullptr);
  storage->there = false;
  EXPECT_EQ(kept_.find(key(), now_), nullptr);
}

TEST_F(KeptPoliciesTest, TheNextOneOfAnAddressReplacesTheFormer) {
  auto former = policy();
  const std::weak_ptr<const vfs::Policy> seen = former;
  kept_.keep(key(), std::move(former), now_);
  const auto next = policy();
  kept_.keep(key(), next, now_);
  EXPECT_TRUE(seen.expired());
  EXPECT_EQ(kept_.find(key(), now_), next);
}

TEST_F(KeptPoliciesTest, OldOnesAreForgottenAndAllWhenModulesStop) {
  auto first = policy(), second = policy();
  const std::weak_ptr<const vfs::Policy> a = first, b = second;
  kept_.keep(key(), std::move(first), now_);
  kept_.keep(key("192.0.2.2"), std::move(second), now_ + 1s);
  kept_.forget_old(now_ + KeptPolicies::kAge);
  EXPECT_TRUE(a.expired());
  EXPECT_FALSE(b.expired());
  kept_.clear();
  EXPECT_TRUE(b.expired());
}

TEST_F(KeptPoliciesTest, ThereAreNoMoreThanItsCapacity) {
  for (std::size_t i = 0; i < KeptPolicies::kCapacity; ++i)
    kept_.keep({account("user" + std::to_string(i)), settings_, "192.0.2.1"}, policy(), now_);
  kept_.keep(key(), policy(), now_);
  EXPECT_EQ(kept_.find(key(), now_), nullptr);
  kept_.forget_old(now_ + KeptPolicies::kAge);
  kept_.keep(key(), policy(), now_);
  EXPECT_NE(kept_.find(key(), now_), nullptr);
}

}  // namespace
}  // namespace slipway::session
