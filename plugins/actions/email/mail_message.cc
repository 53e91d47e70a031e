#include "mail_message.h"

#include "slipway/base64.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace slipway::email {
namespace {

constexpr std::size_t kLine = 76;       // RFC 2045 6.8
constexpr std::size_t kWordBytes = 42;  // of text in an encoded word of at most 75 characters (RFC 2047 2)
constexpr std::size_t kPlainLine = 70;  // a longer header field is folded between encoded words

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool has_controls(std::string_view text) noexcept { return std::any_of(text.begin(), text.end(), is_control); }

bool is_alnum(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// RFC 5322 3.2.3: atext, and dots.
bool is_local_part(std::string_view text) noexcept {
  constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~.";
  return !text.empty() && text.size() <= 64 && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos && text.front() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_alnum(c) || kMarks.find(c) != std::string_view::npos; });
}

bool is_domain(std::string_view text) noexcept {
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const auto dot = text.find('.');
    const auto label = text.substr(0, dot);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; }))
      return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// The text of a header field that has a phrase or unstructured text: as it is, or in encoded words (RFC 2047).
std::string encoded(std::string_view text) {
  const bool plain = text.size() <= kPlainLine && text.find("=?") == std::string_view::npos &&
                     std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (plain) return std::string(text);
  std::string out;
  while (!text.empty()) {
    std::size_t take = std::min(kWordBytes, text.size());
    // A character is not cut in two.
    while (take > 1 && take < text.size() && (static_cast<unsigned char>(text[take]) & 0xC0) == 0x80) --take;
    if (!out.empty()) out += "\r\n ";
    out += "=?utf-8?B?" + base64_encode(text.substr(0, take)) + "?=";
    text.remove_prefix(take);
  }
  return out;
}

std::string phrase(const std::string& name) {
  const std::string text = encoded(name);
  if (text != name) return text;
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string date(std::chrono::system_clock::time_point at) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto days = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day day(days);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - days));
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %d %02d:%02d:%02d +0000",
                kDays[std::chrono::weekday(days).c_encoding()], static_cast<unsigned>(day.day()),
                kMonths[static_cast<unsigned>(day.month()) - 1], static_cast<int>(day.year()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text.data();
}

}  // namespace

bool is_address(std::string_view address) noexcept {
  const auto at = address.rfind('@');
  return address.size() <= kMaxAddress && at != std::string_view::npos && is_local_part(address.substr(0, at)) &&
         is_domain(address.substr(at + 1));
}

Result<Mailbox> parse_mailbox(std::string_view text) {
  const auto trimmed = [](std::string_view part) {
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    return part;
  };
  text = trimmed(text);
  Mailbox box;
  const auto open = text.rfind('<');
  if (open != std::string_view::npos && text.ends_with('>')) {
    box.address = text.substr(open + 1, text.size() - open - 2);
    auto name = trimmed(text.substr(0, open));
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
    box.name = name;
  } else {
    box.address = text;
  }
  if (!is_address(box.address) || has_controls(box.name) || box.name.size() > kMaxAddress)
    return Error(Errc::InvalidArgument, "sender",
                 "must be an address, or a name and an address: Ann <ann@example.org>");
  return box;
}

Status check(const Mail& mail) {
  if (mail.to.empty() && mail.bcc.empty()) return Error(Errc::InvalidArgument, "recipients", "there is none");
  if (mail.to.size() + mail.bcc.size() > kMaxRecipients)
    return Error(Errc::TooLarge, "recipients", "there are more than " + std::to_string(kMaxRecipients));
  for (const auto* list : {&mail.to, &mail.bcc})
    for (const std::string& address : *list)
      if (!is_address(address)) return Error(Errc::InvalidArgument, "recipients", "one of them is no e-mail address");
  if (has_controls(mail.subject)) return Error(Errc::InvalidArgument, "subject", "must be one line of text");
  if (mail.subject.size() > kMaxSubject) return Error(Errc::TooLarge, "subject", "is too long");
  if (mail.body.size() > kMaxBody) return Error(Errc::TooLarge, "body", "is beyond 10 MiB");
  return ok();
}

std::string compose(const Mail& mail, const Mailbox& from, std::chrono::system_clock::time_point at,
                    std::string_view id) {
  std::string text;
  const auto field = [&](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  field("Date", date(at));
  field("From", from.name.empty() ? from.address : phrase(from.name) + " <" + from.address + ">");
  std::string to;
  for (const std::string& address : mail.to) to += (to.empty() ? "" : ",\r\n ") + address;
  field("To", to.empty() ? "undisclosed-recipients:;" : to);
  field("Subject", encoded(mail.subject));
  field("Message-ID", "<" + std::string(id) + ">");
  // RFC 3834: nobody's holiday notice needs to answer this.
  field("Auto-Submitted", "auto-generated");
  field("MIME-Version", "1.0");
  field("Content-Type", mail.type == Mail::Type::Html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8");
  field("Content-Transfer-Encoding", "base64");
  text += "\r\n";
  const std::string body = base64_encode(mail.body);
  for (std::size_t i = 0; i < body.size(); i += kLine) text.append(body, i, kLine).append("\r\n");
  return text;
}

}  // namespace slipway::email
