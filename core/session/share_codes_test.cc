#include "core/session/share_codes.h"

#include <gtest/gtest.h>

#include "core/accounts/store/test_database.h"
#include "core/session/testing/fake_mail.h"

namespace slipway::session {
namespace {

using namespace std::chrono_literals;

// With codes in memory, and in the database.
class ShareCodesTest : public accounts::StoreTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    codes_ = make();
    share_.id = "the-share";
    share_.name = "docs";
    share_.username = "ann";
    share_.options.emails = {"Guest@Example.org", "other@example.org"};
    share_.options.auth_mode = 1;
  }

  // Another server: what it keeps, and what it does with it.
  struct Server {
    std::unique_ptr<MailedCodes> kept;
    std::unique_ptr<ShareCodes> codes;
    ShareCodes* operator->() const { return codes.get(); }
  };
  Server make() {
    Server made;
    made.kept = make_mailed_codes(store(), is_shared_, [this] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
    });
    made.codes = std::make_unique<ShareCodes>(mail_, pool_, *made.kept,
                                              ShareCodes::Settings{.subject = {}, .now = [this] { return now_; }});
    return made;
  }

  static ConnectionRequest from(std::string address) {
    return {.protocol = "HTTP", .connection_id = "HTTP_1", .remote = {std::move(address), 4000}};
  }
  std::vector<MailFromTemplate> ask(std::string_view email, std::string address = "192.0.2.1") {
    const Status asked = codes_->request(from(std::move(address)), share_, email);
    EXPECT_TRUE(asked) << asked.error().message();
    codes_->wait_idle();
    return mail_.take();
  }
  std::string code_for(std::string_view email) {
    const auto mails = ask(email);
    return mails.empty() ? std::string() : value_of(mails.back(), "Code");
  }
  Result<std::string> take(std::string_view email, std::string_view code, std::string address = "192.0.2.1") {
    return codes_->take(from(std::move(address)), share_, email, code);
  }

  FakeMail mail_;
  ThreadPool pool_{2};
  ShareCodes::Clock::time_point now_ = ShareCodes::Clock::now();
  const bool is_shared_ = GetParam();
  Server codes_;
  accounts::Share share_;
};

TEST_P(ShareCodesTest, ACodeGoesToAnAddressOfTheShareAndWorksOnce) {
  const auto mails = ask(" guest@example.ORG ");
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_EQ(mails[0].to, std::vector<std::string>{"Guest@Example.org"}) << "as the owner wrote it";
  EXPECT_EQ(mails[0].subject, "One-time access code");
  EXPECT_EQ(mails[0].name, "share-code");
  EXPECT_EQ(value_of(mails[0], "Share"), "docs");
  EXPECT_EQ(value_of(mails[0], "Minutes"), "10");
  const std::string code = value_of(mails[0], "Code");
  ASSERT_EQ(code.size(), 9u);
  EXPECT_EQ(code[4], '-');
  EXPECT_EQ(*take("guest@example.org", code), "Guest@Example.org");
  EXPECT_EQ(take("guest@example.org", code).code(), Errc::AuthFailed);
}

TEST_P(ShareCodesTest, NothingIsSentToOthersAndNobodyCanTell) {
  EXPECT_TRUE(ask("stranger@example.org").empty());
  EXPECT_TRUE(ask("").empty());
  EXPECT_TRUE(ask(std::string(5000, 'x')).empty());
  EXPECT_TRUE(ask("guest@example.org,stranger@example.org").empty());
  const auto stranger = take("stranger@example.org", "ABCD-EFGH"), guest = take("guest@example.org", "ABCD-EFGH");
  EXPECT_EQ(stranger.code(), guest.code());
  EXPECT_EQ(stranger.error().message(), guest.error().message());
}

TEST_P(ShareCodesTest, ACodeIsReadAsPeopleTypeIt) {
  const std::string code = code_for("guest@example.org");
  std::string typed = " ";
  for (const char c : code) typed += c == '-' ? std::string() : std::string{static_cast<char>(std::tolower(c)), ' '};
  EXPECT_TRUE(take("GUEST@example.org", typed));
}

TEST_P(ShareCodesTest, ACodeIsForItsShareAndItsAddress) {
  const std::string code = code_for("guest@example.org");
  EXPECT_FALSE(take("other@example.org", code));
  share_.id = "another";
  EXPECT_FALSE(take("guest@example.org", code));
  share_.id = "the-share";
  EXPECT_TRUE(take("guest@example.org", code));
}

TEST_P(ShareCodesTest, ACodeEndsAfterTenMinutes) {
  const std::string first = code_for("guest@example.org"), second = code_for("guest@example.org");
  EXPECT_NE(first, second);
  now_ += 10min - 1s;
  EXPECT_TRUE(take("guest@example.org", first)) << "an older one stays good";
  now_ += 1s;
  EXPECT_FALSE(take("guest@example.org", second));
}

TEST_P(ShareCodesTest, FiveWrongCodesEndTheRightOne) {
  const std::string code = code_for("guest@example.org");
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(take("guest@example.org", "WRONG" + std::to_string(i)));
  EXPECT_FALSE(take("guest@example.org", "wrong", "192.0.2.2")) << "from wherever";
  EXPECT_FALSE(take("guest@example.org", code));
  const std::string next = code_for("guest@example.org");
  EXPECT_TRUE(take("guest@example.org", next));
}

TEST_P(ShareCodesTest, WhoSendsTooManyWrongCodesIsRefused) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(take("nobody@example.org", "x").code(), Errc::AuthFailed);
  const std::string code = code_for("guest@example.org");
  const auto refused = take("guest@example.org", code);
  EXPECT_EQ(refused.code(), Errc::PermissionDenied);
  EXPECT_TRUE(refused.error().retryable());
  EXPECT_TRUE(take("guest@example.org", code, "192.0.2.2"));
  const std::string later = code_for("guest@example.org");
  now_ += 10min;
  EXPECT_EQ(take("guest@example.org", later).code(), Errc::AuthFailed) << "it has ended, but one may try again";
}

TEST_P(ShareCodesTest, AnAddressGetsFewMailsAnHour) {
  std::size_t sent = 0;
  for (int i = 0; i < 8; ++i) sent += ask("guest@example.org", "192.0.2." + std::to_string(i)).size();
  EXPECT_EQ(sent, 5u);
  EXPECT_EQ(ask("other@example.org").size(), 1u) << "others get theirs";
  now_ += 1h;
  EXPECT_EQ(ask("guest@example.org").size(), 1u);
}

TEST_P(ShareCodesTest, AnAddressGetsNoFloodOfMailsForManyShares) {
  std::size_t sent = 0;
  for (int i = 0; i < 40; ++i) {
    share_.id = "share" + std::to_string(i);
    sent += ask("guest@example.org", "192.0.2." + std::to_string(i)).size();
  }
  EXPECT_EQ(sent, 20u);
}

TEST_P(ShareCodesTest, AVisitorAsksTwentyTimesAtMost) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(codes_->request(from("192.0.2.9"), share_, "nobody@example.org"));
  const Status refused = codes_->request(from("192.0.2.9"), share_, "guest@example.org");
  EXPECT_EQ(refused.code(), Errc::PermissionDenied);
  EXPECT_TRUE(refused.error().retryable());
  codes_->wait_idle();
  EXPECT_TRUE(mail_.take().empty());
}

TEST_P(ShareCodesTest, AMailThatIsNotTakenLeavesNoCode) {
  mail_.answer = Error(Errc::Unavailable, "mail", "too many wait");
  EXPECT_TRUE(ask("guest@example.org").empty());
  mail_.answer = ok();
  mail_.configured = false;
  EXPECT_FALSE(codes_->is_available());
  mail_.missing = true;
  EXPECT_FALSE(codes_->is_available());
}

TEST_P(ShareCodesTest, AnotherServerTakesASharedCodeAndItIsGone) {
  const std::string code = code_for("guest@example.org");
  const Server other = make();
  EXPECT_EQ(other->take(from("192.0.2.1"), share_, "guest@example.org", code).ok(), is_shared_);
  EXPECT_EQ(take("guest@example.org", code).ok(), !is_shared_);
}

TEST_P(ShareCodesTest, SharedCodesOutliveTheServer) {
  const std::string code = code_for("guest@example.org");
  codes_ = make();
  EXPECT_EQ(take("guest@example.org", code).ok(), is_shared_);
}

TEST_P(ShareCodesTest, WrongOnesAreCountedTogetherWhereCodesAreShared) {
  const std::string code = code_for("guest@example.org");
  const Server other = make();
  for (int i = 0; i < 5; ++i)
    EXPECT_FALSE(other->take(from("192.0.2.1"), share_, "guest@example.org", "WRONG" + std::to_string(i)));
  EXPECT_EQ(take("guest@example.org", code).ok(), !is_shared_);
}

INSTANTIATE_TEST_SUITE_P(Kept, ShareCodesTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "InTheDatabase" : "InMemory"; });

}  // namespace
}  // namespace slipway::session
