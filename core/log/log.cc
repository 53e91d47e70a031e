#include "core/log/log.h"

#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "core/log/line.h"
#include "core/log/rotating_file.h"

namespace slipway::log {
namespace {

enum class Style : std::uint8_t { Json, Text, ColouredText };

Style style_of_standard_error() {
  if (::isatty(STDERR_FILENO) == 0) return Style::Json;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool plain =
      (no_colour != nullptr && *no_colour != '\0') || (terminal != nullptr && std::string_view(terminal) == "dumb");
  return plain ? Style::Text : Style::ColouredText;
}

// Takes lines that are rendered already to the file, or to standard error without one. Both write whole lines at once;
// the file has a lock of its own.
class LineSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit LineSink(std::shared_ptr<RotatingFile> file) : file_(std::move(file)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    if (file_) return file_->write(text);
    static std::mutex standard_error;
    std::lock_guard lock(standard_error);
    std::size_t written = 0;
    (void)write_all(STDERR_FILENO, std::string(text) + '\n', written);
  }
  void flush_() override {}

  const std::shared_ptr<RotatingFile> file_;
};

std::shared_ptr<spdlog::logger> make_logger(std::shared_ptr<RotatingFile> file) {
  return std::make_shared<spdlog::logger>("slipway", std::make_shared<LineSink>(std::move(file)));
}

// Where lines go now. Replaced whole by configure().
struct Target {
  Style style = style_of_standard_error();
  bool utc = false;
  std::shared_ptr<RotatingFile> file;  // null: standard error
  std::shared_ptr<spdlog::logger> logger = make_logger(nullptr);
};

class State {
 public:
  std::shared_ptr<const Target> target() {
    std::shared_lock lock(mutex_);
    return target_;
  }
  void replace(std::shared_ptr<const Target> target) {
    {
      std::unique_lock lock(mutex_);
      target_.swap(target);
    }
    // The former file is closed here, when its last writer is through, not under the lock.
  }
  std::atomic<LogLevel> level{LogLevel::Info};

 private:
  std::shared_mutex mutex_;
  std::shared_ptr<const Target> target_ = std::make_shared<Target>();
};

// Never destroyed: threads and static destructors may log until the very end. Lines are written at once, so nothing is
// lost by that; a compression that is under way at exit is done again after the next start.
State& state() {
  static State* const instance = std::make_unique<State>().release();
  return *instance;
}

void write_line(LogLevel level, std::string_view sender, std::string_view connection_id, std::string_view message,
                std::span<const LogField> fields) noexcept {
  try {
    if (level < state().level.load(std::memory_order_relaxed)) return;
    const std::shared_ptr<const Target> target = state().target();
    const Line line{level, std::chrono::system_clock::now(), sender, connection_id, message, fields};
    const std::string text = target->style == Style::Json
                                 ? render_json(line, target->utc)
                                 : render_text(line, target->utc, target->style == Style::ColouredText);
    target->logger->log(spdlog::level::critical, spdlog::string_view_t(text.data(), text.size()));
  } catch (...) {
    // Out of memory: the line is lost, the server goes on.
  }
}

}  // namespace

Status configure(const Settings& settings) {
  auto target = std::make_shared<Target>();
  target->utc = settings.utc;
  if (!settings.file.empty()) {
    SLIPWAY_ASSIGN(target->file, RotatingFile::open(settings));
    target->style = Style::Json;
    target->logger = make_logger(target->file);
  }
  state().level.store(settings.level, std::memory_order_relaxed);
  state().replace(std::move(target));
  return ok();
}

void set_level(LogLevel level) noexcept { state().level.store(level, std::memory_order_relaxed); }

LogLevel level() noexcept { return state().level.load(std::memory_order_relaxed); }

Status rotate() {
  const std::shared_ptr<const Target> target = state().target();
  if (!target->file) return ok();
  return target->file->rotate();
}

void flush() noexcept {
  try {
    if (const auto target = state().target(); target->file) target->file->wait_for_backups();
  } catch (...) {
    // Nothing is buffered; only the wait for a compression was cut short.
  }
}

Result<LogLevel> parse_level(std::string_view text) {
  for (const LogLevel level : {LogLevel::Trace, LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error})
    if (text == to_string(level)) return level;
  return Error(Errc::InvalidArgument, "log level \"" + std::string(text) + "\"", "use debug, info, warn or error");
}

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::Trace:
      return "trace";
    case LogLevel::Debug:
      return "debug";
    case LogLevel::Info:
      return "info";
    case LogLevel::Warn:
      return "warn";
    case LogLevel::Error:
      return "error";
  }
  return "error";
}

void write(LogLevel level, std::string_view sender, std::string_view connection_id, std::string_view message,
           std::initializer_list<LogField> fields) noexcept {
  write_line(level, sender, connection_id, message, {fields.begin(), fields.size()});
}

void write_fields(LogLevel level, std::string_view sender, std::string_view connection_id, std::string_view message,
                  std::span<const LogField> fields) noexcept {
  write_line(level, sender, connection_id, message, fields);
}

bool SenderLogger::enabled(LogLevel wanted) const noexcept { return wanted >= level(); }

void SenderLogger::log(LogLevel level, std::string_view message, std::span<const LogField> fields) noexcept {
  write_line(level, sender_, {}, message, fields);
}

}  // namespace slipway::log
