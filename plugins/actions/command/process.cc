#include "process.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "child.h"

namespace slipway::command {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kTermGrace = 2s;        // between SIGTERM and SIGKILL
constexpr auto kKillGrace = 5s;        // after that the process is stuck in the kernel
constexpr auto kBlindInterval = 20ms;  // between looks at the child where pidfds are not to be had

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

}  // namespace

void end_program(const Child& child, Capture& output, Capture& errors, Leftovers& leftovers) {
  child.signal_group(SIGTERM);
  bool gone = follow(child, output, errors, -1, Clock::now() + kTermGrace);
  child.signal_group(SIGKILL);  // also what the program has started and not ended itself
  gone = gone || follow(child, output, errors, -1, Clock::now() + kKillGrace);
  if (gone)
    child.reap();
  else
    leftovers.add(child.pid());
}

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
  auto out = Pipe::make(Pipe::Ours::Read), err = Pipe::make(Pipe::Ours::Read);
  Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!out || !err || !wake.valid()) return cannot_start(spec, errno);

  pid_t pid = -1;
  {
    SpawnSetup setup;
    int error = setup.prepare(-1, out->write.get(), err->write.get());
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
    end_program(child, output, errors, leftovers);
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
