#include "core/session/password_resets.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/accounts/test_accounts.h"
#include "core/session/testing/fake_mail.h"

namespace slipway::session {
namespace {

using namespace std::chrono_literals;
using Account = PasswordResetService::Account;

// With codes in memory, and in the database.
class PasswordResetsTest : public accounts::AccountsTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    counters_ = std::make_unique<SharedCounters>(store(), QuotaTracking::Off);
    manager_ = std::make_unique<SessionManager>(
        SessionRooms{accounts(), *counters_, mail_, keeper_, std::shared_ptr<events::EventBus>(&bus_, [](auto*) {})},
        SessionSettings{});
    make();
    auto ann = a_user("ann");
    ann.email = "ann@example.org";
    ann.filters.additional_emails = {"ann@example.com"};
    ann.password = "before Password 1";
    add_user(ann);
    auto root = an_admin("root");
    root.email = "root@example.org";
    root.password = "before Password 1";
    add(accounts().admins(), root);
  }
  void TearDown() override {
    resets_.reset();
    manager_.reset();
    counters_.reset();
  }
  // Another process, as far as codes go.
  void make(std::string subject = {}) {
    resets_.reset();
    codes_.push_back(make_mailed_codes(store(), is_shared_, [this] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
    }));
    resets_ = std::make_unique<PasswordResets>(*manager_, pool_, *codes_.back(),
                                               PasswordResets::Settings{std::move(subject), [this] { return now_; }});
  }

  static ConnectionRequest from(std::string address) {
    return {.protocol = "HTTP", .connection_id = "HTTP_1", .remote = {std::move(address), 4000}};
  }
  Status request(Account account, std::string_view name, std::string address = "192.0.2.1") {
    return resets_->request({}, from(std::move(address)), account, name);
  }
  std::vector<MailFromTemplate> mails() {
    resets_->wait_idle();
    return mail_.take();
  }
  // The code that was sent to an account; empty: none was.
  std::string code_for(Account account, std::string_view name) {
    EXPECT_OK(request(account, name));
    const auto sent = mails();
    return sent.empty() ? std::string() : value(sent.back(), "Code");
  }
  static std::string value(const MailFromTemplate& mail, std::string_view name) {
    for (const auto& [key, text] : mail.values)
      if (key == name) return text;
    return {};
  }
  Status reset(Account account, std::string_view code, std::string_view password = "after Password 2",
               std::string address = "192.0.2.1") {
    return resets_->reset({}, from(std::move(address)), account, code, password);
  }
  template <class Change>
  void change_ann(Change&& change) {
    auto ann = accounts().users().get("ann");
    ASSERT_TRUE(ann);
    change(*ann);
    ASSERT_OK(accounts().users().update(*ann, root_));
  }
  bool ann_has(std::string_view password) { return *accounts().verify_password("ann", password); }

  FakeMail mail_;
  ThreadPool pool_{2};
  std::unique_ptr<SharedCounters> counters_;
  std::unique_ptr<SessionManager> manager_;
  bool is_shared_ = GetParam();
  PasswordResets::Clock::time_point now_{1h};
  std::vector<std::unique_ptr<MailedCodes>> codes_;  // the last of them is that of resets_
  std::unique_ptr<PasswordResets> resets_;
};

TEST_P(PasswordResetsTest, ACodeGoesToTheAccountAndComesBackWithAPassword) {
  ASSERT_OK(request(Account::User, "ann"));
  const auto sent = mails();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].name, "reset-password");
  EXPECT_EQ(sent[0].to, (std::vector<std::string>{"ann@example.org", "ann@example.com"}));
  EXPECT_EQ(sent[0].subject, "Email Verification Code for user \"ann\"");
  EXPECT_EQ(value(sent[0], "Minutes"), "10");
  const auto code = value(sent[0], "Code");
  EXPECT_EQ(code.size(), 22u);
  take_events();
  ASSERT_OK(reset(Account::User, code));
  EXPECT_EQ(events(), (std::vector<std::string>{"update user ann by ann"}));
  EXPECT_TRUE(ann_has("after Password 2"));
  EXPECT_FALSE(ann_has("before Password 1"));
}

TEST_P(PasswordResetsTest, AdministratorsHaveTheSame) {
  const auto code = code_for(Account::Admin, "root");
  ASSERT_FALSE(code.empty());
  ASSERT_OK(reset(Account::Admin, code));
  EXPECT_TRUE(*accounts().verify_admin_password("root", "after Password 2"));
}

TEST_P(PasswordResetsTest, ACodeWorksOnce) {
  const auto code = code_for(Account::User, "ann");
  ASSERT_OK(reset(Account::User, code));
  const auto again = reset(Account::User, code, "another Password 3");
  EXPECT_EQ(again.code(), Errc::InvalidArgument);
  EXPECT_EQ(again.error().cause(), "confirmation code not found");
  EXPECT_TRUE(ann_has("after Password 2"));
}

TEST_P(PasswordResetsTest, AResetEndsTheOtherCodesOfTheAccount) {
  const auto first = code_for(Account::User, "ann"), second = code_for(Account::User, "ann");
  const auto other = code_for(Account::Admin, "root");
  ASSERT_NE(first, second);
  ASSERT_OK(reset(Account::User, first));
  EXPECT_EQ(reset(Account::User, second).code(), Errc::InvalidArgument);
  EXPECT_OK(reset(Account::Admin, other));
}

TEST_P(PasswordResetsTest, ACodeEndsAfterTenMinutes) {
  const auto code = code_for(Account::User, "ann");
  now_ += 10min;
  EXPECT_EQ(reset(Account::User, code).error().cause(), "confirmation code not found");
  const auto next = code_for(Account::User, "ann");
  now_ += 10min - 1s;
  EXPECT_OK(reset(Account::User, next));
}

TEST_P(PasswordResetsTest, ACodeIsForOneKindOfAccount) {
  const auto code = code_for(Account::User, "ann");
  const auto wrong = reset(Account::Admin, code);
  EXPECT_EQ(wrong.code(), Errc::InvalidArgument);
  EXPECT_EQ(wrong.error().cause(), "invalid confirmation code");
  EXPECT_OK(reset(Account::User, code));
}

TEST_P(PasswordResetsTest, WhoeverGetsNoCodeHearsTheSame) {
  struct Case {
    const char* what;
    std::function<void(accounts::User&)> change;
  };
  const Case cases[] = {
      {"disabled", [](auto& u) { u.status = 0; }},
      {"expired", [](auto& u) { u.expiration_date = 1; }},
      {"no address", [](auto& u) { u.email.clear(); }},
      {"option", [](auto& u) { u.filters.web_client = {"password-reset-disabled"}; }},
      {"protocol", [](auto& u) { u.filters.denied_protocols = {"HTTP"}; }},
      {"method", [](auto& u) { u.filters.denied_login_methods = {"password"}; }},
      {"network", [](auto& u) { u.filters.denied_ip = {"192.0.2.0/24"}; }},
  };
  EXPECT_OK(request(Account::User, "nobody"));
  EXPECT_OK(request(Account::User, ""));
  EXPECT_OK(request(Account::User, std::string(10'000, 'x')));
  EXPECT_OK(request(Account::Admin, "ann"));
  EXPECT_TRUE(mails().empty());
  const auto before = *accounts().users().get("ann");
  for (const auto& [what, change] : cases) {
    change_ann(change);
    EXPECT_EQ(code_for(Account::User, "ann"), "") << what;
    ASSERT_OK(accounts().users().update(before, root_));
  }
  mail_.answer = Error(Errc::Unavailable, "mail", "full");
  EXPECT_OK(request(Account::User, "ann"));
  EXPECT_TRUE(mails().empty());
}

TEST_P(PasswordResetsTest, WhatForbidsAResetMeanwhileStillDoes) {
  const auto code = code_for(Account::User, "ann");
  change_ann([](auto& u) { u.filters.web_client = {"password-reset-disabled"}; });
  const auto refused = reset(Account::User, code);
  EXPECT_EQ(refused.code(), Errc::InvalidArgument);
  EXPECT_EQ(refused.error().cause(), "you are not allowed to reset your password");
  EXPECT_TRUE(ann_has("before Password 1"));
}

TEST_P(PasswordResetsTest, AnAccountThatHasTheNameLaterIsAnotherOne) {
  const auto code = code_for(Account::User, "ann");
  auto ann = a_user("ann");
  ann.email = "other@example.org";
  ann.password = "before Password 1";
  auto filler = a_user("filler");
  ASSERT_OK(accounts().users().remove("ann", root_));
  add_user(filler);  // ids are given again when they were the last
  add_user(ann);
  EXPECT_EQ(reset(Account::User, code).code(), Errc::InvalidArgument);
  EXPECT_TRUE(ann_has("before Password 1"));
}

TEST_P(PasswordResetsTest, APasswordThatIsRefusedDoesNotCostTheCode) {
  change_ann([](auto& u) { u.filters.password_policy.length = 12; });
  const auto code = code_for(Account::User, "ann");
  EXPECT_EQ(reset(Account::User, code, "short").error().subject(), "/password");
  EXPECT_OK(reset(Account::User, code, "long enough, this one"));
}

TEST_P(PasswordResetsTest, ACodeHasTenTries) {
  change_ann([](auto& u) { u.filters.password_policy.length = 12; });
  const auto code = code_for(Account::User, "ann");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(reset(Account::User, code, "short").error().subject(), "/password") << i;
  EXPECT_EQ(reset(Account::User, code, "long enough, this one").error().cause(), "confirmation code not found");
}

TEST_P(PasswordResetsTest, SecondFactorsStay) {
  change_ann([](auto& u) { u.filters.require_password_change = true; });
  auto stored = *store().user("ann");
  stored.filters.totp_config.enabled = true;
  stored.filters.totp_config.config_name = "Default";
  stored.filters.totp_config.protocols = {"HTTP"};
  stored.filters.totp_config.secret = plain("JBSWY3DPEHPK3PXP");
  ASSERT_OK(store().update_user(stored));
  ASSERT_OK(reset(Account::User, code_for(Account::User, "ann")));
  const auto after = *store().user("ann");
  EXPECT_TRUE(after.filters.totp_config.enabled);
  EXPECT_EQ(after.filters.totp_config.secret, stored.filters.totp_config.secret);
  EXPECT_FALSE(after.filters.require_password_change);
}

TEST_P(PasswordResetsTest, AnAccountHasThreeCodesAtATime) {
  for (int i = 0; i < 3; ++i) EXPECT_NE(code_for(Account::User, "ann"), "");
  EXPECT_EQ(code_for(Account::User, "ann"), "");
  EXPECT_NE(code_for(Account::Admin, "root"), "");
  now_ += 10min;
  EXPECT_NE(code_for(Account::User, "ann"), "");
}

TEST_P(PasswordResetsTest, AnAddressAsksTwentyTimesInTenMinutes) {
  for (int i = 0; i < 20; ++i) EXPECT_OK(request(Account::User, "nobody"));
  const auto refused = request(Account::User, "ann");
  EXPECT_EQ(refused.code(), Errc::PermissionDenied);
  EXPECT_TRUE(refused.error().retryable());
  EXPECT_OK(request(Account::User, "ann", "192.0.2.2"));
  now_ += 10min;
  EXPECT_OK(request(Account::User, "ann"));
}

TEST_P(PasswordResetsTest, TenWrongCodesFromAnAddressAreEnough) {
  const auto code = code_for(Account::User, "ann");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(reset(Account::User, "wrong").code(), Errc::InvalidArgument);
  const auto refused = reset(Account::User, code);
  EXPECT_EQ(refused.code(), Errc::PermissionDenied);
  EXPECT_TRUE(refused.error().retryable());
  EXPECT_OK(reset(Account::User, code, "after Password 2", "192.0.2.2"));
}

TEST_P(PasswordResetsTest, EmptyMembersAreNamed) {
  EXPECT_EQ(reset(Account::User, "").error().cause(), "please set a confirmation code");
  EXPECT_EQ(reset(Account::User, "x", "").error().cause(), "please set a password");
}

TEST_P(PasswordResetsTest, WithoutMailThereIsNone) {
  EXPECT_TRUE(resets_->is_available());
  for (bool FakeMail::*absent : {&FakeMail::missing, &FakeMail::configured}) {
    mail_.missing = absent == &FakeMail::missing;
    mail_.configured = absent != &FakeMail::configured;
    EXPECT_FALSE(resets_->is_available());
    EXPECT_EQ(request(Account::User, "ann").code(), Errc::NotSupported);
    EXPECT_EQ(reset(Account::User, "x").code(), Errc::NotSupported);
  }
}

TEST_P(PasswordResetsTest, TheSubjectCanBeChosen) {
  make("Your code");
  ASSERT_OK(request(Account::User, "ann"));
  EXPECT_EQ(mails().at(0).subject, "Your code");
}

TEST_P(PasswordResetsTest, SharedCodesOutliveTheProcess) {
  const auto code = code_for(Account::User, "ann");
  make();
  EXPECT_EQ(reset(Account::User, code).ok(), is_shared_);
  EXPECT_EQ(ann_has("after Password 2"), is_shared_);
  EXPECT_EQ(reset(Account::User, code).code(), Errc::InvalidArgument);
}

TEST_P(PasswordResetsTest, AnotherServerTakesASharedCodeAndItIsGone) {
  const auto code = code_for(Account::User, "ann");
  const auto first = std::move(resets_);
  make();
  EXPECT_EQ(reset(Account::User, code).ok(), is_shared_);
  EXPECT_EQ(first->reset({}, from("192.0.2.1"), Account::User, code, "after Password 3").ok(), !is_shared_);
}

TEST_P(PasswordResetsTest, TriesOfSharedCodesAreCountedTogether) {
  const auto code = code_for(Account::User, "ann");
  for (int i = 0; i < 10; ++i) {
    if (is_shared_) make();
    EXPECT_EQ(reset(Account::User, code, " ").code(), Errc::InvalidArgument);
  }
  EXPECT_EQ(reset(Account::User, code).error().cause(), "confirmation code not found");
}

TEST_P(PasswordResetsTest, ExpiredCodesAreForgotten) {
  const auto code = code_for(Account::User, "ann");
  now_ += 10min;
  resets_->forget_expired_codes();
  resets_->wait_idle();
  now_ -= 10min;
  EXPECT_EQ(reset(Account::User, code).error().cause(), "confirmation code not found");
}

INSTANTIATE_TEST_SUITE_P(Codes, PasswordResetsTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Shared" : "InMemory"; });

}  // namespace
}  // namespace slipway::session
