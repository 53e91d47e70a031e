#include "mail_message.h"

#include <gtest/gtest.h>

namespace slipway::email {
namespace {

using namespace std::chrono_literals;

constexpr auto kAt = std::chrono::sys_days(std::chrono::year(2026) / 3 / 9) + 7h + 5min + 3s;

Mail a_mail() { return {.to = {"ann@example.org"}, .bcc = {}, .subject = "Hello", .body = "Text"}; }
std::string composed(const Mail& mail) { return compose(mail, {"", "from@example.org"}, kAt, "id@example.org"); }
std::string line_of(const std::string& text, const std::string& name) {
  const auto at = text.find(name + ": ");
  return at == std::string::npos ? "" : text.substr(at, text.find("\r\n", at) - at);
}

TEST(MailAddress, OrdinaryOnesAreTaken) {
  for (const char* address : {"a@b", "ann@example.org", "first.last+tag@sub.example.org", "o'neil@example.org",
                              "x_y-z@xn--bcher-kva.example", "a=b@example.org"})
    EXPECT_TRUE(is_address(address)) << address;
}

TEST(MailAddress, WhatCouldBeSomethingElseIsNone) {
  const std::string long_name(65, 'a');
  for (const std::string& address : {std::string(""),
                                     std::string("ann"),
                                     std::string("@example.org"),
                                     std::string("ann@"),
                                     std::string("ann@example.org\r\nBcc: x@example.org"),
                                     std::string("ann@example.org\n"),
                                     std::string("ann\r@example.org"),
                                     std::string("a b@example.org"),
                                     std::string("ann@exa mple.org"),
                                     std::string("<ann@example.org>"),
                                     std::string("ann@example.org,bob@example.org"),
                                     std::string("ann@example.org> NOTIFY=NEVER"),
                                     std::string("\"ann\"@example.org"),
                                     std::string("a@b@c"),
                                     std::string("ann@example..org"),
                                     std::string("ann@-example.org"),
                                     std::string(".ann@example.org"),
                                     std::string("-ann@example.org"),
                                     std::string("\xC3\xA4nn@example.org"),
                                     std::string("ann\0@example.org", 16),
                                     std::string("ann@[127.0.0.1]"),
                                     long_name + "@example.org"})
    EXPECT_FALSE(is_address(address)) << address;
}

TEST(Mailbox, HasANameOrNone) {
  const auto plain = parse_mailbox("ann@example.org");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->address, "ann@example.org");
  EXPECT_EQ(plain->name, "");
  const auto named = parse_mailbox("\"The Server\" <ann@example.org>");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->name, "The Server");
  EXPECT_EQ(parse_mailbox("Slipway <a@example.org>")->name, "Slipway");
  for (const char* text : {"", "ann", "Ann <ann>", "Ann\r\nBcc: x <ann@example.org>", "Ann <ann@example.org"})
    EXPECT_EQ(parse_mailbox(text).code(), Errc::InvalidArgument) << text;
}

TEST(MailMessage, IsWhatMailServersExpect) {
  EXPECT_EQ(composed(a_mail()),
            "Date: Mon, 09 Mar 2026 07:05:03 +0000\r\n"
            "From: from@example.org\r\n"
            "To: ann@example.org\r\n"
            "Subject: Hello\r\n"
            "Message-ID: <id@example.org>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: base64\r\n"
            "\r\n"
            "VGV4dA==\r\n");
}

TEST(MailMessage, BlindCopiesAreNotInIt) {
  Mail mail = a_mail();
  mail.bcc = {"hidden@example.org"};
  EXPECT_EQ(composed(mail).find("hidden"), std::string::npos);
  mail.to.clear();
  EXPECT_EQ(line_of(composed(mail), "To"), "To: undisclosed-recipients:;");
}

TEST(MailMessage, NoLineIsLongOrBeginsWithADot) {
  Mail mail = a_mail();
  mail.body = std::string(3000, '.') + "\r\n.\r\nRSET\r\n" + std::string(2000, 'x');
  mail.subject = std::string(900, 's');
  mail.to.assign(100, std::string(60, 'a') + "@" + std::string(60, 'b') + ".example");
  ASSERT_TRUE(check(mail));
  const std::string text = composed(mail);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 200u);
    EXPECT_NE(text[at], '.');
    EXPECT_EQ(text.substr(at, end - at).find('\n'), std::string::npos);
    at = end + 2;
  }
}

TEST(MailMessage, OtherLettersAreEncodedAndNeverCutInTwo) {
  Mail mail = a_mail();
  for (int i = 0; i < 30; ++i) mail.subject += "\xE2\x82\xAC";  // the euro sign
  const std::string text = composed(mail);
  const auto at = text.find("Subject: =?utf-8?B?");
  ASSERT_NE(at, std::string::npos);
  EXPECT_NE(text.find("?=\r\n =?utf-8?B?", at), std::string::npos);
  // 42 bytes are 14 signs: each word decodes by itself.
  EXPECT_NE(text.find("=?utf-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?="), std::string::npos);
}

TEST(MailMessage, WhatLooksLikeAnEncodedWordIsEncoded) {
  Mail mail = a_mail();
  mail.subject = "=?utf-8?Q?a?=";
  EXPECT_EQ(line_of(composed(mail), "Subject"), "Subject: =?utf-8?B?PT91dGYtOD9RP2E/PQ==?=");
}

TEST(MailMessage, ASenderWithANameIsQuoted) {
  EXPECT_EQ(line_of(compose(a_mail(), {"A \"B\" <c>", "from@example.org"}, kAt, "i"), "From"),
            "From: \"A \\\"B\\\" <c>\" <from@example.org>");
}

TEST(MailCheck, HeaderInjectionIsRefused) {
  for (const std::string& subject : {std::string("a\r\nBcc: x@example.org"), std::string("a\nb"), std::string("a\rb"),
                                     std::string("a\0b", 3), std::string("a\x7f")}) {
    Mail mail = a_mail();
    mail.subject = subject;
    EXPECT_EQ(check(mail).code(), Errc::InvalidArgument);
  }
  Mail mail = a_mail();
  mail.to = {"ann@example.org\r\nRCPT TO:<x@example.org>"};
  EXPECT_EQ(check(mail).code(), Errc::InvalidArgument);
  mail = a_mail();
  mail.bcc = {"x\n@example.org"};
  EXPECT_EQ(check(mail).code(), Errc::InvalidArgument);
}

TEST(MailCheck, HasLimits) {
  Mail mail = a_mail();
  mail.to.clear();
  EXPECT_EQ(check(mail).code(), Errc::InvalidArgument);
  mail.to.assign(101, "ann@example.org");
  EXPECT_EQ(check(mail).code(), Errc::TooLarge);
  mail = a_mail();
  mail.subject.assign(901, 'x');
  EXPECT_EQ(check(mail).code(), Errc::TooLarge);
  mail = a_mail();
  mail.body.assign(kMaxBody + 1, 'x');
  EXPECT_EQ(check(mail).code(), Errc::TooLarge);
}

}  // namespace
}  // namespace slipway::email
