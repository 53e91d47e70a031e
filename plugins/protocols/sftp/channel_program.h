// What runs in a channel: the SFTP server, or a command. Bytes in, bytes out; it knows no SSH.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace slipway::sftp {

// All calls come from the connection's thread. receive() may be called while the caller sends what to_send() gave.
class ChannelProgram {
 public:
  // Ends it, and waits for what it still does elsewhere: after the stop it was made with is requested, that is soon.
  virtual ~ChannelProgram() = default;

  // Takes all of `input`, or nothing when full().
  virtual bool receive(std::span<const std::byte> input) = 0;
  // Takes all of it, full or not: part after part of what was refused, once there is headroom.
  virtual void receive_held(std::span<const std::byte> input) = 0;
  // No more input will come.
  virtual void end_of_input() = 0;
  // Goes on, outside of libssh's callbacks.
  virtual void work() = 0;
  // work() has more to do without hearing from the client.
  virtual bool has_work() const noexcept = 0;

  // What to send next; sent() takes it off. Valid until then, whatever is received meanwhile.
  virtual std::span<const std::byte> to_send() noexcept = 0;
  virtual void sent(std::size_t count) noexcept = 0;
  virtual bool has_output() const noexcept = 0;

  // Nothing more is taken until there is room again.
  virtual bool full() const noexcept = 0;
  // Whatever one pass over the socket brings can be taken without becoming full.
  virtual bool has_headroom() const noexcept = 0;

  // Set once it is over and everything was sent: the channel closes with it.
  virtual std::optional<int> exit_status() const noexcept = 0;
  // The client does not speak its protocol: the channel closes at once, without a status.
  virtual bool broken() const noexcept = 0;
  // What a draining server waits for.
  virtual bool busy() const noexcept = 0;
  // Destroying it would not wait.
  virtual bool at_rest() const noexcept = 0;
  // Nothing has come for a while: drops buffers that are empty.
  virtual void release_memory() noexcept = 0;
};

}  // namespace slipway::sftp
