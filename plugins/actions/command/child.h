// A child process and its pipes, as RAII: what runs of programs and dialogues with them are made of.
#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "slipway/result.h"

namespace slipway::command {

struct ProgramSpec;

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

// Close-on-exec; our end does not block.
struct Pipe {
  Descriptor read, write;
  enum class Ours { Read, Write };
  static std::optional<Pipe> make(Ours ours);
};

// One stream of the child.
class Capture {
 public:
  Capture(Descriptor source, std::size_t limit) : source_(std::move(source)), limit_(limit) {}
  int fd() const { return source_.get(); }  // -1 once ended; poll() then skips it
  bool ended() const { return !source_.valid(); }
  // Reads all there is; what is beyond the limit is dropped.
  void read_available();
  std::string& text() { return text_; }
  std::string take() { return std::move(text_); }

 private:
  Descriptor source_;
  std::size_t limit_;
  std::string text_;
};

// posix_spawn's two objects.
class SpawnSetup {
 public:
  SpawnSetup();
  ~SpawnSetup();
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  // The child's standard streams; `input` -1: /dev/null. Zero, or errno.
  int prepare(int input, int output, int errors);
  int spawn(pid_t& pid, const ProgramSpec& spec);

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// A started child, until it is reaped. The zombie keeps the number of its process group, so signals cannot go astray.
class Child {
 public:
  explicit Child(pid_t pid);
  int pidfd() const { return pidfd_.get(); }  // -1 where they are not to be had
  bool ended() const;
  void signal_group(int number) const { ::kill(-pid_, number); }
  int reap() const;  // after ended(): the status of waitpid(2)
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
  Descriptor pidfd_;
};

Error cannot_start(const ProgramSpec& spec, int error);

}  // namespace slipway::command
