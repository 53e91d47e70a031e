// What the handlers of one binding work with.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "settings.h"
#include "slipway/access.h"
#include "slipway/event.h"
#include "slipway/management.h"
#include "slipway/password_reset.h"
#include "slipway/protocol.h"
#include "slipway/revocations.h"
#include "slipway/switches.h"
#include "tokens.h"

namespace slipway::httpd {

class EventStreams;
class TusUploads;

// Bytes of bodies.
struct BodyLimits {
  std::uint64_t request = 1 << 20;
  std::uint64_t restore = 20 << 20;  // of a dump
};

// Of the host; they outlive the module's work.
struct Services {
  Logger& logger;
  SessionService& sessions;
  PathResolver& paths;
  AccessService& access;
  ManagementService& management;
  std::string instance;                      // of this module
  PasswordResetService* resets = nullptr;    // null: this server denies it
  EventService* events = nullptr;            // the same
  RevocationService* revocations = nullptr;  // null: no other server takes our tokens
  BodyLimits limits = {};
};

// Lanes of the server: what runs beside what.
inline constexpr http::LaneId kApiLane = 0, kFileLane = 1;

struct Site {
  Services services;
  BindingSettings binding;
  std::shared_ptr<Tokens> tokens;
  std::uint64_t max_upload_size = 0;                // bytes; 0: no limit
  std::shared_ptr<TusUploads> uploads = nullptr;    // of all bindings; never null in a server
  std::shared_ptr<EventStreams> streams = nullptr;  // null without Services::events

  // What an administrator needs for an operation of the management service; null for one it does not have.
  const std::string_view* permission(std::string_view operation) const {
    for (const OperationInfo& info : services.management.operations())
      if (info.name == operation) return &info.permission;
    return nullptr;
  }
};

}  // namespace slipway::httpd
