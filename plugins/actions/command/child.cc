#include "child.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "process.h"

namespace slipway::command {

void Descriptor::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::optional<Pipe> Pipe::make(Ours ours) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return std::nullopt;
  Pipe pipe{Descriptor(fds[0]), Descriptor(fds[1])};
  Descriptor& mine = ours == Ours::Read ? pipe.read : pipe.write;
  Descriptor& its = ours == Ours::Read ? pipe.write : pipe.read;
  // Where this process has closed its own standard streams, the child's redirections would step on the pipe.
  if (its.get() <= STDERR_FILENO) its = Descriptor(::fcntl(its.get(), F_DUPFD_CLOEXEC, 3));
  if (!its.valid() || ::fcntl(mine.get(), F_SETFL, O_NONBLOCK) != 0) return std::nullopt;
  return pipe;
}

void Capture::read_available() {
  std::array<char, 16 * 1024> buffer;
  while (source_.valid()) {
    const ssize_t n = ::read(source_.get(), buffer.data(), buffer.size());
    if (n > 0) {
      text_.append(buffer.data(), std::min(static_cast<std::size_t>(n), limit_ - std::min(limit_, text_.size())));
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
      source_.close();
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

SpawnSetup::SpawnSetup() {
  ::posix_spawn_file_actions_init(&actions_);
  ::posix_spawnattr_init(&attributes_);
}

SpawnSetup::~SpawnSetup() {
  ::posix_spawn_file_actions_destroy(&actions_);
  ::posix_spawnattr_destroy(&attributes_);
}

int SpawnSetup::prepare(int input, int output, int errors) {
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  int e = 0;
  const auto step = [&e](int result) { e = e != 0 ? e : result; };
  step(input < 0 ? ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
                 : ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO));
  step(::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO));
  step(::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO));
  // Not every library marks its descriptors close-on-exec.
  step(::posix_spawn_file_actions_addclosefrom_np(&actions_, 3));
  step(::posix_spawnattr_setpgroup(&attributes_, 0));
  step(::posix_spawnattr_setsigmask(&attributes_, &none));
  step(::posix_spawnattr_setsigdefault(&attributes_, &all));
  step(
      ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  return e;
}

int SpawnSetup::spawn(pid_t& pid, const ProgramSpec& spec) {
  std::vector<char*> arguments{const_cast<char*>(spec.path.c_str())}, environment;
  for (const std::string& a : spec.arguments) arguments.push_back(const_cast<char*>(a.c_str()));
  for (const std::string& e : spec.environment) environment.push_back(const_cast<char*>(e.c_str()));
  arguments.push_back(nullptr);
  environment.push_back(nullptr);
  return ::posix_spawn(&pid, spec.path.c_str(), &actions_, &attributes_, arguments.data(), environment.data());
}

Child::Child(pid_t pid) : pid_(pid), pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

bool Child::ended() const {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid_;
}

int Child::reap() const {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

Error cannot_start(const ProgramSpec& spec, int error) {
  return {Errc::Unavailable, spec.path, "cannot be started: " + std::generic_category().message(error),
          error == EAGAIN || error == ENOMEM};
}

}  // namespace slipway::command
