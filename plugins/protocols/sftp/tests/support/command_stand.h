// Runs one command without a connection: its input written beforehand, its output kept, and files that fail on demand.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command.h"
#include "fake_session.h"
#include "slipway/server_side.h"

namespace slipway::sftp::testing {

// The client's bytes in pieces, as a network cuts them; behind them the input has ended, or the channel.
class ScriptedIo final : public CommandIo {
 public:
  Result<std::span<const std::byte>> input() override;
  void consume(std::size_t count) noexcept override { at_ += count; }
  std::span<std::byte> reserve(std::size_t count) override;
  void commit(std::size_t count) noexcept override;
  Status flush() override { return ok(); }

  std::string script;
  std::size_t piece = 1 << 20;
  bool cancelled_at_end = false;
  std::string output;
  std::size_t unread() const noexcept { return script.size() - at_; }

 private:
  std::size_t at_ = 0;
  std::vector<std::byte> room_;
};

// A plain directory whose calls fail where a test says so, and which notes what commands and files came to.
class FaultyFilesystem final : public Filesystem, public CommandNotices {
 public:
  // `call`: "stat", "list", "open", "mkdir", "attributes", "read", "write", "finish".
  using Fault = std::function<std::optional<Error>(std::string_view call, const VPath& path, std::uint64_t offset)>;
  struct Note {
    std::string name, line;
    VPath path;
    std::optional<Errc> failure;
  };

  explicit FaultyFilesystem(const std::string& root);
  Capabilities capabilities() const noexcept override { return inner_->capabilities(); }
  Result<FileInfo> stat(const OpContext&, const VPath&, Follow) override;
  Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath&) override;
  Result<std::unique_ptr<File>> open(const OpContext&, const VPath&, const OpenOptions&) override;
  Status make_dir(const OpContext&, const VPath&, std::uint32_t mode) override;
  Status set_attributes(const OpContext&, const VPath&, const FileAttributes&, Follow) override;
  Result<std::string> read_link(const OpContext& op, const VPath& path) override { return inner_->read_link(op, path); }
  void* query(std::string_view interface_id) noexcept override;
  void command_ended(const OpContext&, const Command& command) override;

  Fault fault;
  std::vector<std::string> finished;  // paths, in order
  std::vector<Note> notes;

  std::optional<Error> failure(std::string_view call, const VPath& path, std::uint64_t offset = 0) const;

 private:
  const std::unique_ptr<Filesystem> inner_;
};

// A session on a directory of its own, which goes with it.
class CommandStand {
 public:
  CommandStand();
  ~CommandStand();
  CommandStand(const CommandStand&) = delete;
  CommandStand& operator=(const CommandStand&) = delete;

  // The exit status; what the command said is in io.output.
  int run(Command& command);

  void put(const std::string& name, const std::string& content) const;
  std::string get(const std::string& name) const;
  bool has(const std::string& name) const { return std::filesystem::exists(root / name); }

  const std::filesystem::path root;
  FakeSession session;
  FaultyFilesystem& fs;
  ScriptedIo io;
};

}  // namespace slipway::sftp::testing
