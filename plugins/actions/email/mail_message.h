// A mail as it is given to the server: addresses that are addresses, header fields that are one line each.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/result.h"

namespace slipway::email {

inline constexpr std::size_t kMaxRecipients = 100;
inline constexpr std::size_t kMaxSubject = 900;     // bytes
inline constexpr std::size_t kMaxBody = 10u << 20;  // bytes, before it is encoded
inline constexpr std::size_t kMaxAddress = 254;     // RFC 5321 4.5.3.1.3

// "Slipway <no-reply@example.org>" or the address alone.
struct Mailbox {
  std::string name, address;
};

struct Mail {
  enum class Type : std::uint8_t { Text, Html };
  std::vector<std::string> to, bcc;  // addresses
  std::string subject, body;         // UTF-8
  Type type = Type::Text;
};

// Whether `address` is a plain ASCII address (RFC 5321 Mailbox without quoted strings and comments) that cannot be
// anything else to a mail server or in a header field.
bool is_address(std::string_view address) noexcept;
// InvalidArgument. The name may be in quotes.
Result<Mailbox> parse_mailbox(std::string_view text);

// InvalidArgument: no recipient or too many, an address that is none, control characters in the subject; TooLarge.
Status check(const Mail& mail);

// The message of RFC 5322 with CRLF: body in base64, so that no line is long or begins with a dot; Bcc is not in it.
// `id` is the Message-ID without brackets. Requires check(mail).
std::string compose(const Mail& mail, const Mailbox& from, std::chrono::system_clock::time_point at,
                    std::string_view id);

}  // namespace slipway::email
