#include "core/accounts/account_rooms.h"

#include "core/log/log.h"

namespace slipway::accounts {

void AccountRooms::publish(const Change& change, const Actor& actor, const std::function<std::string()>& json) {
  if (bus == nullptr || !bus->wanted(change.action)) return;
  Event event;
  event.action = change.action;
  event.username = actor.kind == Actor::Kind::System && actor.name.empty() ? "__system__" : actor.name;
  event.role = change.role;
  event.ip = actor.address;
  event.object_type = change.object_type;
  event.object_name = change.object_name;
  event.object_json = json();
  event.at = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  // What was done is done: a subscriber that fails is a line in the log, not a failure of the change.
  if (auto published = bus->after({}, std::move(event)); !published) {
    log::warn("dataprovider", "a subscriber failed on a provider event",
              {{"action", change.action},
               {"object_type", change.object_type},
               {"object_name", change.object_name},
               {"error", published.error().message()}});
  }
}

}  // namespace slipway::accounts
