// What came of a request for a new password, as the database keeps it.
#pragma once

#include <cstdint>
#include <string>

namespace slipway::accounts {

enum class ResetAccount : std::uint8_t { Admin = 1, User = 2 };

struct ResetCode {
  std::string digest;  // of the code, hexadecimal; the code itself is stored nowhere
  ResetAccount account = ResetAccount::User;
  std::int64_t account_id = 0;  // of the account, not of one that has its name later
  std::string name;
  std::int64_t expires_at = 0;  // Unix ms
  std::int64_t tries = 0;       // with passwords that were refused
  bool operator==(const ResetCode&) const = default;
};

}  // namespace slipway::accounts
