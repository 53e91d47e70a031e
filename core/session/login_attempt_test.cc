#include "core/session/login_attempt.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/accounts/test_accounts.h"
#include "core/crypto/base32.h"
#include "core/crypto/totp.h"
#include "core/session/session_manager.h"

namespace slipway::session {
namespace {

using Answer = AuthVerdict::Answer;
using Outcome = LoginStep::Outcome;
using accounts::AccountKind;

constexpr char kSecret[] = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
constexpr char kNew[] = R"({"username":"new","status":1,"home_dir":"/srv/new","permissions":{"/":["*"]}})";

// Says what the test has it say; by itself it knows passwords and keys that are "right".
class Scripted final : public AuthModule, private Conversations {
 public:
  Result<AuthVerdict> authenticate(const OpContext&, const AuthRequest& request) override {
    ++asked;
    if (say) return say(request);
    AuthVerdict verdict;
    if (const auto* password = std::get_if<PasswordCredential>(&request.credential))
      verdict.answer = password->password == "right" ? Answer::Accepted : Answer::Refused;
    if (const auto* key = std::get_if<PublicKeyCredential>(&request.credential))
      verdict.answer = key->blob == "right" ? Answer::Accepted : Answer::Refused;
    return verdict;
  }
  void* query(std::string_view id) noexcept override {
    return id == Conversations::kInterfaceId ? static_cast<Conversations*>(this) : nullptr;
  }
  std::function<Result<AuthVerdict>(const AuthRequest&)> say;
  std::vector<std::string> ended;
  int asked = 0;

 private:
  void end(std::string_view conversation) noexcept override { ended.emplace_back(conversation); }
};

class OneModule final : public module::Registry {
 public:
  module::ModuleRef<StorageModule> storage(std::string_view) const override { return {}; }
  module::ModuleRef<StorageModule> storage_for_provider(int) const override { return {}; }
  std::vector<module::ModuleRef<AuthModule>> auth_chain() const override {
    std::vector<module::ModuleRef<AuthModule>> chain;
    chain.emplace_back(module, module.get(), nullptr, "auth-scripted");
    return chain;
  }
  module::ModuleRef<ActionModule> action(std::string_view) const override { return {}; }
  std::shared_ptr<Scripted> module = std::make_shared<Scripted>();
};

class LoginAttemptTest : public accounts::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    add_user(a_user("ann"));
    counters_ = std::make_unique<SharedCounters>(store(), QuotaTracking::Off);
    SessionRooms rooms{accounts(), *counters_, modules_, keeper_,
                       std::shared_ptr<events::EventBus>(&bus_, [](auto*) {})};
    manager_ = std::make_unique<SessionManager>(std::move(rooms), SessionSettings{});
  }
  void TearDown() override {
    manager_.reset();
    counters_.reset();
  }

  std::unique_ptr<LoginAttempt> connect(std::string protocol = "SSH") {
    auto attempt = manager_->begin({.protocol = std::move(protocol), .connection_id = "c", .remote = {"192.0.2.1", 4}});
    EXPECT_TRUE(attempt.ok());
    return *std::move(attempt);
  }
  static LoginStep password(LoginAttempt& attempt, std::string text, std::string_view user = "ann") {
    return attempt.submit({}, user, PasswordCredential{std::move(text)});
  }
  static LoginStep answers(LoginAttempt& attempt, std::vector<std::string> texts = {}, std::string_view user = "ann") {
    return attempt.submit({}, user, InteractiveCredential{std::move(texts)});
  }
  static LoginStep key(LoginAttempt& attempt, PublicKeyCredential::Proof proof, std::string_view user = "ann") {
    return attempt.submit({}, user, PublicKeyCredential{"right", "ssh-ed25519", "SHA256:x", proof, {}});
  }
  static std::string prompt(const LoginStep& step) { return step.prompts.empty() ? "" : step.prompts.front().text; }
  void enrol(std::vector<std::string> protocols) {
    ASSERT_OK(accounts().second_factors().set(AccountKind::User, "ann",
                                              {true, "Default", plain(kSecret), std::move(protocols)}, root_));
  }
  static std::string passcode(int steps = 0) {
    const auto now = crypto::totp_step(std::chrono::system_clock::now());
    return *crypto::totp_code(*crypto::base32_decode(kSecret), now + steps, crypto::DigestKind::Sha1);
  }
  Scripted& module() { return *modules_.module; }

  OneModule modules_;
  std::unique_ptr<SharedCounters> counters_;
  std::unique_ptr<SessionManager> manager_;
};

TEST_F(LoginAttemptTest, TheHostAsksForPasswordAndPasscode) {
  enrol({"SSH"});
  auto attempt = connect();
  EXPECT_EQ(prompt(answers(*attempt)), "Password: ");
  EXPECT_EQ(prompt(answers(*attempt, {"right"})), "Authentication code: ");
  EXPECT_EQ(answers(*attempt, {passcode()}).outcome, Outcome::Accepted);
}

TEST_F(LoginAttemptTest, APasscodeWithoutItsPasswordIsNothing) {
  enrol({"SSH"});
  auto attempt = connect();
  EXPECT_EQ(answers(*attempt, {passcode()}).outcome, Outcome::Refused) << "nothing was asked";
  EXPECT_EQ(prompt(answers(*attempt)), "Password: ");
  EXPECT_EQ(answers(*attempt, {passcode()}).outcome, Outcome::Refused) << "a password was asked";
  EXPECT_EQ(password(*attempt, "right").outcome, Outcome::Ask);
  EXPECT_EQ(password(*attempt, "wrong").outcome, Outcome::Refused);
  EXPECT_EQ(answers(*attempt, {passcode()}).outcome, Outcome::Refused) << "the wrong password took the question back";
}

TEST_F(LoginAttemptTest, APasscodeIsOfTheUserWhoProvedTheRest) {
  enrol({"SSH"});
  add_user(a_user("bob"));
  auto attempt = connect();
  EXPECT_EQ(password(*attempt, "right").outcome, Outcome::Ask);
  EXPECT_EQ(answers(*attempt, {passcode()}, "bob").outcome, Outcome::Refused);
}

TEST_F(LoginAttemptTest, RequestsThatCannotBeAskedStillAsk) {
  enrol({"HTTP"});
  auto web = connect("HTTP");
  EXPECT_EQ(prompt(password(*web, "right")), "Authentication code: ");
  EXPECT_EQ(answers(*web, {passcode()}).outcome, Outcome::Accepted);
  auto dav = connect("DAV");
  EXPECT_EQ(password(*dav, "right").outcome, Outcome::Accepted) << "WebDAV has no second factor";
}

TEST_F(LoginAttemptTest, OverFtpThePasscodeStandsBehindThePassword) {
  enrol({"FTP"});
  auto attempt = connect("FTP");
  EXPECT_EQ(password(*attempt, "right").outcome, Outcome::Refused);
  EXPECT_EQ(password(*attempt, passcode()).outcome, Outcome::Refused);
  EXPECT_EQ(password(*attempt, "wrong" + passcode()).outcome, Outcome::Refused);
  EXPECT_EQ(password(*attempt, "right000000").outcome, Outcome::Refused);
  EXPECT_EQ(password(*attempt, "right" + passcode()).outcome, Outcome::Accepted);
  EXPECT_EQ(password(*connect("FTP"), "right" + passcode()).outcome, Outcome::Refused) << "good once";
}

TEST_F(LoginAttemptTest, TwoFactorsAreThoseOfOneAccount) {
  accounts::User user = a_user("bob");
  user.filters.denied_login_methods = {"publickey", "password", "keyboard-interactive"};
  add_user(user);
  user.username = "carl";
  user.home_dir = "/srv/carl";
  add_user(user);
  std::string known_as = "bob";
  module().say = [&](const AuthRequest&) -> Result<AuthVerdict> {
    AuthVerdict verdict;
    verdict.answer = Answer::Accepted;
    verdict.user = known_as;
    return verdict;
  };
  auto attempt = connect();
  EXPECT_EQ(key(*attempt, PublicKeyCredential::Proof::Signed, "x").outcome, Outcome::Partial);
  known_as = "carl";
  EXPECT_EQ(password(*attempt, "right", "x").outcome, Outcome::Refused);
  known_as = "bob";
  EXPECT_EQ(password(*attempt, "right", "x").outcome, Outcome::Accepted);
}

TEST_F(LoginAttemptTest, WhatAModuleFindsIsStoredAndItIsAskedAgain) {
  module().say = [&](const AuthRequest& request) -> Result<AuthVerdict> {
    AuthVerdict verdict;
    if (!request.account_stored) {
      verdict.account = kNew;
    } else {
      EXPECT_EQ(request.user, "new");
      EXPECT_TRUE(accounts().users().get("new").ok());
      verdict.answer = Answer::Accepted;
    }
    return verdict;
  };
  auto attempt = connect();
  auto step = password(*attempt, "typed", "somebody");
  ASSERT_EQ(step.outcome, Outcome::Accepted);
  EXPECT_EQ(step.login->user(), "new");
  EXPECT_EQ(module().asked, 2);
}

TEST_F(LoginAttemptTest, AnAccountThatCannotBeStoredLetsNobodyIn) {
  module().say = [](const AuthRequest&) -> Result<AuthVerdict> {
    AuthVerdict verdict;
    verdict.answer = Answer::Accepted;
    verdict.account = R"({"username":"ann"})";
    return verdict;
  };
  EXPECT_EQ(password(*connect(), "right").outcome, Outcome::Refused);
}

TEST_F(LoginAttemptTest, AKeysAccountIsStoredOnceItHasSigned) {
  module().say = [](const AuthRequest&) -> Result<AuthVerdict> {
    AuthVerdict verdict;
    verdict.answer = Answer::Accepted;
    verdict.user = "new";
    verdict.account = kNew;
    return verdict;
  };
  auto attempt = connect();
  EXPECT_EQ(key(*attempt, PublicKeyCredential::Proof::Probe, "new").outcome, Outcome::Partial);
  EXPECT_EQ(accounts().users().get("new").code(), Errc::NotFound) << "anybody can offer a key";
  EXPECT_EQ(key(*attempt, PublicKeyCredential::Proof::Signed, "new").outcome, Outcome::Accepted);
  EXPECT_TRUE(accounts().users().get("new").ok());
  EXPECT_EQ(module().asked, 1) << "offer and signature are one question";
}

TEST_F(LoginAttemptTest, ConversationsGoBackToTheirModuleAndAreEnded) {
  module().say = [](const AuthRequest& request) -> Result<AuthVerdict> {
    AuthVerdict verdict;
    const auto* interactive = std::get_if<InteractiveCredential>(&request.credential);
    if (interactive == nullptr) {
      verdict.answer = Answer::Refused;
    } else if (request.conversation.empty()) {
      verdict.answer = Answer::Ask;
      verdict.prompts = {{"Colour? ", true}};
      verdict.conversation = "talk-1";
    } else {
      verdict.answer = interactive->answers.front() == "blue" ? Answer::Accepted : Answer::Refused;
      verdict.second_factor_done = true;
    }
    return verdict;
  };
  enrol({"SSH"});
  {
    auto attempt = connect();
    EXPECT_EQ(prompt(answers(*attempt)), "Colour? ");
    EXPECT_EQ(answers(*attempt, {"blue"}).outcome, Outcome::Accepted) << "no passcode on top";
  }
  EXPECT_TRUE(module().ended.empty());
  {
    auto attempt = connect();
    answers(*attempt);
    password(*attempt, "x");
    EXPECT_EQ(module().ended, std::vector<std::string>{"talk-1"});
    answers(*attempt);
  }
  EXPECT_EQ(module().ended.size(), 2u);
}

TEST_F(LoginAttemptTest, ModulesMayEndTheConnection) {
  module().say = [](const AuthRequest&) -> Result<AuthVerdict> {
    AuthVerdict verdict;
    verdict.answer = Answer::Refused;
    verdict.instruction = "no more";
    verdict.final = true;
    return verdict;
  };
  const auto step = password(*connect(), "x");
  EXPECT_EQ(step.outcome, Outcome::Refused);
  EXPECT_EQ(step.notice, "no more");
  EXPECT_TRUE(step.final);
}

}  // namespace
}  // namespace slipway::session
