#include "support/http/file_source.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace slipway::http {
namespace {

class SessionFile final : public FileSource {
 public:
  SessionFile(std::unique_ptr<File> file, OpContext context, bool is_immediate)
      : file_(std::move(file)),
        context_(std::move(context)),
        direct_(static_cast<DirectReads*>(file_->query(DirectReads::kInterfaceId))),
        is_immediate_(is_immediate) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    return file_->read_at(context_, offset, out);
  }
  int fd() const noexcept override { return direct_ == nullptr ? -1 : direct_->fd(); }
  Status sent(std::size_t bytes) override { return direct_ == nullptr ? ok() : direct_->sent(context_, bytes); }
  bool is_immediate() const noexcept override { return is_immediate_; }

 private:
  const std::unique_ptr<File> file_;
  const OpContext context_;
  DirectReads* const direct_;
  const bool is_immediate_;
};

class LocalFile final : public FileSource {
 public:
  explicit LocalFile(int fd) : fd_(fd) {}
  ~LocalFile() override { ::close(fd_); }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    std::size_t filled = 0;
    while (filled < out.size()) {
      const auto count = ::pread(fd_, out.data() + filled, out.size() - filled, static_cast<off_t>(offset + filled));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return Error(Errc::IoError, "read", std::strerror(errno));
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    return filled;
  }
  int fd() const noexcept override { return fd_; }
  bool is_immediate() const noexcept override { return true; }

 private:
  const int fd_;
};

}  // namespace

std::unique_ptr<FileSource> make_file_source(std::unique_ptr<File> file, OpContext context, bool is_immediate) {
  return std::make_unique<SessionFile>(std::move(file), std::move(context), is_immediate);
}

std::unique_ptr<FileSource> make_file_source(int fd) { return std::make_unique<LocalFile>(fd); }

}  // namespace slipway::http
