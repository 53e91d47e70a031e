#include "scp_dialogue.h"

#include <algorithm>

namespace slipway::sftp {
namespace {

Error left() { return {Errc::Cancelled, "scp", "the client left"}; }

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void ScpDialogue::warn(std::string_view text) {
  errors_ = true;
  io_.write(scp_error_message(false, text));
}

Result<std::optional<std::string>> ScpDialogue::line() {
  std::string line;
  while (true) {
    SLIPWAY_ASSIGN(const auto input, io_.input());
    if (input.empty() && line.empty()) return std::optional<std::string>();
    if (input.empty()) return left();
    const auto text = text_of(input);
    const auto end = std::min(text.find('\n'), text.size());
    if (line.size() + end > kMaxScpLine) return Error(Errc::InvalidArgument, "scp", "message too long");
    line += text.substr(0, end);
    const bool complete = end < text.size();
    io_.consume(end + (complete ? 1 : 0));
    if (complete) return std::optional(std::move(line));
  }
}

Result<std::optional<ScpMessage>> ScpDialogue::message() {
  SLIPWAY_ASSIGN(const auto text, line());
  if (!text) return std::optional<ScpMessage>();
  SLIPWAY_ASSIGN(auto message, parse_scp_message(*text));
  return std::optional(std::move(message));
}

Result<bool> ScpDialogue::agreed() {
  SLIPWAY_ASSIGN(const auto input, io_.input());
  if (input.empty()) return left();
  const char code = text_of(input).front();
  io_.consume(1);
  if (code == '\0') return true;
  if (code != '\1' && code != '\2')
    return Error(Errc::InvalidArgument, "scp", "protocol error: lost track of the data");
  errors_ = true;
  SLIPWAY_ASSIGN(const auto text, line());
  if (code == '\2' || !text) return left();
  return false;
}

}  // namespace slipway::sftp
