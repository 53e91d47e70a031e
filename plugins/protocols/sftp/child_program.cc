#include "child_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace slipway::sftp {
namespace {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const { return fd_; }
  void set(int fd) {
    close();
    fd_ = fd;
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

Error unavailable(const std::string& path, int code) {
  return {Errc::Unavailable, path, "it cannot be started: " + std::generic_category().message(code)};
}

// posix_spawn's two objects.
class Setup {
 public:
  Setup() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;
  ~Setup() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  // Zero, or errno. A process group of its own, so that what it starts goes with it.
  int spawn(pid_t& pid, const std::string& path, const std::vector<std::string>& arguments, int output) {
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    int failed = 0;
    const auto step = [&failed](int result) { failed = failed != 0 ? failed : result; };
    step(::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0));
    step(::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO));
    step(::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO));
    step(::posix_spawn_file_actions_addclosefrom_np(&actions_, 3));
    step(::posix_spawnattr_setpgroup(&attributes_, 0));
    step(::posix_spawnattr_setsigmask(&attributes_, &none));
    step(::posix_spawnattr_setsigdefault(&attributes_, &all));
    step(::posix_spawnattr_setflags(&attributes_,
                                    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    if (failed != 0) return failed;
    std::vector<char*> words{const_cast<char*>(path.c_str())};
    for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    char* environment[] = {nullptr};
    return ::posix_spawn(&pid, path.c_str(), &actions_, &attributes_, words.data(), environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// Until it is reaped its number, and that of its group, cannot become another's.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid), ended_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { end(); }
  int ended() const { return ended_.get(); }  // readable once it has ended

  // Kills the group, what the program has left behind in it too. The status of waitpid(2).
  int end() {
    if (pid_ <= 0) return status_;
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status_;
  }
  // Once it has ended: what is left of its group goes too.
  int reap() {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    return end();
  }

 private:
  pid_t pid_;
  const Descriptor ended_;
  int status_ = 0;
};

// Reads all there is; false beyond the limit.
bool read_available(int fd, std::string& text, std::size_t limit, bool& end) {
  std::array<char, 4096> buffer;
  while (true) {
    const auto count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return true;
    if (count <= 0) {
      end = true;
      return true;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > limit) return false;
  }
}

struct Notify {
  int fd;
  void operator()() const noexcept {
    const std::uint64_t one = 1;
    (void)!::write(fd, &one, sizeof one);
  }
};

int until(std::chrono::steady_clock::time_point deadline) {
  if (deadline == std::chrono::steady_clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left, 0, 3'600'000));
}

}  // namespace

Result<ProgramOutput> run_program(const OpContext& op, const std::string& path,
                                  const std::vector<std::string>& arguments, std::size_t limit) {
  SLIPWAY_TRY(check(op, path));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return unavailable(path, errno);
  const Descriptor ours(ends[0]);
  Descriptor its(ends[1]);
  // Where this process has closed its own standard streams, the redirections would step on the pipe.
  if (its.get() <= STDERR_FILENO) its.set(::fcntl(its.get(), F_DUPFD_CLOEXEC, 3));
  const Descriptor stopped(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (its.get() < 0 || stopped.get() < 0 || ::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0)
    return unavailable(path, errno);
  const std::stop_callback on_stop(op.stop, Notify{stopped.get()});

  pid_t pid = -1;
  Setup setup;
  if (const int code = setup.spawn(pid, path, arguments, its.get()); code != 0) return unavailable(path, code);
  its.close();
  Child child(pid);
  if (child.ended() < 0) return unavailable(path, ENOSYS);

  ProgramOutput output;
  bool end = false;
  while (true) {
    pollfd events[] = {{end ? -1 : ours.get(), POLLIN, 0}, {child.ended(), POLLIN, 0}, {stopped.get(), POLLIN, 0}};
    (void)::poll(events, std::size(events), until(op.deadline));
    // A program has ended, and then what it said is there.
    const bool over = (events[1].revents & POLLIN) != 0;
    if (!end && !read_available(ours.get(), output.text, limit, end))
      return Error(Errc::TooLarge, path, "it says more than " + std::to_string(limit) + " bytes");
    if (over) break;
    SLIPWAY_TRY(check(op, path));
  }
  const int status = child.reap();
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

}  // namespace slipway::sftp
