// The file behind the server's log: rotation by size, a number of backups, their age, gzip.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/brief_mutex.h"
#include "core/base/unique_fd.h"
#include "core/log/log.h"
#include "slipway/result.h"

namespace slipway::log {

// Appends each line with one write, so that several processes may share the file and nothing is lost in a crash.
// A write that fails drops the line and is counted; the first line that can be written again is preceded by one that
// says how many were lost. Never waits for space. Backups are named like the file, with the moment of rotation:
// "slipway.log" becomes "slipway-2026-11-20T23-11-05.123.log"; the oldest ones beyond `max_backups` and those older
// than `max_age_days` are removed; compression happens on a thread of its own. Thread-safe.
class RotatingFile {
 public:
  // Opens, creating the file with mode 0600 and its folder when missing; an existing file is continued.
  static Result<std::shared_ptr<RotatingFile>> open(const Settings&);
  // Breaks a running compression off; the next start does it again.
  ~RotatingFile();
  RotatingFile(const RotatingFile&) = delete;
  RotatingFile& operator=(const RotatingFile&) = delete;

  // `line` without its end.
  void write(std::string_view line);

  // Closes the file under a new name and starts another. A file that somebody moved away is simply started anew; one
  // that is not a regular file (a pipe, /dev/null) stays as it is.
  Status rotate();
  // Returns when the backups made so far are compressed and the surplus ones removed.
  void wait_for_backups();

 private:
  explicit RotatingFile(const Settings&);
  Status open_file();
  Status rotate_locked();
  void append(std::string_view line);
  std::string lost_report(std::uint64_t lost) const;
  void tidy_backups(std::stop_token);
  void compress_and_prune(const std::stop_token&);

  const std::filesystem::path path_;
  const std::uint64_t max_size_;  // bytes; 0: no limit
  const unsigned max_backups_;    // 0: all are kept
  const unsigned max_age_days_;   // 0: no limit
  const bool compress_;
  const bool utc_;

  BriefMutex mutex_;  // guards what follows
  UniqueFd file_;
  std::string line_;  // the one that is written; its memory is kept for the next
  std::uint64_t size_ = 0;
  bool regular_ = true;
  std::uint64_t lost_ = 0;
  int lost_errno_ = 0;
  std::chrono::system_clock::time_point last_backup_{};
  std::chrono::steady_clock::time_point next_rotation_{};  // after a failed one

  std::mutex tidy_mutex_;
  std::condition_variable_any tidy_wake_;
  std::condition_variable tidy_done_;
  bool tidy_wanted_ = false, tidy_running_ = false;  // guarded by tidy_mutex_
  std::jthread tidy_;                                // last: it uses everything above
};

// Writes all of it, or says why not. `written` counts what arrived.
int write_all(int fd, std::string_view text, std::size_t& written) noexcept;

}  // namespace slipway::log
