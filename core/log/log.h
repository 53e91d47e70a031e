// The server's log: JSON lines (or coloured text on a terminal) with SFTPGo's senders and keys. spdlog appears only
// here.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "slipway/module.h"

namespace slipway::log {

struct Settings {
  std::string file;  // empty: standard error
  std::uint64_t max_size_mb = 10;
  unsigned max_backups = 5;
  unsigned max_age_days = 28;
  bool compress = false;
  LogLevel level = LogLevel::Debug;
  bool utc = false;
};

// Before the first call, lines of level Info and above go to standard error. Thread-safe; may be called again.
Status configure(const Settings&);
void set_level(LogLevel) noexcept;
LogLevel level() noexcept;
// Closes the file under a new name and starts another (SIGUSR1).
Status rotate();
// Everything written so far is with the operating system.
void flush() noexcept;

Result<LogLevel> parse_level(std::string_view text);  // "debug", "info", "warn", "error"
std::string_view to_string(LogLevel) noexcept;

// One line. `sender` is the documented one ("Upload", "login", "sftpd"...), `connection_id` may be empty.
void write(LogLevel, std::string_view sender, std::string_view connection_id, std::string_view message,
           std::initializer_list<LogField> fields = {}) noexcept;

inline void debug(std::string_view sender, std::string_view message,
                  std::initializer_list<LogField> fields = {}) noexcept {
  write(LogLevel::Debug, sender, {}, message, fields);
}
inline void info(std::string_view sender, std::string_view message,
                 std::initializer_list<LogField> fields = {}) noexcept {
  write(LogLevel::Info, sender, {}, message, fields);
}
inline void warn(std::string_view sender, std::string_view message,
                 std::initializer_list<LogField> fields = {}) noexcept {
  write(LogLevel::Warn, sender, {}, message, fields);
}
inline void error(std::string_view sender, std::string_view message,
                  std::initializer_list<LogField> fields = {}) noexcept {
  write(LogLevel::Error, sender, {}, message, fields);
}

// What a module gets: its name is the sender of its lines. Lives as long as its owner.
class SenderLogger final : public Logger {
 public:
  explicit SenderLogger(std::string sender) : sender_(std::move(sender)) {}
  bool enabled(LogLevel) const noexcept override;
  void log(LogLevel, std::string_view message, std::span<const LogField> fields) noexcept override;

 private:
  std::string sender_;
};

}  // namespace slipway::log
