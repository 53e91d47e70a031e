// The SCP dialogue on a command's streams: lines, acknowledgements, errors.
#pragma once

#include <optional>
#include <string>

#include "command.h"
#include "scp_protocol.h"

namespace slipway::sftp {

// One thread. Every Result's error means that the dialogue is over: the client left, does not keep to the protocol, or
// sent a fatal error.
class ScpDialogue {
 public:
  explicit ScpDialogue(CommandIo& io) : io_(io) {}

  // The next message; nothing when the client has ended its input.
  Result<std::optional<ScpMessage>> message();
  // One byte, and the text behind it when it is an error: true when the client agrees, false for a warning.
  Result<bool> agreed();

  void agree() { io_.write(std::string_view("\0", 1)); }
  // The dialogue goes on behind it.
  void warn(std::string_view text);
  // The last word.
  void fail(std::string_view text) { io_.write(scp_error_message(true, text)); }
  // Whether either side has warned.
  bool had_errors() const noexcept { return errors_; }
  void count_error() noexcept { errors_ = true; }

 private:
  // Nothing at the end of input.
  Result<std::optional<std::string>> line();

  CommandIo& io_;
  bool errors_ = false;
};

}  // namespace slipway::sftp
