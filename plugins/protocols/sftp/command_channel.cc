#include "command_channel.h"

#include <exception>

namespace slipway::sftp {

CommandChannel::CommandChannel(Setup setup, std::stop_token stop)
    : session_(std::move(setup.session)),
      paths_(setup.paths),
      log_(setup.log),
      command_(std::move(setup.command)),
      wake_(std::move(setup.wake)) {
  on_stop_.emplace(std::move(stop), RequestStop{stop_});
}

CommandChannel::~CommandChannel() {
  stop_.request_stop();
  thread_.join();
}

bool CommandChannel::start() {
  return thread_.start([this] { run(); });
}

// ---- the connection's thread

bool CommandChannel::receive(std::span<const std::byte> input) {
  std::lock_guard lock(mutex_);
  if (exit_status_) return true;  // nobody reads it any more
  if (refused_ || arrived_.size() >= kMaxWaiting) {
    refused_ = true;
    wants_room_ = true;
    return false;
  }
  arrived_.append(input);
  changed_.notify_all();
  return true;
}

void CommandChannel::receive_held(std::span<const std::byte> input) {
  std::lock_guard lock(mutex_);
  if (exit_status_) return;
  arrived_.append(input);
  changed_.notify_all();
}

void CommandChannel::end_of_input() {
  std::lock_guard lock(mutex_);
  input_ended_ = true;
  changed_.notify_all();
}

std::span<const std::byte> CommandChannel::to_send() noexcept {
  if (sending_.empty()) {
    std::lock_guard lock(mutex_);
    sending_.swap(output_);
    changed_.notify_all();
  }
  return sending_.data();
}

void CommandChannel::sent(std::size_t count) noexcept { sending_.consume(count); }

bool CommandChannel::has_output() const noexcept {
  if (!sending_.empty()) return true;
  std::lock_guard lock(mutex_);
  return !output_.empty();
}

bool CommandChannel::full() const noexcept {
  std::lock_guard lock(mutex_);
  const bool is_full = !exit_status_ && refused_;
  wants_room_ |= is_full;
  return is_full;
}

bool CommandChannel::has_headroom() const noexcept {
  std::lock_guard lock(mutex_);
  const bool is_low = exit_status_ || arrived_.size() < kMaxWaiting / 2;
  wants_room_ |= !is_low;
  return is_low;
}

std::optional<int> CommandChannel::exit_status() const noexcept {
  if (!sending_.empty()) return std::nullopt;
  std::lock_guard lock(mutex_);
  return output_.empty() ? exit_status_ : std::nullopt;
}

bool CommandChannel::at_rest() const noexcept {
  std::lock_guard lock(mutex_);
  return exit_status_.has_value();
}

void CommandChannel::release_memory() noexcept {
  if (sending_.empty()) sending_.release();
  std::lock_guard lock(mutex_);
  if (arrived_.empty()) arrived_.release();
  if (output_.empty()) output_.release();
}

// ---- the command's thread

void CommandChannel::run() noexcept {
  int status = 1;
  try {
    OpContext op = session_->context();
    op.stop = stop_.get_token();
    CommandContext context{*session_, paths_, log_, *this, std::move(op)};
    status = command_->run(context);
    (void)flush();  // a client that is gone needs no last words
  } catch (const std::exception& error) {
    log_.error("a command ended by an exception", {{"connection_id", session_->id()}, {"error", error.what()}});
  }
  command_.reset();
  {
    std::lock_guard lock(mutex_);
    exit_status_ = status;
  }
  wake_();
}

Error CommandChannel::cancelled() const { return {Errc::Cancelled, "command", "transfer aborted"}; }

Result<std::span<const std::byte>> CommandChannel::input() {
  if (!taken_.empty()) return taken_.data();
  SLIPWAY_TRY(flush());
  bool room = false;
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop_.get_token(), [this] { return !arrived_.empty() || input_ended_; }))
      return cancelled();
    taken_.swap(arrived_);
    room = std::exchange(wants_room_, false);
    refused_ = false;
  }
  if (room) wake_();
  return taken_.data();
}

void CommandChannel::consume(std::size_t count) noexcept { taken_.consume(count); }

Status CommandChannel::flush() {
  if (stop_.stop_requested()) return cancelled();
  if (written_.empty()) return ok();
  bool first = false;
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop_.get_token(), [this] { return output_.size() < kMaxWaiting; })) return cancelled();
    first = output_.empty();
    if (first) {
      output_.swap(written_);
    } else {
      output_.append(written_.data());
    }
  }
  written_.clear();
  // The connection's thread, once woken, sends until nothing is left.
  if (first) wake_();
  return ok();
}

}  // namespace slipway::sftp
