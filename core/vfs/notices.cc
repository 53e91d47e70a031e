#include "core/vfs/notices.h"

#include <array>
#include <ctime>
#include <vector>

#include "core/base/text.h"
#include "core/log/log.h"
#include "core/vfs/access.h"

namespace slipway::vfs {
namespace {

// "-rwxr-x---", with the special bits in front as Go prints them.
std::string mode_text(std::uint32_t mode) {
  std::string text;
  if (mode & 04000) text += 'u';
  if (mode & 02000) text += 'g';
  if (mode & 01000) text += 't';
  if (text.empty()) text = "-";
  constexpr std::string_view kLetters = "rwxrwxrwx";
  for (unsigned i = 0; i < kLetters.size(); ++i) text += (mode & (0400u >> i)) ? kLetters[i] : '-';
  return text;
}

std::string time_text(const std::optional<Timestamp>& time) {
  if (!time) return {};
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count();
  std::tm parts{};
  if (!::gmtime_r(&seconds, &parts)) return {};
  char text[64];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts)};
}

}  // namespace

Event Notices::event(std::string_view action, const Place& place) const {
  Event event;
  event.action = action;
  event.username = policy_.user;
  event.role = policy_.role;
  event.external_username = policy_.external_user;
  event.virtual_path = place.virtual_path.str();
  event.path = place.location();
  event.fs_provider = place.mount->provider;
  event.bucket = place.mount->bucket;
  event.endpoint = place.mount->endpoint;
  event.protocol = policy_.protocol;
  event.ip = policy_.ip;
  event.session_id = policy_.connection_id;
  event.at = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  return event;
}

Status Notices::ask(const OpContext& ctx, const Event& event) const {
  if (!bus_) return ok();
  const Status answer = bus_->before(ctx, event);
  if (answer) return answer;
  return Error(Errc::PermissionDenied, printable(event.virtual_path),
               event.action + " refused: " + answer.error().message());
}

Status Notices::tell(const OpContext& ctx, Event event) const {
  if (!bus_) return ok();
  return bus_->after(ctx, std::move(event));
}

void Notices::tell(const OpContext& ctx, std::string_view action, const Place& place, const Place* target) const {
  if (!wanted(action)) return;
  Event made = event(action, place);
  if (target) {
    made.virtual_target_path = target->virtual_path.str();
    made.target_path = target->location();
  }
  (void)tell(ctx, std::move(made));
}

void Notices::write(LogLevel level, std::string_view sender, std::span<const LogField> fields) const noexcept {
  if (policy_.external_user.empty()) return log::write_fields(level, sender, policy_.connection_id, "", fields);
  std::vector<LogField> all(fields.begin(), fields.end());
  all.emplace_back("ext_username", policy_.external_user);
  log::write_fields(level, sender, policy_.connection_id, "", all);
}

void Notices::log_command(std::string_view sender, const Place& place, const CommandLine& line) const noexcept {
  if (log::level() > LogLevel::Info) return;
  write(LogLevel::Info, sender,
        {{"local_addr", policy_.local_address},
         {"remote_addr", policy_.remote_address.empty() ? policy_.ip : policy_.remote_address},
         {"username", policy_.user},
         {"file_path", place.location()},
         {"target_path", line.target ? line.target->location() : line.link_target},
         {"virtual_path", place.virtual_path.str()},
         {"virtual_target_path", line.target ? line.target->virtual_path.str() : std::string()},
         {"filemode", line.mode ? mode_text(*line.mode) : std::string()},
         {"uid", line.uid},
         {"gid", line.gid},
         {"access_time", time_text(line.atime)},
         {"modification_time", time_text(line.mtime)},
         {"size", line.size},
         {"elapsed", line.elapsed.count()},
         {"ssh_command", printable(line.ssh_command)},
         {"protocol", policy_.protocol}});
}

void Notices::log_transfer(const Place& place, const TransferLine& line) const noexcept {
  const LogLevel level = line.error ? LogLevel::Error : LogLevel::Info;
  if (log::level() > level) return;
  const std::string location = place.location();
  const std::string error = line.error ? line.error->message() : std::string();
  const std::array fields = {
      LogField("local_addr", policy_.local_address),
      LogField("remote_addr", policy_.remote_address.empty() ? policy_.ip : policy_.remote_address),
      LogField("elapsed_ms", line.elapsed.count()),
      LogField("size_bytes", line.bytes),
      LogField("username", policy_.user),
      LogField("file_path", location),
      LogField("virtual_path", place.virtual_path.str()),
      LogField("protocol", policy_.protocol),
      LogField("error", error),  // last: it is left out where there is none
  };
  write(level, line.upload ? "Upload" : "Download", std::span(fields).first(fields.size() - (line.error ? 0 : 1)));
}

}  // namespace slipway::vfs
