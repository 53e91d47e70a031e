// A code that somebody was sent by mail, as the database keeps it.
#pragma once

#include <cstdint>
#include <string>

namespace slipway::accounts {

// Who may show it: whoever forgot a password, or a visitor of a share.
enum class CodeOwner : std::uint8_t { Admin = 1, User = 2, Visitor = 3 };

struct MailedCode {
  std::string digest;  // of the code, hexadecimal; the code itself is stored nowhere
  CodeOwner owner = CodeOwner::User;
  std::int64_t owner_id = 0;    // of the account, not of one that has its name later; 0: of a visitor
  std::string name;             // of the account; of a visitor what stands for the share and the mail address
  std::int64_t expires_at = 0;  // Unix ms
  std::int64_t tries = 0;       // that were refused
  bool operator==(const MailedCode&) const = default;
};

}  // namespace slipway::accounts
