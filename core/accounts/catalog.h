// Entities of one kind: find, list, add, change, remove; validated, with references checked and provider events sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/accounts/store/store.h"
#include "slipway/management.h"

namespace slipway::accounts {

struct AccountRooms;  // account_rooms.h: what the service is made of

struct SaveOptions {
  bool restoring = false;    // from a dump: hashes, timestamps and used tokens are taken as they come
  bool quiet = false;        // no provider event; an update that changes nothing is not written
  bool by_delegate = false;  // of a share, by somebody else than its owner: paths, scope and groups stay
};

// Names are converted by the naming rules first. Thread-safe.
template <class Entity>
class Catalog {
 public:
  explicit Catalog(AccountRooms& rooms) : rooms_(rooms) {}

  // NotFound. Without members that need another query: see describe_uses.
  Result<Entity> get(std::string_view name) const;
  Result<std::vector<Entity>> list(const ListRequest&) const;
  // InvalidArgument with the JSON pointer of what is wrong; Exists. Answers with what was stored.
  Result<Entity> add(Entity, const Actor&, SaveOptions = {});
  // Replaces the whole entity but for what clients do not send back: a password that is left out, secrets that are
  // Redacted or sealed, TOTP and recovery codes, counters, timestamps, members this server does not know. NotFound.
  Result<Entity> update(Entity, const Actor&, SaveOptions = {});
  // NotFound; Conflict, naming who, while something refers to it.
  Status remove(std::string_view name, const Actor&);
  // Fills the members that say who uses the entity (Group::users, Folder::groups, EventAction::rules...).
  Status describe_uses(Entity&) const;

 private:
  AccountRooms& rooms_;
};

extern template class Catalog<User>;
extern template class Catalog<Group>;
extern template class Catalog<Folder>;
extern template class Catalog<Role>;
extern template class Catalog<Admin>;
extern template class Catalog<ApiKey>;
extern template class Catalog<Share>;
extern template class Catalog<EventAction>;
extern template class Catalog<EventRule>;
extern template class Catalog<IpListEntry>;  // named "<type>/<ipornet>": "2/192.0.2.0/24"; list: all types

}  // namespace slipway::accounts
