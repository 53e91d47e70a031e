// What happened, as every subscriber sees it: hooks, rules, Lua, audit, metrics.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "slipway/filesystem.h"

namespace slipway {

enum class EventStatus : std::uint8_t { Ok = 1, Error = 2, QuotaExceeded = 3 };

// The fields are those of the hooks' JSON body; what does not apply to an action is empty or 0.
struct Event {
  // Files: "download", "first-download", "pre-download", "upload", "first-upload", "pre-upload", "delete",
  // "pre-delete", "rename", "mkdir", "rmdir", "copy", "ssh_cmd". Accounts: "add", "update", "delete" with `object_type`
  // set. Logins: "pre-login", "login", "login-failed". Connections: "connect", "disconnect".
  std::string action;
  std::string username, role;
  std::string virtual_path, virtual_target_path;  // as the client sees it
  std::string path, target_path;                  // Filesystem::location
  std::string ssh_command;
  std::uint64_t file_size = 0;  // bytes; of the existing file for pre-upload
  std::chrono::milliseconds elapsed{0};
  int fs_provider = 0;
  std::string bucket, endpoint;
  EventStatus status = EventStatus::Ok;
  std::string error;     // the message behind a status that is not Ok
  std::string protocol;  // "SFTP", "SCP", "SSH", "FTP", "DAV", "HTTP", "HTTPShare", "EventAction"
  std::string ip;
  std::string session_id;  // the connection id
  std::string login_method;
  int open_flags = 0;  // pre-upload of an existing file: O_WRONLY 1, O_RDWR 2, O_CREAT 0x40, O_EXCL 0x80, O_TRUNC 0x200
  Timestamp at{};
  std::map<std::string, std::string> metadata;
  std::string object_name, object_type, object_json;  // accounts: "user", "folder", "group", "admin", ...
  // Who acted with the user's account, where it was somebody else: the mail address of a share's visitor.
  std::string external_username;

  bool is_before() const noexcept { return action.starts_with("pre-"); }
};

// A bounded queue of events. What does not fit is counted and logged, never lost silently.
class EventSubscription {
 public:
  virtual ~EventSubscription() = default;  // ends it
  // Waits for the next event; Cancelled when ctx.stop was requested or the server stops, TimedOut at ctx.deadline.
  virtual Result<Event> next(const OpContext&) = 0;
  virtual std::uint64_t dropped() const noexcept = 0;
};

class EventService {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.events.v1";
  // After-events whose action is in `actions` (comma separated; "*": all).
  virtual Result<std::unique_ptr<EventSubscription>> subscribe(std::string_view actions, std::size_t queue_size) = 0;

 protected:
  ~EventService() = default;
};

}  // namespace slipway
