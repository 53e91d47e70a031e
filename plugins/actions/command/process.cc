#include "process.h"

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
#include <functional>
#include <optional>
#include <system_error>
#include <utility>

namespace slipway::command {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kTermGrace = 2s;        // between SIGTERM and SIGKILL
constexpr auto kKillGrace = 5s;        // after that the process is stuck in the kernel
constexpr auto kBlindInterval = 20ms;  // between looks at the child where pidfds are not to be had

std::string reason(int error) { return std::generic_category().message(error); }

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
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read, write;

  static std::optional<Pipe> make() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return std::nullopt;
    Pipe pipe{Descriptor(fds[0]), Descriptor(fds[1])};
    // Where this process has closed its own standard streams, the child's redirections would step on the pipe.
    if (pipe.write.get() <= STDERR_FILENO) pipe.write = Descriptor(::fcntl(pipe.write.get(), F_DUPFD_CLOEXEC, 3));
    if (!pipe.write.valid() || ::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) != 0) return std::nullopt;
    return pipe;
  }
};

// One stream of the child.
class Capture {
 public:
  Capture(Descriptor source, std::size_t limit) : source_(std::move(source)), limit_(limit) {}
  int fd() const { return source_.get(); }  // -1 once ended; poll() then skips it

  void read_available() {
    std::array<char, 16 * 1024> buffer;
    while (source_.valid()) {
      const ssize_t n = ::read(source_.get(), buffer.data(), buffer.size());
      if (n > 0) {
        text_.append(buffer.data(), std::min(static_cast<std::size_t>(n), limit_ - text_.size()));
      } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        source_.close();
      } else if (errno == EAGAIN) {
        return;
      }
    }
  }
  std::string take() { return std::move(text_); }

 private:
  Descriptor source_;
  std::size_t limit_;
  std::string text_;
};

// posix_spawn's two objects.
class SpawnSetup {
 public:
  SpawnSetup() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  int prepare(int output, int errors) {
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    int e = 0;
    const auto step = [&e](int result) { e = e != 0 ? e : result; };
    step(::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0));
    step(::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO));
    step(::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO));
    // Not every library marks its descriptors close-on-exec.
    step(::posix_spawn_file_actions_addclosefrom_np(&actions_, 3));
    step(::posix_spawnattr_setpgroup(&attributes_, 0));
    step(::posix_spawnattr_setsigmask(&attributes_, &none));
    step(::posix_spawnattr_setsigdefault(&attributes_, &all));
    step(::posix_spawnattr_setflags(&attributes_,
                                    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    return e;
  }
  int spawn(pid_t& pid, const ProgramSpec& spec) {
    std::vector<char*> arguments{const_cast<char*>(spec.path.c_str())}, environment;
    for (const std::string& a : spec.arguments) arguments.push_back(const_cast<char*>(a.c_str()));
    for (const std::string& e : spec.environment) environment.push_back(const_cast<char*>(e.c_str()));
    arguments.push_back(nullptr);
    environment.push_back(nullptr);
    return ::posix_spawn(&pid, spec.path.c_str(), &actions_, &attributes_, arguments.data(), environment.data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// A started child, until it is reaped. The zombie keeps the number of its process group, so signals cannot go astray.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid), pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  int pidfd() const { return pidfd_.get(); }
  bool ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid_;
  }
  void signal_group(int number) const { ::kill(-pid_, number); }
  // After ended().
  int reap() const {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
  Descriptor pidfd_;
};

// Reads both streams until the child has ended (true), `until` has come or `wake` became readable.
bool follow(const Child& child, Capture& output, Capture& errors, int wake, Clock::time_point until) {
  while (true) {
    if (child.ended()) return true;
    const auto now = Clock::now();
    if (now >= until) return false;
    auto wait = until == Clock::time_point::max() ? 3600s : std::min<Clock::duration>(until - now, 3600s);
    if (child.pidfd() < 0) wait = std::min<Clock::duration>(wait, kBlindInterval);
    pollfd fds[] = {{output.fd(), POLLIN, 0}, {errors.fd(), POLLIN, 0}, {child.pidfd(), POLLIN, 0}, {wake, POLLIN, 0}};
    ::poll(fds, std::size(fds), static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count()));
    if (fds[0].revents != 0) output.read_available();
    if (fds[1].revents != 0) errors.read_available();
    if (fds[3].revents != 0) return child.ended();
  }
}

Error cannot_start(const ProgramSpec& spec, int error) {
  return {Errc::Unavailable, spec.path, "cannot be started: " + reason(error), error == EAGAIN || error == ENOMEM};
}

}  // namespace

void Leftovers::add(pid_t pid) {
  std::lock_guard lock(mutex_);
  pids_.push_back(pid);
}

void Leftovers::reap() {
  std::lock_guard lock(mutex_);
  std::erase_if(pids_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

Result<ProgramResult> run_program(const OpContext& ctx, const ProgramSpec& spec, Leftovers& leftovers) {
  leftovers.reap();
  if (ctx.stop.stop_requested()) return Error{Errc::Cancelled, spec.path, "stopped before it was started"};
  auto out = Pipe::make(), err = Pipe::make();
  Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!out || !err || !wake.valid()) return cannot_start(spec, errno);

  pid_t pid = -1;
  {
    SpawnSetup setup;
    int error = setup.prepare(out->write.get(), err->write.get());
    if (error == 0) error = setup.spawn(pid, spec);
    if (error != 0) return cannot_start(spec, error);
  }
  const Child child(pid);
  out->write.close();
  err->write.close();
  Capture output(std::move(out->read), spec.max_output), errors(std::move(err->read), spec.max_output);

  const auto timeout_at = Clock::now() + spec.timeout;
  bool ended = false, cancelled = false;
  {
    const std::stop_callback on_stop(ctx.stop, [&wake] { ::eventfd_write(wake.get(), 1); });
    ended = follow(child, output, errors, wake.get(), std::min(timeout_at, ctx.deadline));
    cancelled = !ended && ctx.stop.stop_requested();
  }
  if (!ended) {
    child.signal_group(SIGTERM);
    bool gone = follow(child, output, errors, -1, Clock::now() + kTermGrace);
    child.signal_group(SIGKILL);  // also what the program has started and not ended itself
    gone = gone || follow(child, output, errors, -1, Clock::now() + kKillGrace);
    if (gone)
      child.reap();
    else
      leftovers.add(child.pid());
    if (cancelled) return Error{Errc::Cancelled, spec.path, "stopped before it ended"};
    if (ctx.deadline < timeout_at)
      return Error{Errc::TimedOut, spec.path, "did not end before the operation's deadline"};
    return Error{Errc::TimedOut, spec.path, "did not end within " + std::to_string(spec.timeout.count()) + " ms"};
  }
  // What it wrote just before it ended; a child of its own may hold the pipes open, so their end is not waited for.
  output.read_available();
  errors.read_available();
  const int status = child.reap();
  ProgramResult result;
  if (WIFSIGNALED(status))
    result.signal = WTERMSIG(status);
  else
    result.exit_status = WEXITSTATUS(status);
  result.output = output.take();
  result.errors = errors.take();
  return result;
}

}  // namespace slipway::command
