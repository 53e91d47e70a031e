#include "core/vfs/download_file.h"

#include <exception>
#include <utility>

#include "core/log/log.h"

namespace slipway::vfs {

using Direction = Transfer::Direction;

DownloadFile::DownloadFile(std::unique_ptr<Transfer> transfer, Place place, std::unique_ptr<File> file)
    : transfer_(std::move(transfer)), place_(std::move(place)), file_(std::move(file)) {}

DownloadFile::~DownloadFile() {
  if (ended_) return;
  const GuardState& state = transfer_->state();
  try {
    const Error error = transfer_->fail(cancelled(place_.virtual_path));
    end(cleanup_context(state.policy), &error);
  } catch (const std::exception& e) {
    log::write(LogLevel::Error, state.policy.protocol, state.policy.connection_id, "unable to end a download",
               {{"error", e.what()}});
  }
}

Result<std::size_t> DownloadFile::read_at(const OpContext& ctx, std::uint64_t offset, std::span<std::byte> out) {
  SLIPWAY_TRY(transfer_->check(ctx));
  auto read = file_->read_at(transfer_->storage_context(ctx), offset, out);
  if (!read) return transfer_->fail(about(place_.virtual_path, std::move(read).error()));
  if (*read > 0) SLIPWAY_TRY(transfer_->moved(ctx, Direction::Download, *read));
  return read;
}

Status DownloadFile::sent(const OpContext& ctx, std::size_t bytes) {
  SLIPWAY_TRY(transfer_->check(ctx));
  return transfer_->moved(ctx, Direction::Download, bytes);
}

Result<File*> DownloadFile::content(const OpContext& ctx) {
  SLIPWAY_TRY(transfer_->check(ctx));
  return file_.get();
}

Result<FileInfo> DownloadFile::stat(const OpContext& ctx) {
  auto info = about(place_.virtual_path, file_->stat(ctx));
  if (info) info->name = place_.virtual_path.name();
  return info;
}

Status DownloadFile::set_attributes(const OpContext& ctx, const FileAttributes& attributes) {
  return change_attributes(transfer_->state(), ctx, place_, attributes, Follow::Yes);
}

void* DownloadFile::query(std::string_view interface_id) noexcept {
  if (interface_id == DirectReads::kInterfaceId) return static_cast<DirectReads*>(this);
  if (interface_id == StoredContent::kInterfaceId) return static_cast<StoredContent*>(this);
  return nullptr;
}

Status DownloadFile::finish(const OpContext& ctx) {
  if (ended_) return ok();
  const Status outcome = transfer_->failed() ? transfer_->check(ctx) : ok();
  end(ctx, outcome ? nullptr : &outcome.error());
  return outcome;
}

void DownloadFile::end(const OpContext& ctx, const Error* error) {
  ended_ = true;
  GuardState& state = transfer_->state();
  const std::uint64_t bytes = transfer_->bytes(Direction::Download);
  transfer_->end();
  state.notices.log_transfer(place_,
                             {.upload = false, .bytes = bytes, .elapsed = transfer_->elapsed(), .error = error});
  const bool first = !error && bytes > 0 && state.policy.mark_first_transfer && state.policy.mark_first_transfer(false);
  for (const char* action : {"download", "first-download"}) {
    if (action[0] == 'f' && !first) break;
    if (!state.notices.wanted(action)) continue;
    Event event = state.notices.event(action, place_);
    event.file_size = bytes;
    event.elapsed = transfer_->elapsed();
    if (error) {
      event.status = error->code() == Errc::QuotaExceeded ? EventStatus::QuotaExceeded : EventStatus::Error;
      event.error = error->message();
    }
    (void)state.notices.tell(ctx, std::move(event));
  }
}

}  // namespace slipway::vfs
