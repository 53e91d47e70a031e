// TARGETS: sftp_engine
//
// An SCP client's bytes, cut as the network likes: messages survive being written and read again, and whatever a
// client sends, nothing outside of its target is touched.
#include <cstdint>
#include <cstdlib>

#include "fuzz_session.h"
#include "memory_filesystem.h"
#include "scp_command.h"

namespace {

using namespace slipway;
using namespace slipway::sftp;
using namespace slipway::sftp::fuzz;

void require(bool condition) {
  if (!condition) std::abort();
}

class Silent final : public Logger {
 public:
  bool enabled(LogLevel) const noexcept override { return false; }
  void log(LogLevel, std::string_view, std::span<const LogField>) noexcept override {}
};

class PieceIo final : public CommandIo {
 public:
  PieceIo(std::span<const std::byte> input, std::size_t piece) : input_(input), piece_(piece) {}
  Result<std::span<const std::byte>> input() override { return input_.first(std::min(piece_, input_.size())); }
  void consume(std::size_t count) noexcept override { input_ = input_.subspan(count); }
  std::span<std::byte> reserve(std::size_t count) override {
    room_.resize(std::max(room_.size(), count));
    return std::span(room_).first(count);
  }
  void commit(std::size_t count) noexcept override { written += count; }
  Status flush() override { return ok(); }

  std::size_t written = 0;

 private:
  std::span<const std::byte> input_;
  const std::size_t piece_;
  std::vector<std::byte> room_;
};

void check_messages(std::string_view text) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto message = parse_scp_message(line);
    if (!message) continue;
    const bool file = message->type == ScpMessage::Type::File;
    if (!file && message->type != ScpMessage::Type::Directory) continue;
    require(!message->name.empty() && message->name.find('/') == std::string::npos);
    require(message->name != "." && message->name != "..");
    const auto again = file ? scp_file_message(message->mode, message->size, message->name)
                            : scp_directory_message(message->mode, message->name);
    require(again.find('\n') == again.size() - 1);
    const auto same = parse_scp_message(std::string_view(again).substr(0, again.size() - 1));
    require(same && same->name == message->name && same->mode == message->mode);
    require(!file || same->size == message->size);
  }
}

void converse(std::vector<std::string> arguments, std::span<const std::byte> input, std::size_t piece) {
  static const Paths paths;
  static Silent log;
  slipway::fuzz::FuzzSession<MemoryFilesystem> session;
  PieceIo io(input, piece);
  CommandContext context{session, paths, log, io, OpContext()};
  make_scp_command(std::move(arguments))->run(context);
  for (const auto& path : session.fs().touched()) require(VPath(path).is_within(VPath("/in")) || path == "/f");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  const auto input = std::as_bytes(std::span(data + 1, size - 1));
  check_messages({reinterpret_cast<const char*>(data + 1), size - 1});
  converse({"-r", "-p", "-t", "/in"}, input, piece);
  converse({"-t", "/in/new"}, input, 4096);
  converse({"-r", "-d", "-t", "/in/"}, input, piece);
  converse({"-r", "-p", "-f", "/in", "/f"}, input, piece);
  return 0;
}
