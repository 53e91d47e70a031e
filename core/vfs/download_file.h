// A file that a client reads: counted, paced, and reported when it ends.
#pragma once

#include "core/vfs/range_copy.h"
#include "core/vfs/transfer.h"
#include "slipway/session.h"

namespace slipway::vfs {

class DownloadFile final : public File, private DirectReads, private StoredContent {
 public:
  DownloadFile(std::unique_ptr<Transfer> transfer, Place place, std::unique_ptr<File> file);
  // Without finish() the download ended early: an error for log and event.
  ~DownloadFile() override;

  Result<std::size_t> read_at(const OpContext& ctx, std::uint64_t offset, std::span<std::byte> out) override;
  Result<FileInfo> stat(const OpContext& ctx) override;
  Status set_attributes(const OpContext& ctx, const FileAttributes& attributes) override;
  Status finish(const OpContext& ctx) override;
  void* query(std::string_view interface_id) noexcept override;

 private:
  int fd() const noexcept override { return file_->native_fd(); }
  Result<File*> content(const OpContext& ctx) override;
  Status sent(const OpContext& ctx, std::size_t bytes) override;
  void end(const OpContext& ctx, const Error* error);

  std::unique_ptr<Transfer> transfer_;
  const Place place_;
  std::unique_ptr<File> file_;
  bool ended_ = false;
};

}  // namespace slipway::vfs
