#include "core/log/rotating_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/log/gzip.h"
#include "core/log/line.h"

namespace slipway::log {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kStampLength = std::string_view("2026-11-20T23-11-05.123").size();
constexpr auto kRotationRetry = std::chrono::seconds(60);

std::string stamp(std::chrono::system_clock::time_point time, bool utc) {
  std::string text = format_time(time, utc);
  std::replace(text.begin(), text.end(), ':', '-');  // a ':' in a file name confuses scp and rsync
  return text;
}

bool is_stamp(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd-dd-dd.ddd";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (kShape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != kShape[i]) return false;
  return true;
}

struct Backup {
  fs::path path;
  std::string stamp;
  bool compressed = false;
};

// Backups of `file`, newest first, and what an interrupted compression left.
std::vector<Backup> find_backups(const fs::path& file, std::vector<fs::path>& scrap) {
  const std::string prefix = file.stem().native() + "-", extension = file.extension().native();
  std::vector<Backup> backups;
  std::error_code error;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().native();
    if (!name.starts_with(prefix) || name.size() < prefix.size() + kStampLength) continue;
    const std::string_view moment = std::string_view(name).substr(prefix.size(), kStampLength);
    const std::string_view rest = std::string_view(name).substr(prefix.size() + kStampLength);
    if (!is_stamp(moment) || !rest.starts_with(extension)) continue;
    const std::string_view ending = rest.substr(extension.size());
    if (ending == ".gz.tmp")
      scrap.push_back(at->path());
    else if (ending.empty() || ending == ".gz")
      backups.push_back({at->path(), std::string(moment), !ending.empty()});
  }
  std::sort(backups.begin(), backups.end(), [](const Backup& a, const Backup& b) { return a.stamp > b.stamp; });
  return backups;
}

}  // namespace

int write_all(int fd, std::string_view text, std::size_t& written) noexcept {
  written = 0;
  while (written < text.size()) {
    const ssize_t n = ::write(fd, text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return ENOSPC;
    written += static_cast<std::size_t>(n);
  }
  return 0;
}

RotatingFile::RotatingFile(const Settings& settings)
    : path_(settings.file),
      max_size_(settings.max_size_mb * 1024 * 1024),
      max_backups_(settings.max_backups),
      max_age_days_(settings.max_age_days),
      compress_(settings.compress),
      utc_(settings.utc) {}

Result<std::shared_ptr<RotatingFile>> RotatingFile::open(const Settings& settings) {
  std::shared_ptr<RotatingFile> sink(new RotatingFile(settings));
  if (sink->path_.has_parent_path()) {
    std::error_code error;
    fs::create_directories(sink->path_.parent_path(), error);
    if (error)
      return Error(Errc::IoError, sink->path_.parent_path().native(),
                   "cannot create the log folder: " + error.message());
  }
  SLIPWAY_TRY(sink->open_file());
  if (sink->regular_) {
    sink->tidy_wanted_ = true;
    sink->tidy_ = std::jthread([raw = sink.get()](std::stop_token stop) { raw->tidy_backups(std::move(stop)); });
  }
  return sink;
}

RotatingFile::~RotatingFile() = default;

Status RotatingFile::open_file() {
  // O_NONBLOCK: a pipe without a reader must not hold the server up.
  UniqueFd file(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600));
  if (!file) return error_from_errno(errno, path_.native());
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return error_from_errno(errno, path_.native());
  file_ = std::move(file);
  regular_ = S_ISREG(facts.st_mode);
  size_ = regular_ ? static_cast<std::uint64_t>(facts.st_size) : 0;
  return ok();
}

Status RotatingFile::rotate() {
  std::lock_guard lock(mutex_);
  return rotate_locked();
}

Status RotatingFile::rotate_locked() {
  if (!regular_) return ok();
  struct stat ours {
  }, named{};
  if (::fstat(file_.get(), &ours) != 0) return error_from_errno(errno, path_.native());
  const bool moved_away =
      ::stat(path_.c_str(), &named) != 0 || named.st_ino != ours.st_ino || named.st_dev != ours.st_dev;
  if (!moved_away && ours.st_size == 0) return ok();

  fs::path backup;
  if (!moved_away) {
    const fs::path base = path_.parent_path() / path_.stem();
    // Names sort by time; two rotations in one millisecond, or a clock set back, must not upset that.
    auto moment = std::max(std::chrono::system_clock::now(), last_backup_ + std::chrono::milliseconds(1));
    std::error_code error;
    do {
      backup = base.native() + "-" + stamp(moment, utc_) + path_.extension().native();
      last_backup_ = moment;
      moment += std::chrono::milliseconds(1);
    } while (fs::exists(backup, error) || fs::exists(backup.native() + ".gz", error));
    if (::rename(path_.c_str(), backup.c_str()) != 0) return error_from_errno(errno, path_.native());
  }
  if (Status opened = open_file(); !opened) {
    // Goes on in the old file rather than nowhere.
    if (!backup.empty()) (void)::rename(backup.c_str(), path_.c_str());
    return opened;
  }
  {
    std::lock_guard lock(tidy_mutex_);
    tidy_wanted_ = true;
  }
  tidy_wake_.notify_one();
  return ok();
}

void RotatingFile::write(std::string_view text) {
  std::lock_guard lock(mutex_);
  std::string& line = line_;
  line.assign(text);
  line += '\n';
  if (max_size_ != 0 && size_ != 0 && size_ + line.size() > max_size_ &&
      std::chrono::steady_clock::now() >= next_rotation_) {
    if (Status rotated = rotate_locked(); !rotated) {
      next_rotation_ = std::chrono::steady_clock::now() + kRotationRetry;
      const std::string cause = rotated.error().message();
      const LogField fields[] = {{"error", cause}};
      append(render_json({.level = LogLevel::Error,
                          .time = std::chrono::system_clock::now(),
                          .sender = "log",
                          .message = "the log file cannot be rotated, it grows beyond its limit",
                          .fields = fields},
                         utc_) +
             '\n');
    }
  }
  // In one write with the line: on a disk that is almost full the short report alone would go on fitting.
  if (const std::uint64_t lost = std::exchange(lost_, 0); lost != 0) {
    append(lost_report(lost) + line);
    lost_ += lost_ != 0 ? lost : 0;
  } else {
    append(line);
  }
}

std::string RotatingFile::lost_report(std::uint64_t lost) const {
  const std::string cause = std::generic_category().message(lost_errno_);
  const LogField fields[] = {{"lines", lost}, {"error", cause}};
  return render_json({.level = LogLevel::Error,
                      .time = std::chrono::system_clock::now(),
                      .sender = "log",
                      .message = "log lines were lost because they could not be written",
                      .fields = fields},
                     utc_) +
         '\n';
}

void RotatingFile::append(std::string_view line) {
  std::size_t written = 0;
  if (const int error = write_all(file_.get(), line, written); error != 0) {
    // Half a line would spoil the next one. Other processes do not write here while the disk is full, or fail as we do.
    if (written != 0 && regular_) {
      struct stat facts {};
      if (::fstat(file_.get(), &facts) == 0 && static_cast<std::uint64_t>(facts.st_size) >= written)
        (void)!::ftruncate(file_.get(), facts.st_size - static_cast<off_t>(written));
    }
    ++lost_;
    lost_errno_ = error;
    return;
  }
  size_ += line.size();
}

void RotatingFile::tidy_backups(std::stop_token stop) {
  std::unique_lock lock(tidy_mutex_);
  while (tidy_wake_.wait(lock, stop, [&] { return tidy_wanted_; })) {
    tidy_wanted_ = false;
    tidy_running_ = true;
    lock.unlock();
    compress_and_prune(stop);
    lock.lock();
    tidy_running_ = false;
    tidy_done_.notify_all();
  }
}

void RotatingFile::compress_and_prune(const std::stop_token& stop) {
  std::vector<fs::path> scrap;
  std::vector<Backup> backups = find_backups(path_, scrap);
  std::error_code ignored;
  for (const fs::path& path : scrap) fs::remove(path, ignored);

  const auto oldest = fs::file_time_type::clock::now() - std::chrono::hours(24) * max_age_days_;
  std::size_t kept = 0;
  for (const Backup& backup : backups) {
    std::error_code error;
    const auto written = fs::last_write_time(backup.path, error);
    const bool too_old = max_age_days_ != 0 && !error && written < oldest;
    if (too_old || (max_backups_ != 0 && kept >= max_backups_)) {
      fs::remove(backup.path, ignored);
      continue;
    }
    ++kept;
    // On a full disk the plain file stays; the next rotation tries again.
    if (compress_ && !backup.compressed) (void)!gzip_file(backup.path, stop);
  }
}

void RotatingFile::wait_for_backups() {
  std::unique_lock lock(tidy_mutex_);
  tidy_done_.wait(lock, [&] { return !tidy_.joinable() || (!tidy_wanted_ && !tidy_running_); });
}

}  // namespace slipway::log
