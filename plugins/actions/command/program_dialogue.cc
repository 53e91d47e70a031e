#include "program_dialogue.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "slipway/work_gate.h"

namespace slipway::command {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxLine = 64 * 1024;
constexpr std::size_t kMaxErrors = 16 * 1024;

}  // namespace

Result<std::unique_ptr<ProgramDialogue>> ProgramDialogue::start(ProgramSpec spec, std::stop_token stop,
                                                                Leftovers& leftovers) {
  leftovers.reap();
  auto in = Pipe::make(Pipe::Ours::Write), out = Pipe::make(Pipe::Ours::Read), err = Pipe::make(Pipe::Ours::Read);
  if (!in || !out || !err) return cannot_start(spec, errno);
  pid_t pid = -1;
  SpawnSetup setup;
  int error = setup.prepare(in->read.get(), out->write.get(), err->write.get());
  if (error == 0) error = setup.spawn(pid, spec);
  if (error != 0) return cannot_start(spec, error);
  return std::unique_ptr<ProgramDialogue>(
      new ProgramDialogue(std::move(spec), std::move(stop), leftovers, pid, std::move(in->write),
                          Capture(std::move(out->read), 2 * kMaxLine), Capture(std::move(err->read), kMaxErrors)));
}

ProgramDialogue::ProgramDialogue(ProgramSpec spec, std::stop_token stop, Leftovers& leftovers, pid_t pid,
                                 Descriptor input, Capture output, Capture errors)
    : spec_(std::move(spec)),
      end_(Clock::now() + spec_.timeout),
      stop_(std::move(stop)),
      leftovers_(leftovers),
      child_(pid),
      input_(std::move(input)),
      output_(std::move(output)),
      errors_(std::move(errors)) {}

ProgramDialogue::~ProgramDialogue() {
  input_.close();
  if (child_.ended())
    child_.reap();
  else
    end_program(child_, output_, errors_, leftovers_);
}

Error ProgramDialogue::ended() const {
  std::string cause = "it says no more";
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(child_.pid()), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0)
    cause += (info.si_code == CLD_EXITED ? ", exit status " : ", killed by signal ") + std::to_string(info.si_status);
  return {Errc::Unavailable, spec_.path, std::move(cause)};
}

Status ProgramDialogue::wait(const OpContext& ctx, bool writing) {
  const EitherStop either(ctx.stop, stop_);
  Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return cannot_start(spec_, errno);
  const auto token = either.token();
  const std::stop_callback on_stop(token, [&wake] { ::eventfd_write(wake.get(), 1); });
  const auto until = std::min(end_, ctx.deadline);
  const auto now = Clock::now();
  if (token.stop_requested()) return Error(Errc::Cancelled, spec_.path, "stopped before it ended");
  if (now >= until)
    return Error(Errc::TimedOut, spec_.path, "did not end within " + std::to_string(spec_.timeout.count()) + " ms");
  pollfd fds[] = {{output_.fd(), POLLIN, 0},
                  {errors_.fd(), POLLIN, 0},
                  {wake.get(), POLLIN, 0},
                  {writing ? input_.get() : -1, POLLOUT, 0}};
  const auto left = std::min<Clock::duration>(until - now, std::chrono::hours(1));
  ::poll(fds, std::size(fds), static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
  if (fds[1].revents != 0) errors_.read_available();
  return ok();
}

Result<std::string> ProgramDialogue::read_line(const OpContext& ctx) {
  while (true) {
    output_.read_available();
    std::string& text = output_.text();
    const auto end = text.find('\n');
    if (std::min(end, text.size()) > kMaxLine)
      return Error(Errc::TooLarge, spec_.path, "wrote a line that is longer than 64 KiB");
    if (end != std::string::npos) {
      std::string line = text.substr(0, end);
      text.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    if (output_.ended()) {
      if (text.empty()) return ended();
      return std::exchange(text, {});  // the last line may have no end
    }
    SLIPWAY_TRY(wait(ctx, false));
  }
}

Status ProgramDialogue::write_line(const OpContext& ctx, std::string_view line) {
  std::string left(line);
  left += '\n';
  while (!left.empty()) {
    const ssize_t n = ::write(input_.get(), left.data(), left.size());
    if (n > 0) {
      left.erase(0, static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      SLIPWAY_TRY(wait(ctx, true));
      output_.read_available();  // it may wait for us to read
    } else if (errno != EINTR) {
      return ended();
    }
  }
  return ok();
}

}  // namespace slipway::command
