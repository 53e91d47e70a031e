// Users that somebody else keeps: what login hooks and directories say of them is stored here before they log in.
#pragma once

#include <string>
#include <string_view>

#include "core/accounts/account_rooms.h"
#include "core/accounts/catalog.h"

namespace slipway::accounts {

// Thread-safe.
class FoundUsers {
 public:
  FoundUsers(AccountRooms& rooms, Catalog<User>& users) : rooms_(rooms), users_(users) {}

  // `document` is the contract's User. Adds it, or replaces the stored one but for id, counters, times, TOTP and
  // recovery codes; without a password the stored one stays. No provider event; nothing is written when nothing
  // changes. Answers with the name it is stored by. InvalidArgument: not a complete user (username, status and
  // permissions at least), or not a valid one.
  Result<std::string> store(std::string_view document);
  // `password`, which was right elsewhere, becomes the stored one.
  Status keep_password(std::string_view username, std::string_view password);
  // The key whose wire blob (RFC 4253 6.6) this is becomes one of the user's, unless it is one.
  Status keep_key(std::string_view username, std::string_view blob);

 private:
  Status keep_known_password(User& user);
  Status write(User user);

  AccountRooms& rooms_;
  Catalog<User>& users_;
};

}  // namespace slipway::accounts
