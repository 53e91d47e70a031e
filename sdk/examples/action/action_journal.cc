// A line in a file for every event it is used for: time, action, user, path, size, status.
#include <slipway/action.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

using namespace slipway;

namespace {

constexpr std::array kUseOptions{
    OptionSpec{"path", OptionType::Path, nullptr, "The file that lines are appended to; made when absent"},
    OptionSpec{"sync", OptionType::Boolean, "false", "Whether a line must survive a crash of the machine"},
};

// Names are bytes; a tab or a line's end in one must not look like a field's or a line's end.
std::string field(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const unsigned char c : text) {
    if (c >= 0x20 && c != 0x7f && c != '\\') {
      out += static_cast<char>(c);
    } else {
      out += {'\\', 'x', kDigits[c >> 4], kDigits[c & 15]};
    }
  }
  return out + "\t";
}

Error system_error(std::string_view path) { return {Errc::IoError, std::string(path), std::strerror(errno), true}; }

class Journal final : public ActionModule {
 public:
  explicit Journal(Host&) {}

  Result<ActionReply> run(const OpContext& context, const ActionRequest& request) override {
    const Event& event = request.event;
    SLIPWAY_TRY(check(context, "journal"));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(event.at.time_since_epoch()).count();
    const std::string line = std::to_string(seconds) + "\t" + field(event.action) + field(event.username) +
                             field(event.virtual_path) + field(event.virtual_target_path) +
                             std::to_string(event.file_size) + "\t" +
                             (event.status == EventStatus::Ok ? "ok" : "error") + "\n";

    const std::string path(request.options.string("path"));
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return system_error(path);
    // One write with O_APPEND: lines of two events at a time do not mix.
    const ssize_t written = ::write(fd, line.data(), line.size());
    Status status = written == static_cast<ssize_t>(line.size()) ? ok() : Status(system_error(path));
    if (status && request.options.flag("sync") && ::fsync(fd) != 0) status = system_error(path);
    ::close(fd);
    if (!status) return std::move(status).error();
    return ActionReply{};
  }
};

}  // namespace

SLIPWAY_MODULE(Journal, .kind = ModuleKind::Action, .name = "action-journal", .version = "0.1.0",
               .summary = "Example: a line in a file for every event", .provides = "journal",
               .use_options = kUseOptions.data(), .use_option_count = kUseOptions.size());
