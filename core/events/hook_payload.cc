#include "core/events/hook_payload.h"

#include <boost/json.hpp>
#include <chrono>

#include "core/base/text.h"

namespace slipway::events {
namespace {

namespace json = boost::json;

std::int64_t nanoseconds(Timestamp at) { return at.time_since_epoch().count(); }
std::int64_t milliseconds(Timestamp at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

json::object metadata_object(const Event& event) {
  json::object out;
  for (const auto& [key, value] : event.metadata) out[utf8_or_replacement(key)] = utf8_or_replacement(value);
  return out;
}

}  // namespace

std::string utf8_or_replacement(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  std::string out;
  out.reserve(bytes.size() + 16);
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    if (length == 0)
      out += "\xEF\xBF\xBD";
    else
      out += bytes.substr(0, length);
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::string file_hook_body(const Event& event) {
  json::object body;
  const auto text = [&](const char* key, const std::string& value, bool always) {
    if (always || !value.empty()) body[key] = utf8_or_replacement(value);
  };
  const auto number = [&](const char* key, std::int64_t value) {
    if (value != 0) body[key] = value;
  };
  text("action", event.action, true);
  text("username", event.username, true);
  text("external_username", event.external_username, false);
  text("path", event.path, true);
  text("target_path", event.target_path, false);
  text("virtual_path", event.virtual_path, true);
  text("virtual_target_path", event.virtual_target_path, false);
  text("ssh_cmd", event.ssh_command, false);
  if (event.file_size != 0) body["file_size"] = event.file_size;
  number("elapsed", event.elapsed.count());
  body["fs_provider"] = event.fs_provider;
  text("bucket", event.bucket, false);
  text("endpoint", event.endpoint, false);
  body["status"] = static_cast<int>(event.status);
  text("protocol", event.protocol, true);
  text("ip", event.ip, true);
  text("session_id", event.session_id, true);
  number("open_flags", event.open_flags);
  text("role", event.role, false);
  body["timestamp"] = nanoseconds(event.at);
  if (!event.metadata.empty()) body["metadata"] = metadata_object(event);
  return json::serialize(body) + '\n';
}

Pairs file_hook_environment(const Event& event) {
  Pairs out{
      {"SFTPGO_ACTION", event.action},
      {"SFTPGO_ACTION_USERNAME", event.username},
      {"SFTPGO_ACTION_PATH", event.path},
      {"SFTPGO_ACTION_TARGET", event.target_path},
      {"SFTPGO_ACTION_VIRTUAL_PATH", event.virtual_path},
      {"SFTPGO_ACTION_VIRTUAL_TARGET", event.virtual_target_path},
      {"SFTPGO_ACTION_SSH_CMD", event.ssh_command},
      {"SFTPGO_ACTION_FILE_SIZE", std::to_string(event.file_size)},
      {"SFTPGO_ACTION_ELAPSED", std::to_string(event.elapsed.count())},
      {"SFTPGO_ACTION_FS_PROVIDER", std::to_string(event.fs_provider)},
      {"SFTPGO_ACTION_BUCKET", event.bucket},
      {"SFTPGO_ACTION_ENDPOINT", event.endpoint},
      {"SFTPGO_ACTION_STATUS", std::to_string(static_cast<int>(event.status))},
      {"SFTPGO_ACTION_PROTOCOL", event.protocol},
      {"SFTPGO_ACTION_IP", event.ip},
      {"SFTPGO_ACTION_SESSION_ID", event.session_id},
      {"SFTPGO_ACTION_OPEN_FLAGS", std::to_string(event.open_flags)},
      {"SFTPGO_ACTION_TIMESTAMP", std::to_string(nanoseconds(event.at))},
      {"SFTPGO_ACTION_ROLE", event.role},
  };
  if (!event.external_username.empty()) out.emplace_back("SFTPGO_ACTION_EXTERNAL_USERNAME", event.external_username);
  if (!event.metadata.empty()) out.emplace_back("SFTPGO_ACTION_METADATA", json::serialize(metadata_object(event)));
  return out;
}

Pairs provider_hook_query(const Event& event) {
  Pairs out{{"action", event.action},
            {"username", event.username},
            {"ip", event.ip},
            {"object_type", event.object_type},
            {"object_name", event.object_name},
            {"timestamp", std::to_string(nanoseconds(event.at))}};
  if (!event.role.empty()) out.emplace_back("role", event.role);
  return out;
}

Pairs provider_hook_environment(const Event& event) {
  return {{"SFTPGO_PROVIDER_ACTION", event.action},
          {"SFTPGO_PROVIDER_OBJECT_TYPE", event.object_type},
          {"SFTPGO_PROVIDER_OBJECT_NAME", event.object_name},
          {"SFTPGO_PROVIDER_USERNAME", event.username},
          {"SFTPGO_PROVIDER_IP", event.ip},
          {"SFTPGO_PROVIDER_ROLE", event.role},
          {"SFTPGO_PROVIDER_TIMESTAMP", std::to_string(milliseconds(event.at))},
          {"SFTPGO_PROVIDER_OBJECT", event.object_json}};
}

}  // namespace slipway::events
