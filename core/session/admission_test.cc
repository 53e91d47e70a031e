// Connections and logins as admission sees them: who takes a place, and what counts for the defender.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "core/accounts/test_accounts.h"
#include "core/session/access.h"
#include "core/session/session_manager.h"

namespace slipway::session {
namespace {

using namespace std::chrono_literals;
using admission::DefenderSettings;

// Knows the user "anna" and her password.
class OneUser final : public AuthModule {
 public:
  Result<AuthVerdict> authenticate(const OpContext&, const AuthRequest& request) override {
    AuthVerdict verdict;
    if (request.user == "down") return Error(Errc::Unavailable, "directory", "does not answer");
    if (request.user != "anna") return verdict;
    const auto* password = std::get_if<PasswordCredential>(&request.credential);
    verdict.answer = password != nullptr && password->password == "anna" ? AuthVerdict::Answer::Accepted
                                                                         : AuthVerdict::Answer::Refused;
    return verdict;
  }
};

class OneModule final : public module::Registry {
 public:
  module::ModuleRef<StorageModule> storage(std::string_view) const override { return {}; }
  module::ModuleRef<StorageModule> storage_for_provider(int) const override { return {}; }
  std::vector<module::ModuleRef<AuthModule>> auth_chain() const override {
    std::vector<module::ModuleRef<AuthModule>> chain;
    chain.emplace_back(module_, module_.get(), nullptr, "auth-one");
    return chain;
  }
  module::ModuleRef<ActionModule> action(std::string_view) const override { return {}; }

 private:
  std::shared_ptr<OneUser> module_ = std::make_shared<OneUser>();
};

class SessionAdmission : public accounts::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    add_user(a_user("anna"));
    defences_.defender.enabled = true;
    defences_.defender.threshold = 1000;
    defences_.defender.score_valid = 1;
    defences_.defender.score_invalid = 10;
    defences_.defender.score_limit_exceeded = 100;
    defences_.defender.score_no_auth = 7;
    start();
  }
  void TearDown() override { stop(); }

  void start(SessionSettings settings = {}) {
    stop();
    admission_.emplace(store(), defences_, admission::Clocks{.steady = [this] { return steady_.load(); }});
    ASSERT_OK(admission_->start());
    counters_ = std::make_unique<SharedCounters>(store(), QuotaTracking::Off);
    SessionRooms rooms{accounts(), *counters_, modules_, keeper_,
                       std::shared_ptr<events::EventBus>(&bus_, [](auto*) {})};
    rooms.post_connect = [this](const OpContext&, std::string_view, std::string_view) -> Status {
      ++hook_calls_;
      if (hook_refuses_) return Error(Errc::PermissionDenied, "hook", "denied by the hook");
      return ok();
    };
    rooms.admission = &*admission_;
    manager_ = std::make_unique<SessionManager>(std::move(rooms), std::move(settings));
  }
  void stop() {
    manager_.reset();
    counters_.reset();
    admission_.reset();
  }

  static ConnectionRequest from(std::string address) {
    return {.protocol = "SSH", .connection_id = "c1", .remote = {std::move(address), 4000}};
  }
  std::unique_ptr<LoginAttempt> connect() {
    auto attempt = manager_->begin(from(kMallory));
    EXPECT_TRUE(attempt) << attempt.error().message();
    return attempt ? *std::move(attempt) : nullptr;
  }
  static LoginStep password(LoginAttempt& attempt, std::string_view user, std::string password) {
    return attempt.submit({}, user, PasswordCredential{std::move(password)});
  }
  static LoginStep key(LoginAttempt& attempt, std::string_view user, PublicKeyCredential::Proof proof) {
    return attempt.submit({}, user, PublicKeyCredential{"blob", "ssh-ed25519", "SHA256:x", proof});
  }
  int score() const {
    const auto host = admission_->defender().find(*IpAddress::parse(kMallory));
    return host ? host->score : 0;
  }

  static constexpr char kMallory[] = "192.0.2.66";
  admission::AdmissionSettings defences_;
  std::optional<admission::Admission> mutable admission_;
  std::atomic<int> hook_calls_ = 0;
  bool hook_refuses_ = false;
  std::atomic<admission::SteadyTime> steady_{admission::SteadyTime(1h)};
  OneModule modules_;
  std::unique_ptr<SharedCounters> counters_;
  std::unique_ptr<SessionManager> manager_;
};

TEST_F(SessionAdmission, EachWrongPasswordCounts) {
  auto attempt = connect();
  EXPECT_EQ(password(*attempt, "anna", "x").outcome, LoginStep::Outcome::Refused);
  EXPECT_EQ(score(), 1);
  password(*attempt, "anna", "y");
  EXPECT_EQ(score(), 2);
  password(*attempt, "nobody", "y");
  EXPECT_EQ(score(), 12);
  attempt.reset();
  EXPECT_EQ(score(), 12) << "a connection on which somebody tried is not one on which nobody did";
}

TEST_F(SessionAdmission, WrongKeysCountOnceWhenTheConnectionEnds) {
  auto attempt = connect();
  for (int i = 0; i < 3; ++i) key(*attempt, "anna", PublicKeyCredential::Proof::Probe);
  key(*attempt, "anna", PublicKeyCredential::Proof::Signed);
  EXPECT_EQ(score(), 0);
  attempt.reset();
  EXPECT_EQ(score(), 1);
  attempt = connect();
  key(*attempt, "nobody", PublicKeyCredential::Proof::Probe);
  attempt.reset();
  EXPECT_EQ(score(), 11);
}

TEST_F(SessionAdmission, WrongKeysBeforeALoginAreForgiven) {
  auto attempt = connect();
  key(*attempt, "anna", PublicKeyCredential::Proof::Probe);
  EXPECT_EQ(password(*attempt, "anna", "anna").outcome, LoginStep::Outcome::Accepted);
  attempt.reset();
  EXPECT_EQ(score(), 0);
}

TEST_F(SessionAdmission, ClientsThatDoNotTryAreCounted) {
  connect().reset();
  EXPECT_EQ(score(), 7);
  auto attempt = connect();
  attempt->negotiation_failed("no match for method kex algos");
  attempt.reset();
  EXPECT_EQ(score(), 14);
}

TEST_F(SessionAdmission, AdministratorsAndApiKeysCountToo) {
  auto root = an_admin("root");
  root.password = "s3cret Pass";
  add(accounts().admins(), root);
  Access access(*manager_);
  EXPECT_EQ(access.login_admin({}, from(kMallory), {"root", "wrong", ""}).code(), Errc::AuthFailed);
  EXPECT_EQ(score(), 1);
  EXPECT_EQ(access.login_admin({}, from(kMallory), {"nobody", "wrong", ""}).code(), Errc::AuthFailed);
  EXPECT_EQ(score(), 11);
  EXPECT_EQ(access.api_key({}, from(kMallory), "22ghH4zaGn4yABXjM3NEc3.secret", AccessService::KeyScope::Admin).code(),
            Errc::InvalidArgument);
  EXPECT_EQ(score(), 21);
  EXPECT_TRUE(access.login_admin({}, from(kMallory), {"root", "s3cret Pass", ""}));
  EXPECT_EQ(score(), 21);
}

TEST_F(SessionAdmission, TroublesOfTheServerAreNobodysFault) {
  auto attempt = connect();
  EXPECT_EQ(password(*attempt, "down", "x").outcome, LoginStep::Outcome::Refused);
  auto anna = *accounts().users().get("anna");
  anna.status = 0;
  ASSERT_OK(accounts().users().update(anna, root_));
  EXPECT_EQ(password(*attempt, "anna", "anna").outcome, LoginStep::Outcome::Refused);
  attempt.reset();
  EXPECT_EQ(score(), 0);
}

TEST_F(SessionAdmission, ABanHoldsForConnectionsThatAreThere) {
  defences_.defender.threshold = 101;
  start();
  auto attempt = connect();
  for (int i = 0; i < 11; ++i) password(*attempt, "nobody", "x");
  EXPECT_EQ(manager_->admit(from(kMallory)).code(), Errc::PermissionDenied);
  const auto step = password(*attempt, "anna", "anna");
  EXPECT_EQ(step.outcome, LoginStep::Outcome::Refused);
  EXPECT_TRUE(step.final);
}

TEST_F(SessionAdmission, TheHookIsAskedOfAdmittedConnectionsOnlyAndNotByAdmit) {
  SessionSettings settings;
  settings.limits.max_per_host_connections = 1;
  start(settings);
  auto admitted = manager_->admit(from(kMallory));
  ASSERT_TRUE(admitted);
  EXPECT_EQ(hook_calls_, 0);
  EXPECT_EQ(manager_->begin(from(kMallory)).code(), Errc::PermissionDenied);
  EXPECT_EQ(hook_calls_, 0);
  EXPECT_EQ(score(), 100) << "one too many of an address counts";
  hook_refuses_ = true;
  EXPECT_EQ((*admitted)->begin({}).code(), Errc::PermissionDenied);
  EXPECT_EQ(hook_calls_, 1);
  admitted->reset();
  hook_refuses_ = false;
  EXPECT_TRUE(manager_->begin(from(kMallory))) << "the place is free again";
}

TEST_F(SessionAdmission, ARefusedConnectionGivesItsPlaceBack) {
  defences_.rate_limiters = {{.average = 1, .period = 3'600'000ms, .burst = 2}};
  SessionSettings settings;
  settings.limits.max_per_host_connections = 2;
  start(settings);
  { const auto first = manager_->begin(from(kMallory)), second = manager_->begin(from(kMallory)); }
  const int before = score();
  for (int i = 0; i < 5; ++i) {
    const auto refused = manager_->admit(from(kMallory));
    ASSERT_EQ(refused.code(), Errc::Unavailable) << "a rate limit, not a cap: " << refused.error().message();
    EXPECT_TRUE(refused.error().retryable());
  }
  EXPECT_EQ(score(), before);
}

TEST_F(SessionAdmission, ADelayEndsWhenTheConnectionIsStopped) {
  defences_.rate_limiters = {{.average = 1, .period = 20'000ms}};
  start();
  ASSERT_TRUE(manager_->begin(from(kMallory)));
  steady_ = steady_.load() + 11s;  // 9 seconds before there is a token: less than the longest delay
  auto waiting = manager_->admit(from(kMallory));
  ASSERT_TRUE(waiting) << waiting.error().message();
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_EQ((*waiting)->begin(OpContext{.stop = stop.get_token()}).code(), Errc::Cancelled);
}

TEST_F(SessionAdmission, CapsHoldUnderABurst) {
  SessionSettings settings;
  settings.limits.max_per_host_connections = 5;
  settings.limits.max_total_connections = 12;
  start(settings);
  constexpr int kThreads = 16;
  std::barrier together(kThreads);
  std::atomic<int> admitted{0};
  std::array<std::atomic<int>, 4> of_host{};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        std::vector<std::unique_ptr<Admitted>> kept;
        together.arrive_and_wait();
        for (int i = 0; i < 50; ++i) {
          auto place = manager_->admit(from("10.0.0." + std::to_string(t % 4)));
          if (!place) continue;
          ++admitted;
          ++of_host[static_cast<std::size_t>(t % 4)];
          kept.push_back(*std::move(place));
        }
        together.arrive_and_wait();
      });
  }
  EXPECT_EQ(admitted, 12);
  for (const auto& count : of_host) EXPECT_LE(count, 5);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(manager_->admit(from("10.0.1.1"))) << "all places are free again";
}

}  // namespace
}  // namespace slipway::session
