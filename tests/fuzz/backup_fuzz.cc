// ROOMS: accounts
// Dumps: whatever comes in, an entity that was read is written as a document that reads as the same entity.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/accounts/backup.h"
#include "core/accounts/entity_json.h"

namespace {

using namespace slipway::accounts;

template <class Entity>
void check(const std::vector<Entity>& entities) {
  for (const auto& entity : entities) {
    const auto again = from_json_text<Entity>(to_json_text(entity, Rendering::Full), Unknown::Keep);
    if (!again || !(*again == entity)) std::abort();
    (void)to_json_text(entity, Rendering::Api);
    (void)to_json_text(entity, Rendering::Event);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> unknown;
  const auto backup = parse_backup({reinterpret_cast<const char*>(data), size}, &unknown, 1 << 20);
  if (!backup) return 0;
  check(backup->users);
  check(backup->groups);
  check(backup->folders);
  check(backup->admins);
  check(backup->api_keys);
  check(backup->shares);
  check(backup->event_actions);
  check(backup->event_rules);
  check(backup->roles);
  check(backup->ip_lists);
  check(backup->configs);
  return 0;
}
