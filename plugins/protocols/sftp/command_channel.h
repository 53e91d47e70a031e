// A command in a channel: it runs on a thread of its own, so that whatever it waits for holds up nobody else on the
// connection.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "byte_queue.h"
#include "channel_program.h"
#include "command.h"
#include "worker_thread.h"

namespace slipway::sftp {

class CommandChannel final : public ChannelProgram, private CommandIo {
 public:
  // Bytes that may wait in each direction; twice as many are held at most, and once what was refused meanwhile.
  static constexpr std::size_t kMaxWaiting = 1024 * 1024;

  struct Setup {
    std::unique_ptr<Session> session;
    const PathResolver& paths;
    Logger& log;
    std::unique_ptr<Command> command;
    // Ends the wait of the connection's thread; called by the command's.
    std::function<void()> wake;
  };
  // `paths`, `log` and what `wake` needs outlive the channel.
  CommandChannel(Setup setup, std::stop_token stop);
  ~CommandChannel() override;

  // False when there is no thread for it.
  bool start();

  bool receive(std::span<const std::byte> input) override;
  void receive_held(std::span<const std::byte> input) override;
  void end_of_input() override;
  void work() override {}
  bool has_work() const noexcept override { return false; }
  std::span<const std::byte> to_send() noexcept override;
  void sent(std::size_t count) noexcept override;
  bool has_output() const noexcept override;
  bool full() const noexcept override;
  bool has_headroom() const noexcept override;
  std::optional<int> exit_status() const noexcept override;
  bool broken() const noexcept override { return false; }
  bool busy() const noexcept override { return !at_rest() || has_output(); }
  bool at_rest() const noexcept override;
  void release_memory() noexcept override;

 private:
  struct RequestStop {
    std::stop_source& source;
    void operator()() const noexcept { source.request_stop(); }
  };

  // Of the command's thread.
  void run() noexcept;
  Result<std::span<const std::byte>> input() override;
  void consume(std::size_t count) noexcept override;
  std::span<std::byte> reserve(std::size_t count) override { return written_.reserve(count); }
  void commit(std::size_t count) noexcept override { written_.commit(count); }
  Status flush() override;
  Error cancelled() const;

  const std::unique_ptr<Session> session_;
  const PathResolver& paths_;
  Logger& log_;
  std::unique_ptr<Command> command_;
  const std::function<void()> wake_;
  std::stop_source stop_;
  std::optional<std::stop_callback<RequestStop>> on_stop_;

  ByteQueue sending_;          // the connection's thread
  ByteQueue taken_, written_;  // the command's

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  ByteQueue arrived_, output_;
  bool input_ended_ = false;
  bool refused_ = false;             // input was, and nothing was taken since
  mutable bool wants_room_ = false;  // the connection waits for arrived_ to shrink
  std::optional<int> exit_status_;

  WorkerThread thread_;
};

}  // namespace slipway::sftp
