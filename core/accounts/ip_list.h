// An entry of the allow, defender, rate limiter safe or trusted list. The contract's IPListEntry.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/json_text.h"

namespace slipway::accounts {

struct IpListEntry {
  std::string ipornet;  // a network once saved ("192.0.2.1/32"); unique within a type
  std::string description;
  int type = 0;                                 // 1 allow, 2 defender, 3 rate limiter safe, 4 trusted
  int mode = 0;                                 // 1 allow, 2 deny (defender only)
  int protocols = 0;                            // 0 all; 1 SSH, 2 FTP, 4 DAV, 8 HTTP
  std::int64_t created_at = 0, updated_at = 0;  // Unix ms
  JsonText extra;
  bool operator==(const IpListEntry&) const = default;
};

}  // namespace slipway::accounts
