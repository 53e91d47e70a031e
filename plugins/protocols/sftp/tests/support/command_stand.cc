#include "command_stand.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "posix_filesystem.h"

namespace slipway::sftp::testing {
namespace {

class Silent final : public Logger {
 public:
  bool enabled(LogLevel) const noexcept override { return false; }
  void log(LogLevel, std::string_view, std::span<const LogField>) noexcept override {}
};

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyFilesystem& fs, VPath path, std::unique_ptr<File> inner)
      : fs_(fs), path_(std::move(path)), inner_(std::move(inner)) {}

  Result<std::size_t> read_at(const OpContext& op, std::uint64_t offset, std::span<std::byte> out) override {
    if (auto error = fs_.failure("read", path_, offset)) return *std::move(error);
    return inner_->read_at(op, offset, out);
  }
  Status write_at(const OpContext& op, std::uint64_t offset, std::span<const std::byte> data) override {
    if (auto error = fs_.failure("write", path_, offset)) return *std::move(error);
    return inner_->write_at(op, offset, data);
  }
  Result<FileInfo> stat(const OpContext& op) override { return inner_->stat(op); }
  Status set_attributes(const OpContext& op, const FileAttributes& change) override {
    if (auto error = fs_.failure("attributes", path_)) return *std::move(error);
    return inner_->set_attributes(op, change);
  }
  Status finish(const OpContext& op) override {
    if (auto error = fs_.failure("finish", path_)) return *std::move(error);
    fs_.finished.push_back(path_.str());
    return inner_->finish(op);
  }

 private:
  FaultyFilesystem& fs_;
  const VPath path_;
  const std::unique_ptr<File> inner_;
};

std::filesystem::path new_directory() {
  auto name = (std::filesystem::temp_directory_path() / "slipway-command-XXXXXX").string();
  return ::mkdtemp(name.data()) == nullptr ? std::filesystem::path() : std::filesystem::path(name);
}

}  // namespace

Result<std::span<const std::byte>> ScriptedIo::input() {
  const auto rest = std::as_bytes(std::span(script)).subspan(at_);
  if (rest.empty() && cancelled_at_end) return Error(Errc::Cancelled, "channel", "it was closed");
  return rest.first(std::min(piece, rest.size()));
}

std::span<std::byte> ScriptedIo::reserve(std::size_t count) {
  room_.resize(std::max(room_.size(), count));
  return std::span(room_).first(count);
}

void ScriptedIo::commit(std::size_t count) noexcept {
  output.append(reinterpret_cast<const char*>(room_.data()), count);
}

FaultyFilesystem::FaultyFilesystem(const std::string& root) : inner_(make_posix_filesystem(root)) {}

std::optional<Error> FaultyFilesystem::failure(std::string_view call, const VPath& path, std::uint64_t offset) const {
  return fault ? fault(call, path, offset) : std::nullopt;
}

Result<FileInfo> FaultyFilesystem::stat(const OpContext& op, const VPath& path, Follow follow) {
  if (auto error = failure("stat", path)) return *std::move(error);
  return inner_->stat(op, path, follow);
}

Result<std::unique_ptr<DirCursor>> FaultyFilesystem::list(const OpContext& op, const VPath& path) {
  if (auto error = failure("list", path)) return *std::move(error);
  return inner_->list(op, path);
}

Result<std::unique_ptr<File>> FaultyFilesystem::open(const OpContext& op, const VPath& path,
                                                     const OpenOptions& options) {
  if (auto error = failure("open", path)) return *std::move(error);
  SLIPWAY_ASSIGN(auto file, inner_->open(op, path, options));
  return std::make_unique<FaultyFile>(*this, path, std::move(file));
}

Status FaultyFilesystem::make_dir(const OpContext& op, const VPath& path, std::uint32_t mode) {
  if (auto error = failure("mkdir", path)) return *std::move(error);
  return inner_->make_dir(op, path, mode);
}

Status FaultyFilesystem::set_attributes(const OpContext& op, const VPath& path, const FileAttributes& change,
                                        Follow follow) {
  if (auto error = failure("attributes", path)) return *std::move(error);
  return inner_->set_attributes(op, path, change, follow);
}

void* FaultyFilesystem::query(std::string_view interface_id) noexcept {
  return interface_id == CommandNotices::kInterfaceId ? static_cast<CommandNotices*>(this) : nullptr;
}

void FaultyFilesystem::command_ended(const OpContext&, const Command& command) {
  notes.push_back({std::string(command.name), std::string(command.line), command.path,
                   command.failure ? std::optional(command.failure->code()) : std::nullopt});
}

CommandStand::CommandStand()
    : root(new_directory()),
      session(std::make_unique<FaultyFilesystem>(root.string()), "id", "anna"),
      fs(static_cast<FaultyFilesystem&>(session.fs())) {}

CommandStand::~CommandStand() {
  std::error_code ignored;
  if (!root.empty()) std::filesystem::remove_all(root, ignored);
}

int CommandStand::run(Command& command) {
  Silent log;
  const LexicalPaths paths;
  CommandContext context{session, paths, log, io, session.context()};
  return command.run(context);
}

void CommandStand::put(const std::string& name, const std::string& content) const {
  std::filesystem::create_directories((root / name).parent_path());
  std::ofstream(root / name, std::ios::binary) << content;
}

std::string CommandStand::get(const std::string& name) const {
  std::ostringstream content;
  content << std::ifstream(root / name, std::ios::binary).rdbuf();
  return content.str();
}

}  // namespace slipway::sftp::testing
