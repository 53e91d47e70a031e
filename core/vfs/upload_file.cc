#include "core/vfs/upload_file.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

#include "core/log/log.h"

namespace slipway::vfs {
namespace {

using Direction = Transfer::Direction;
using Leave = StorageWriter::Leave;

// Quota is reserved in steps, so that the account's lock is taken once a step and not once a block.
constexpr std::uint64_t kReservationStep = 1u << 20;
constexpr std::uint64_t kCopyStep = 16u << 20;  // of one call of copy_range
constexpr std::uint64_t kLargestFile = std::numeric_limits<std::int64_t>::max() / 2;

// The flags of Linux, which hooks know.
int event_open_flags(const OpenOptions& options) noexcept {
  int flags = options.read ? 2 : 1;
  if (options.create) flags |= 0x40;
  if (options.exclusive) flags |= 0x80;
  if (options.truncate) flags |= 0x200;
  return flags;
}

// A link's target has no name that a staged file could take, and what is kept of an existing file is changed in place.
bool is_staged(const GuardState& state, const UploadPlan& plan) noexcept {
  return state.policy.upload_mode != UploadMode::Direct && plan.fresh && !plan.through_link &&
         can_stage(plan.place.fs().capabilities());
}

// Whoever meets the creation of the same file waits for its end, hence only where that is soon.
bool may_create_first(const GuardState& state, const UploadPlan& plan) noexcept {
  const Capabilities abilities = plan.place.fs().capabilities();
  return plan.options.create && has(abilities, Capability::Immediate) && has(abilities, Capability::RealDirectories) &&
         !has(abilities, Capability::CommitOnFinish) && (!plan.options.read || has(abilities, Capability::ReadWrite)) &&
         !is_staged(state, plan) && !state.notices.wanted("pre-upload");
}

}  // namespace

UploadFile::UploadFile(std::unique_ptr<Transfer> transfer, UploadPlan plan, QuotaHold hold,
                       std::unique_ptr<StorageWriter> writer)
    : transfer_(std::move(transfer)),
      plan_(std::move(plan)),
      writer_(std::move(writer)),
      size_(plan_.fresh || !plan_.existing ? 0 : plan_.existing->size),
      hold_(std::move(hold)) {}

UploadFile::~UploadFile() {
  if (ended_) return;
  const Policy& policy = state().policy;
  try {
    registration_.end();
    const Error error = transfer_->fail(cancelled(plan_.place.virtual_path));
    end_failed(cleanup_context(policy), error);
  } catch (const std::exception& e) {
    log::write(LogLevel::Error, policy.protocol, policy.connection_id, "unable to end an upload",
               {{"error", e.what()}});
  }
}

void UploadFile::begin() {
  if (!appears_at_end() && !plan_.through_link) hold_.follow();
  state().uploads.add(plan_.place.virtual_path, *this, registration_);
}

Result<std::size_t> UploadFile::read_at(const OpContext& ctx, std::uint64_t offset, std::span<std::byte> out) {
  if (!plan_.options.read) return not_supported(plan_.place.virtual_path, "the file is not open for reading");
  if (!plan_.readable) return denied(plan_.place.virtual_path);
  SLIPWAY_TRY(transfer_->check(ctx));
  auto read = about(plan_.place.virtual_path, writer_->file().read_at(transfer_->storage_context(ctx), offset, out));
  if (read && *read > 0) SLIPWAY_TRY(transfer_->moved(ctx, Direction::Download, *read));
  return read;
}

Status UploadFile::write_at(const OpContext& ctx, std::uint64_t offset, std::span<const std::byte> data) {
  SLIPWAY_TRY(transfer_->check(ctx));
  const std::uint64_t end = offset + data.size();
  if (end < offset || end > kLargestFile)
    return Error(Errc::InvalidArgument, "write", "the position is beyond the largest possible file");
  if (end > allowed_.load(std::memory_order_relaxed)) SLIPWAY_TRY(make_room(end));
  SLIPWAY_TRY(transfer_->moved(ctx, Direction::Upload, data.size()));
  Status written = writer_->file().write_at(transfer_->storage_context(ctx), offset, data);
  if (!written) return transfer_->fail(about(plan_.place.virtual_path, std::move(written).error()));
  raise_size(end);
  return ok();
}

// Also called by open_upload, before anybody else knows the file.
Status UploadFile::make_room(std::uint64_t size) {
  const auto maximum = static_cast<std::uint64_t>(std::max<std::int64_t>(0, state().policy.max_upload_size));
  std::lock_guard lock(growth_mutex_);
  if (size <= allowed_.load(std::memory_order_relaxed)) return ok();
  if (maximum > 0 && size > maximum) return transfer_->fail(over_write_quota(plan_.place.virtual_path));
  const auto allowed = hold_.allow(size, kReservationStep);
  if (!allowed) return transfer_->fail(over_write_quota(plan_.place.virtual_path));
  allowed_.store(maximum > 0 ? std::min(*allowed, maximum) : *allowed, std::memory_order_relaxed);
  return ok();
}

void UploadFile::raise_size(std::uint64_t end) noexcept {
  std::uint64_t size = size_.load(std::memory_order_relaxed);
  while (size < end && !size_.compare_exchange_weak(size, end, std::memory_order_relaxed)) {
  }
}

void* UploadFile::query(std::string_view interface_id) noexcept {
  if (interface_id == RangeCopy::kInterfaceId) return static_cast<RangeCopy*>(this);
  if (interface_id == StoredContent::kInterfaceId) return static_cast<StoredContent*>(this);
  return nullptr;
}

Result<File*> UploadFile::content(const OpContext& ctx) {
  if (!plan_.options.read) return not_supported(plan_.place.virtual_path, "the file is not open for reading");
  if (!plan_.readable) return denied(plan_.place.virtual_path);
  SLIPWAY_TRY(transfer_->check(ctx));
  return &writer_->file();
}

Result<std::uint64_t> UploadFile::copy_range(const OpContext& ctx, File& source, const Range& range) {
  auto* stored = static_cast<StoredContent*>(source.query(StoredContent::kInterfaceId));
  if (stored == nullptr) return Error(Errc::InvalidArgument, "copy", "the source is no file of this session");
  SLIPWAY_ASSIGN(File * from, stored->content(ctx));
  SLIPWAY_TRY(transfer_->check(ctx));
  // Room is taken for what is there, not for what was asked for.
  SLIPWAY_ASSIGN(const FileInfo info, from->stat(ctx));
  if (range.source_offset >= info.size) return std::uint64_t{0};
  const std::uint64_t length = std::min({range.length, info.size - range.source_offset, kCopyStep});
  const std::uint64_t end = range.target_offset + length;
  if (end < length || end > kLargestFile)
    return Error(Errc::InvalidArgument, "copy", "the position is beyond the largest possible file");
  if (end > allowed_.load(std::memory_order_relaxed)) SLIPWAY_TRY(make_room(end));
  auto copied = copy_content(transfer_->storage_context(ctx), *from, range.source_offset, writer_->file(),
                             range.target_offset, length);
  if (!copied) return transfer_->fail(about(plan_.place.virtual_path, std::move(copied).error()));
  raise_size(range.target_offset + *copied);
  transfer_->copied(*copied);
  return copied;
}

Result<FileInfo> UploadFile::stat(const OpContext& ctx) {
  auto info = about(plan_.place.virtual_path, writer_->file().stat(ctx));
  if (!info) return info;
  info->name = plan_.place.virtual_path.name();
  info->size = std::max(info->size, size_.load(std::memory_order_relaxed));
  const FileAttributes late = at_end_.with([](const FileAttributes& kept) { return kept; });
  info->mtime = late.mtime.value_or(info->mtime);
  info->atime = late.atime.value_or(info->atime);
  info->mode = late.mode.value_or(info->mode);
  return info;
}

Status UploadFile::truncate(const OpContext& ctx, std::uint64_t size) {
  SLIPWAY_TRY(transfer_->check(ctx));
  if (size > kLargestFile) return Error(Errc::InvalidArgument, "truncate", "larger than the largest possible file");
  if (size > allowed_.load(std::memory_order_relaxed)) SLIPWAY_TRY(make_room(size));
  Status done = writer_->file().truncate(transfer_->storage_context(ctx), size);
  // Clients set an upload's size before its first or after its last byte; a store that cannot has nothing to do then.
  if (!done && done.code() == Errc::NotSupported && size == size_.load(std::memory_order_relaxed)) return ok();
  if (!done) return about(plan_.place.virtual_path, std::move(done));
  size_.store(size, std::memory_order_relaxed);
  state().notices.log_command("Truncate", plan_.place, {.size = static_cast<std::int64_t>(size)});
  return ok();
}

Status UploadFile::set_attributes(const OpContext& ctx, const FileAttributes& attributes) {
  SLIPWAY_TRY(transfer_->check(ctx));
  FileAttributes late;  // what the file cannot take while it is open, and times, which later writes change again
  SLIPWAY_TRY(change_attributes(state(), ctx, plan_.place, attributes, Follow::Yes, {&writer_->file(), &late}));
  writer_->attributes_were_set(attributes);
  at_end_.with([&](FileAttributes& kept) {
    if (late.mode) kept.mode = late.mode;
    if (late.uid) kept.uid = late.uid;
    if (late.gid) kept.gid = late.gid;
    if (late.atime) kept.atime = late.atime;
    if (late.mtime) kept.mtime = late.mtime;
  });
  return ok();
}

Status UploadFile::sync(const OpContext& ctx) {
  SLIPWAY_TRY(transfer_->check(ctx));
  return about(plan_.place.virtual_path, writer_->file().sync(transfer_->storage_context(ctx)));
}

Status UploadFile::finish(const OpContext& ctx) {
  if (ended_) return Error(Errc::InvalidArgument, "finish", "the upload has ended already");
  registration_.end();
  Status outcome = transfer_->check(ctx);
  measure_if_displaced();
  hold_.begin_change();
  // What it replaces may have been removed since it was opened, and with it the room.
  if (outcome && appears_at_end() && !hold_.allow(size_.load(std::memory_order_relaxed), 0))
    outcome = over_write_quota(plan_.place.virtual_path);
  if (outcome) outcome = about(plan_.place.virtual_path, writer_->commit(transfer_->storage_context(ctx)));
  if (outcome) return end_succeeded(ctx);
  const Error error = transfer_->fail(std::move(outcome).error());
  end_failed(cleanup_context(state().policy), error);
  return error;
}

Status UploadFile::end_succeeded(const OpContext& ctx) {
  ended_ = true;
  const FileAttributes late = at_end_.with([](const FileAttributes& kept) { return kept; });
  // Under the name it had there may be another file now.
  const bool displaced = hold_.displaced();
  if (!displaced && (late.mode || late.uid || late.gid || late.atime || late.mtime))
    (void)plan_.place.fs().set_attributes(ctx, plan_.place.path, late, Follow::Yes);
  const CountedFile now{true, static_cast<std::int64_t>(size_.load(std::memory_order_relaxed))};
  hold_.settle(
      now, [&] { return look(ctx, now); }, appears_at_end() ? Identity::Another : Identity::Same);
  transfer_->end();

  Status answer = report(ctx, static_cast<std::uint64_t>(now.size), nullptr);
  if (answer) return ok();
  // A synchronous handler refused what has arrived: it must not stay.
  const Error answered =
      refused(answer.code(), plan_.place.virtual_path, "upload refused: " + answer.error().message());
  if (displaced) return answered;
  const OpContext cleanup = cleanup_context(state().policy);
  Filesystem& fs = plan_.place.fs();
  // Removing a link would leave the content that it leads to.
  const Status removed = plan_.through_link ? fs.set_attributes(cleanup, plan_.place.path, {.size = 0}, Follow::Yes)
                                            : fs.remove(cleanup, plan_.place.path);
  const CountedFile left{plan_.through_link, 0};
  if (removed)
    hold_.settle(
        left, [&] { return look(cleanup, left); }, Identity::Another);
  return answered;
}

void UploadFile::end_failed(const OpContext& ctx, const Error& error) {
  ended_ = true;
  measure_if_displaced();
  const bool displaced = hold_.displaced();
  const Leave leave = displaced ? Leave::AsItIs : remains_after(error);
  const std::uint64_t received = size_.load(std::memory_order_relaxed);
  // An abandoned staged upload leaves what was there, one in place removes itself.
  const bool replaces = writer_->is_open() && leave == (writer_->is_staged() ? Leave::Partial : Leave::Nothing);
  hold_.begin_change();
  writer_->abandon(ctx, leave);
  const CountedFile otherwise{true, static_cast<std::int64_t>(received)};
  const CountedFile now = displaced ? otherwise : look(ctx, leave == Leave::Nothing ? hold_.counted() : otherwise);
  hold_.settle(
      now, [&] { return look(ctx, otherwise); }, replaces ? Identity::Another : Identity::Same);
  transfer_->end();
  (void)report(ctx, leave == Leave::Nothing || !now.exists ? 0 : static_cast<std::uint64_t>(now.size), &error);
}

StorageWriter::Leave UploadFile::remains_after(const Error& error) const noexcept {
  if (error.code() == Errc::QuotaExceeded) {
    // What was there before a resumed upload is within the quota and somebody's data; and a link is not its target.
    return plan_.fresh && !plan_.through_link ? Leave::Nothing : Leave::AsItIs;
  }
  if (!writer_->is_staged()) return Leave::AsItIs;
  const Policy& policy = transfer_->state().policy;
  const bool worth_resuming = size_.load(std::memory_order_relaxed) > 0 || !plan_.existing;
  return policy.upload_mode == UploadMode::AtomicResume && worth_resuming ? Leave::Partial : Leave::Nothing;
}

bool UploadFile::appears_at_end() const noexcept {
  return writer_->is_staged() || has(plan_.place.fs().capabilities(), Capability::CommitOnFinish);
}

// Its path says nothing about it any more, but its descriptor does, as long as it is open.
void UploadFile::measure_if_displaced() {
  if (!hold_.displaced() || !writer_->is_open()) return;
  if (const auto info = writer_->file().stat(cleanup_context(state().policy))) size_ = info->size;
}

CountedFile UploadFile::look(const OpContext& ctx, CountedFile otherwise) const {
  if (hold_.displaced()) return otherwise;
  return look_at(ctx, plan_.place, Follow::Yes, otherwise);
}

Status UploadFile::report(const OpContext& ctx, std::uint64_t size, const Error* error) {
  GuardState& guard = state();
  const auto elapsed = transfer_->elapsed();
  Status answer = ok();
  if (guard.notices.wanted("upload")) {
    Event event = guard.notices.event("upload", plan_.place);
    event.file_size = size;
    event.elapsed = elapsed;
    if (error) {
      event.status = error->code() == Errc::QuotaExceeded ? EventStatus::QuotaExceeded : EventStatus::Error;
      event.error = error->message();
    }
    answer = guard.notices.tell(ctx, std::move(event));
  }
  const std::uint64_t moved = transfer_->bytes(Direction::Upload) + transfer_->bytes_copied();
  const Error* logged = error ? error : (answer ? nullptr : &answer.error());
  guard.notices.log_transfer(plan_.place, {.upload = true, .bytes = moved, .elapsed = elapsed, .error = logged});
  const bool first = !logged && guard.policy.mark_first_transfer && guard.policy.mark_first_transfer(true);
  if (first && guard.notices.wanted("first-upload")) {
    Event event = guard.notices.event("first-upload", plan_.place);
    event.file_size = size;
    event.elapsed = elapsed;
    (void)guard.notices.tell(ctx, std::move(event));
  }
  return answer;
}

Result<std::unique_ptr<File>> open_upload(const OpContext& ctx, std::unique_ptr<Transfer> transfer, UploadPlan plan,
                                          QuotaHold hold) {
  GuardState& state = transfer->state();
  const VPath path = plan.place.virtual_path;
  const std::uint64_t kept = plan.fresh || !plan.existing ? 0 : plan.existing->size;
  const std::uint64_t expected = std::max(kept, plan.options.size_hint);
  const auto maximum = static_cast<std::uint64_t>(std::max<std::int64_t>(0, state.policy.max_upload_size));
  if (maximum > 0 && (expected > maximum || (!plan.fresh && kept >= maximum))) return over_write_quota(path);
  // What cannot fit does not even begin: nothing is asked of the storage, nothing is overwritten.
  if (!hold.take_file()) return over_write_quota(path);
  if (hold.counted().size == 0 && hold.is_full()) return over_write_quota(path);
  if (!hold.allow(expected, 0)) return over_write_quota(path);

  if (state.notices.wanted("pre-upload")) {
    Event event = state.notices.event("pre-upload", plan.place);
    if (plan.existing) {
      event.file_size = plan.existing->size;
      event.open_flags = event_open_flags(plan.options);
    }
    SLIPWAY_TRY(state.notices.ask(ctx, event));
  }

  StorageWriter::Plan writing;
  writing.open = plan.options;
  writing.staged = is_staged(state, plan);
  if (plan.fresh) writing.replaces = plan.existing;
  auto writer = about(path, StorageWriter::open(ctx, plan.place, writing));
  if (!writer) return std::move(writer).error();
  auto file = std::make_unique<UploadFile>(std::move(transfer), std::move(plan), std::move(hold), *std::move(writer));
  file->begin();
  return file;
}

std::unique_ptr<File> create_upload(const OpContext& ctx, std::unique_ptr<Transfer>& transfer, UploadPlan& plan,
                                    QuotaHold& hold) {
  GuardState& state = transfer->state();
  if (!state.new_files.load(std::memory_order_relaxed) || !may_create_first(state, plan)) return nullptr;
  const auto maximum = static_cast<std::uint64_t>(std::max<std::int64_t>(0, state.policy.max_upload_size));
  if (maximum > 0 && plan.options.size_hint > maximum) return nullptr;
  std::unique_ptr<StorageWriter> writer;
  if (hold.take_file() && !hold.is_full() && hold.allow(plan.options.size_hint, 0)) {
    StorageWriter::Plan writing;
    writing.open = plan.options;
    writing.open.exclusive = true;
    writing.open.truncate = false;
    hold.begin_creation();
    if (auto opened = StorageWriter::open(ctx, plan.place, writing))
      writer = *std::move(opened);
    else
      hold.abandon_creation();
  }
  if (!writer) {
    hold.release();
    return nullptr;
  }
  hold.assume({});
  auto file = std::make_unique<UploadFile>(std::move(transfer), std::move(plan), std::move(hold), std::move(writer));
  file->begin();
  return file;
}

}  // namespace slipway::vfs
