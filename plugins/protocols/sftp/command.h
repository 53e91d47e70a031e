// A command that a client has executed over SSH, and what it sees of its channel.
#pragma once

#include <span>
#include <string_view>

#include "slipway/session.h"

namespace slipway::sftp {

// The channel as a command's thread sees it; that thread only.
class CommandIo {
 public:
  // What has come and was not consumed: at least one byte, unless the input has ended. Sends first what was written.
  // Cancelled when the channel or the session ends. Valid until consume() or the next call.
  virtual Result<std::span<const std::byte>> input() = 0;
  virtual void consume(std::size_t count) noexcept = 0;

  // Room for `count` bytes of output, of which commit() makes the first ones part of it.
  virtual std::span<std::byte> reserve(std::size_t count) = 0;
  virtual void commit(std::size_t count) noexcept = 0;
  // Passes on what was written, as soon as the client has taken enough. Cancelled as for input().
  virtual Status flush() = 0;

  void write(std::string_view text);

 protected:
  ~CommandIo() = default;
};

// All of it lives as long as the command runs.
struct CommandContext {
  Session& session;
  const PathResolver& paths;
  Logger& log;
  CommandIo& io;
  OpContext op;  // stops with the channel
};

class Command {
 public:
  virtual ~Command() = default;
  // Blocks as long as it takes; on a thread of its own. The exit status for the client.
  virtual int run(CommandContext& context) = 0;
};

// An error as the clients of compatible servers know it, without names: "permission denied".
std::string client_text(const Error& error);

}  // namespace slipway::sftp
