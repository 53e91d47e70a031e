// The server's log: JSON lines (or coloured text on a terminal) with SFTPGo's senders and keys. spdlog appears only
// here.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "slipway/module.h"

namespace slipway::log {

struct Settings {
  std::string file;                // empty: standard error
  std::uint64_t max_size_mb = 10;  // of the file before it is rotated; 0: no limit
  unsigned max_backups = 5;        // rotated files kept; 0: all
  unsigned max_age_days = 28;      // of rotated files; 0: no limit
  bool compress = false;           // rotated files with gzip, in the background
  LogLevel level = LogLevel::Debug;
  bool utc = false;
};

// Before the first call, lines of level Info and above go to standard error. Thread-safe; may be called again.
// Standard error gets text, coloured on a terminal, and JSON lines elsewhere. On an error the former target stays.
Status configure(const Settings&);
void set_level(LogLevel) noexcept;
LogLevel level() noexcept;
// Closes the file under a new name and starts another (SIGUSR1); with standard error does nothing.
Status rotate();
// Lines are with the operating system when write() returns; this waits for rotated files to be compressed as well.
void flush() noexcept;

Result<LogLevel> parse_level(std::string_view text);  // "debug", "info", "warn", "error"
std::string_view to_string(LogLevel) noexcept;

// One line. `sender` is the documented one ("Upload", "login", "sftpd"...); `connection_id` and `message` may be empty.
// Never blocks on a full disk: the line is dropped, and the log says so when there is space again.
void write(LogLevel, std::string_view sender, std::string_view connection_id, std::string_view message,
           std::initializer_list<LogField> fields = {}) noexcept;
// The same with fields that are known at run time only.
void write_fields(LogLevel, std::string_view sender, std::string_view connection_id, std::string_view message,
                  std::span<const LogField> fields) noexcept;

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
