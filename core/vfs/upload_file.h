// A file that a client writes: counted against quotas while it grows, published or cleaned up when it ends.
#pragma once

#include "core/base/lock_guarded.h"
#include "core/vfs/quota_hold.h"
#include "core/vfs/range_copy.h"
#include "core/vfs/storage_writer.h"
#include "core/vfs/transfer.h"
#include "slipway/server_side.h"

namespace slipway::vfs {

// What open has found out about an upload.
struct UploadPlan {
  Place place;
  OpenOptions options;
  std::optional<FileInfo> existing;  // what is at the path (the link's target, if it is a link) and will be changed
  bool through_link = false;
  bool fresh = true;     // starts empty: nothing of the existing content is kept
  bool readable = true;  // download permission, for a file opened for both
};

class UploadFile final : public File, private RangeCopy, private StoredContent {
 public:
  UploadFile(std::unique_ptr<Transfer> transfer, UploadPlan plan, QuotaHold hold,
             std::unique_ptr<StorageWriter> writer);
  // Without finish() the upload is abandoned: upload mode decides what stays, quota counts what is there.
  ~UploadFile() override;

  Result<std::size_t> read_at(const OpContext& ctx, std::uint64_t offset, std::span<std::byte> out) override;
  Status write_at(const OpContext& ctx, std::uint64_t offset, std::span<const std::byte> data) override;
  Result<FileInfo> stat(const OpContext& ctx) override;
  Status truncate(const OpContext& ctx, std::uint64_t size) override;
  Status set_attributes(const OpContext& ctx, const FileAttributes& attributes) override;
  Status sync(const OpContext& ctx) override;
  Status finish(const OpContext& ctx) override;
  void* query(std::string_view interface_id) noexcept override;

 private:
  Result<std::uint64_t> copy_range(const OpContext& ctx, File& source, const Range& range) override;
  Result<File*> content(const OpContext& ctx) override;

  friend Result<std::unique_ptr<File>> open_upload(const OpContext&, std::unique_ptr<Transfer>, UploadPlan, QuotaHold);
  friend std::unique_ptr<File> create_upload(const OpContext&, std::unique_ptr<Transfer>&, UploadPlan&, QuotaHold&);

  void begin();
  Status make_room(std::uint64_t size);
  void raise_size(std::uint64_t end) noexcept;
  void end_failed(const OpContext& ctx, const Error& error);
  Status end_succeeded(const OpContext& ctx);
  // Until then the path shows what was there before.
  bool appears_at_end() const noexcept;
  void measure_if_displaced();
  StorageWriter::Leave remains_after(const Error& error) const noexcept;
  CountedFile look(const OpContext& ctx, CountedFile otherwise) const;
  Status report(const OpContext& ctx, std::uint64_t size, const Error* error);
  GuardState& state() noexcept { return transfer_->state(); }

  std::unique_ptr<Transfer> transfer_;
  const UploadPlan plan_;
  std::unique_ptr<StorageWriter> writer_;
  std::atomic<std::uint64_t> size_;        // of the file as it would be if it ended now
  std::atomic<std::uint64_t> allowed_{0};  // what it may grow to without asking
  std::mutex growth_mutex_;                // hold_ while the upload runs
  QuotaHold hold_;
  LockGuarded<FileAttributes> at_end_;  // attributes to set once the content is complete
  bool ended_ = false;
  ActiveUploads::Registration registration_;
};

// Reserves quota, asks pre-upload, opens the storage's file and makes it findable by its path. The plan is permitted
// already; `hold` was made before the plan's look at the storage, and knows what was there.
Result<std::unique_ptr<File>> open_upload(const OpContext& ctx, std::unique_ptr<Transfer> transfer, UploadPlan plan,
                                          QuotaHold hold);

// The same for a file that nobody has looked for yet: the storage creates it if there is none, which saves a look that
// would find nothing nearly always. Null where it does not work out for whatever reason; then nothing has happened,
// all arguments are as before, and a look tells more.
std::unique_ptr<File> create_upload(const OpContext& ctx, std::unique_ptr<Transfer>& transfer, UploadPlan& plan,
                                    QuotaHold& hold);

}  // namespace slipway::vfs
