#include "tus_upload.h"

namespace slipway::httpd {
namespace {

using Clock = std::chrono::steady_clock;

// Where sessions may idle for ever, uploads may not.
constexpr auto kLongest = std::chrono::hours(24);

Clock::duration kept_for(const Session& session) {
  const auto limit = session.idle_limit();
  return limit > Clock::duration::zero() && limit < kLongest ? limit : Clock::duration(kLongest);
}

Error gone() { return {Errc::NotFound, "upload", "there is no such upload"}; }
Error elsewhere() { return {Errc::Conflict, "upload", "the upload is at another offset"}; }
Error taken_over() { return {Errc::Conflict, "upload", "another request goes on with this upload"}; }

}  // namespace

TusWork::~TusWork() {
  if (file && spoiled_from) (void)file->truncate(session->context(), *spoiled_from);
  file.reset();
  session.reset();
  if (visit) (void)visit->use(-1);
}

TusUpload::TusUpload(Facts facts, TusWork work)
    : facts_(std::move(facts)), kept_for_(kept_for(*work.session)), work_(std::make_unique<TusWork>(std::move(work))) {}

TusUpload::State TusUpload::state() const {
  std::lock_guard lock(mutex_);
  return {offset_, complete_, gone_};
}

std::optional<std::chrono::system_clock::time_point> TusUpload::expires_at() const {
  std::lock_guard lock(mutex_);
  if (complete_ || gone_) return std::nullopt;
  return std::chrono::time_point_cast<std::chrono::system_clock::duration>(std::chrono::system_clock::now() +
                                                                           (touched_ + kept_for_ - Clock::now()));
}

Result<TusUpload::Turn> TusUpload::Turn::take(std::shared_ptr<TusUpload> upload, std::uint64_t offset,
                                              std::string_view command, Counts counts) {
  TusUpload& it = *upload;
  std::unique_lock lock(it.mutex_);
  if (it.gone_) return gone();
  if (it.offset_ != offset) return elsewhere();
  const std::uint64_t number = ++it.turn_;
  it.written_.wait(lock, [&] { return !it.writing_; });
  if (it.gone_) return gone();
  if (it.turn_ != number) return taken_over();
  if (it.offset_ != offset) return elsewhere();
  it.touched_ = Clock::now();
  it.uncounted_ = 0;  // of a turn that is over
  ++it.turns_;
  if (it.work_) {
    it.work_->session->set_parked(false);
    it.work_->session->set_command(command);
  }
  lock.unlock();
  return Turn(std::move(upload), number, counts);
}

TusUpload::Turn::~Turn() {
  if (!upload_) return;
  std::lock_guard lock(upload_->mutex_);
  upload_->touched_ = Clock::now();
  if (--upload_->turns_ == 0 && upload_->work_) upload_->work_->session->set_parked(true);
}

Status TusUpload::Turn::write(std::span<const std::byte> data) {
  TusUpload& it = *upload_;
  const Step step = counts_ == Counts::AtOnce ? Step::Piece : Step::UncountedPiece;
  return it.work_on(number_, step, data.size(), [&](TusWork& work, std::uint64_t at) {
    return work.file->write_at(work.session->context(), at, data);
  });
}

Status TusUpload::Turn::accept() {
  TusUpload& it = *upload_;
  std::lock_guard lock(it.mutex_);
  if (it.gone_) return gone();
  if (number_ != it.turn_) return taken_over();
  it.offset_ += std::exchange(it.uncounted_, 0);
  return ok();
}

void TusUpload::Turn::discard() {
  (void)upload_->work_on(number_, Step::TakeBack, 0, [](TusWork& work, std::uint64_t at) {
    return work.file->truncate(work.session->context(), at);
  });
}

Status TusUpload::Turn::finish() {
  TusUpload& it = *upload_;
  if (it.state().is_complete) return ok();
  return it.work_on(number_, Step::Last, 0, [&](TusWork& work, std::uint64_t) -> Status {
    const OpContext context = work.session->context();
    SLIPWAY_TRY(work.file->finish(context));
    if (it.facts_.modified) {
      FileAttributes attributes;
      attributes.atime = attributes.mtime = *it.facts_.modified;
      // Not every storage keeps times, and the file is there all the same.
      (void)work.session->fs().set_attributes(context, it.facts_.target, attributes, Follow::Yes);
    }
    work.visit.reset();  // it was worth the use
    return ok();
  });
}

// One step at a time, with nothing locked: storage may take long, and hooks are asked.
Status TusUpload::work_on(std::uint64_t turn, Step kind, std::uint64_t size,
                          const std::function<Status(TusWork&, std::uint64_t)>& step) {
  std::uint64_t at = 0;
  {
    std::lock_guard lock(mutex_);
    if (gone_ || !work_) return gone();
    if (turn != turn_) return taken_over();
    if (kind == Step::TakeBack) uncounted_ = 0;
    at = offset_ + uncounted_;
    if (size > facts_.length - at) return Error(Errc::TooLarge, "upload", "there are more bytes than Upload-Length");
    writing_ = true;
    reach_ = std::max(reach_, at + size);
  }
  Status done = step(*work_, at);
  std::unique_ptr<TusWork> over;
  {
    std::lock_guard lock(mutex_);
    writing_ = false;
    touched_ = Clock::now();
    if (kind == Step::TakeBack) {
      if (done) reach_ = at;
    } else if (!done) {
      gone_ = true;
    } else if (kind == Step::UncountedPiece) {
      // A turn that took over meanwhile begins at the offset again.
      if (turn == turn_) uncounted_ += size;
    } else if (kind == Step::Last) {
      complete_ = true;
      gone_ = false;  // too late to give it up
    } else {
      offset_ += size;
    }
    over = release_if_over();
  }
  written_.notify_all();
  return done;
}

std::unique_ptr<TusWork> TusUpload::release_if_over() {
  if (writing_ || (!complete_ && !gone_)) return nullptr;
  if (!complete_ && work_ && reach_ > offset_) work_->spoiled_from = offset_;
  return std::move(work_);
}

void TusUpload::touch() {
  std::lock_guard lock(mutex_);
  touched_ = Clock::now();
  if (work_) (void)work_->session->context();  // which marks activity
}

void TusUpload::abandon() {
  std::unique_ptr<TusWork> over;
  std::lock_guard lock(mutex_);
  if (!complete_) gone_ = true;
  over = release_if_over();
}

bool TusUpload::sweep(Clock::time_point now) {
  std::unique_ptr<TusWork> over;
  std::lock_guard lock(mutex_);
  const bool is_closed = work_ && work_->session->stop_token().stop_requested();
  const bool is_late = turns_ == 0 && now - touched_ > kept_for_;
  if (!complete_ && (is_closed || is_late)) gone_ = true;
  over = release_if_over();
  return !work_ && (gone_ || is_late);
}

}  // namespace slipway::httpd
