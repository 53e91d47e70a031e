// The one implementation of Catalog; each entity's .cc says in its Traits what is special about it.
//
//   template <> struct Traits<Role> {
//     static constexpr std::string_view kType;                       object_type of provider events
//     static std::string key(const AccountRooms&, std::string_view); a name from outside as the store knows it
//     static std::string name(const Role&);
//     static std::string role(const Role&);                          of provider events
//     static Result<Role> find(AccountStore&, std::string_view key);
//     static Result<std::vector<Role>> list(AccountStore&, const ListRequest&);
//     static Status add / update(AccountStore&, const Role&);
//     static Status remove(AccountStore&, std::string_view key);
//     static void prepare(Role& incoming, const Save&);              what a new one is forced to
//     static Status preserve(Role& incoming, const Role& stored, const Save&);  what an update leaves alone
//     static void keep_counters(Role& incoming, const Role& stored);  optional: what changes with use, all the time
//     static Status check(AccountRooms&, Role&, const Save&);        validation
//     static Status describe_uses(AccountStore&, Role&);
//   };
#pragma once

#include "core/accounts/account_rooms.h"
#include "core/accounts/catalog.h"
#include "core/accounts/entity_json.h"

namespace slipway::accounts {

template <class Entity>
struct Traits;

struct Save {
  bool restoring = false;
  std::int64_t now_ms = 0;
  bool by_delegate = false;
};

// Most entities are named by the naming rules and are validated without more context.
struct NamedTraits {
  static std::string key(const AccountRooms& rooms, std::string_view name) { return rooms.convert_name(name); }
};

inline ValidationContext context_of(const AccountRooms& rooms, const ValidationSettings& settings, const Save& save) {
  return {.settings = settings, .secrets = rooms.secrets, .now_ms = save.now_ms, .restoring = save.restoring};
}

template <class Entity>
Status check_alone(AccountRooms& rooms, Entity& entity, const Save& save) {
  const auto settings = rooms.validation_settings();
  return validate(entity, context_of(rooms, *settings, save));
}

template <class Entity>
void publish_change(AccountRooms& rooms, std::string_view action, const Entity& entity, const Actor& actor) {
  using T = Traits<Entity>;
  rooms.publish({action, T::kType, T::name(entity), T::role(entity)}, actor,
                [&] { return to_json_text(entity, Rendering::Event); });
}

template <class Entity>
bool same_but_for_time(Entity a, const Entity& b) {
  if constexpr (requires { a.updated_at = b.updated_at; }) a.updated_at = b.updated_at;
  if constexpr (requires { a == b; }) return a == b;
  return false;
}

template <class Entity>
Result<Entity> Catalog<Entity>::get(std::string_view name) const {
  return Traits<Entity>::find(rooms_.store, Traits<Entity>::key(rooms_, name));
}

template <class Entity>
Result<std::vector<Entity>> Catalog<Entity>::list(const ListRequest& request) const {
  return Traits<Entity>::list(rooms_.store, request);
}

template <class Entity>
Result<Entity> Catalog<Entity>::add(Entity entity, const Actor& actor, SaveOptions options) {
  using T = Traits<Entity>;
  const Save save{options.restoring, now_ms()};
  T::prepare(entity, save);
  SLIPWAY_TRY(T::check(rooms_, entity, save));
  SLIPWAY_TRY(T::add(rooms_.store, entity));
  SLIPWAY_ASSIGN(auto stored, T::find(rooms_.store, T::name(entity)));
  if (!options.quiet) publish_change(rooms_, "add", stored, actor);
  return stored;
}

template <class Entity>
void keep_counters(Entity& incoming, const Entity& stored) {
  if constexpr (requires { Traits<Entity>::keep_counters(incoming, stored); })
    Traits<Entity>::keep_counters(incoming, stored);
}

// `now` is what `old` was, but for what an update takes from the store in any case: counters, the times of logins.
template <class Entity>
bool is_unchanged(const Entity& old, Entity now) {
  keep_counters(now, old);
  Save save{.restoring = true};
  if constexpr (requires { now.updated_at; }) save.now_ms = now.updated_at;
  return Traits<Entity>::preserve(now, old, save).ok() && now == old;
}

template <class Entity>
Result<Entity> Catalog<Entity>::update(Entity entity, const Actor& actor, SaveOptions options) {
  using T = Traits<Entity>;
  constexpr int kAttempts = 5;
  const Save save{options.restoring, now_ms(), options.by_delegate};
  const auto key = T::key(rooms_, T::name(entity));
  // The checks may hash a password, which is too long for a transaction. What is kept of the stored entity must still
  // be so when the new one is stored: else a second factor or a used recovery code would be undone.
  for (int attempt = 1;; ++attempt) {
    SLIPWAY_ASSIGN(const auto old, T::find(rooms_.store, key));
    Entity next = entity;
    SLIPWAY_TRY(T::preserve(next, old, save));
    SLIPWAY_TRY(T::check(rooms_, next, save));
    if (options.quiet && same_but_for_time(next, old)) return old;
    bool overtaken = false;
    auto done = rooms_.store.in_transaction([&]() -> Status {
      SLIPWAY_ASSIGN(auto now, T::find(rooms_.store, key));
      if (!save.restoring) keep_counters(next, now);
      overtaken = !is_unchanged(old, std::move(now));
      if (overtaken) return Error(Errc::Conflict, key, "it is being changed by somebody else, try again", true);
      return T::update(rooms_.store, next);
    });
    if (overtaken && attempt < kAttempts) continue;
    SLIPWAY_TRY(std::move(done));
    break;
  }
  SLIPWAY_ASSIGN(auto stored, T::find(rooms_.store, key));
  if (!options.quiet) publish_change(rooms_, "update", stored, actor);
  return stored;
}

template <class Entity>
Status Catalog<Entity>::remove(std::string_view name, const Actor& actor) {
  using T = Traits<Entity>;
  const auto key = T::key(rooms_, name);
  SLIPWAY_ASSIGN(const auto old, T::find(rooms_.store, key));
  SLIPWAY_TRY(T::remove(rooms_.store, key));
  publish_change(rooms_, "delete", old, actor);
  return ok();
}

template <class Entity>
Status Catalog<Entity>::describe_uses(Entity& entity) const {
  return Traits<Entity>::describe_uses(rooms_.store, entity);
}

}  // namespace slipway::accounts
