#include "core/vfs/active_uploads.h"

#include <utility>

namespace slipway::vfs {

struct ActiveUploads::Slot {
  explicit Slot(File& upload) : file(upload) {}
  File& file;
  std::mutex mutex;
  std::condition_variable unused;
  int users = 0;
  bool ended = false;
};

ActiveUploads::Use::~Use() {
  if (!slot_) return;
  std::lock_guard lock(slot_->mutex);
  if (--slot_->users == 0) slot_->unused.notify_all();
}

File* ActiveUploads::Use::operator->() const noexcept { return &slot_->file; }

void ActiveUploads::Registration::end() noexcept {
  if (!uploads_) return;
  std::shared_ptr<Slot> slot;
  {
    ActiveUploads& uploads = *std::exchange(uploads_, nullptr);
    std::lock_guard lock(uploads.mutex_);
    slot = std::move(at_->second);
    uploads.slots_.erase(at_);
  }
  std::unique_lock lock(slot->mutex);
  slot->ended = true;
  slot->unused.wait(lock, [&] { return slot->users == 0; });
}

void ActiveUploads::add(const VPath& path, File& file, Registration& registration) {
  auto slot = std::make_shared<Slot>(file);
  std::lock_guard lock(mutex_);
  registration.at_ = slots_.emplace(path.str(), std::move(slot));
  registration.uploads_ = this;
}

ActiveUploads::Use ActiveUploads::find(const VPath& path) {
  std::shared_ptr<Slot> slot;
  {
    std::lock_guard lock(mutex_);
    const auto [first, last] = slots_.equal_range(path.str());
    if (first == last) return {};
    slot = std::prev(last)->second;
  }
  std::lock_guard lock(slot->mutex);
  if (slot->ended) return {};
  ++slot->users;
  return Use(slot);
}

}  // namespace slipway::vfs
