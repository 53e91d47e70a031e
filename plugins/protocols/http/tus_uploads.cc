#include "tus_uploads.h"

#include <openssl/rand.h>

#include <vector>

namespace slipway::httpd {
namespace {

constexpr std::size_t kMost = 1000, kMostOfOne = 100;  // that bytes are missing of
constexpr std::size_t kMostRemembered = 10'000;        // with those that are complete
constexpr auto kSweepEvery = std::chrono::seconds(1);

}  // namespace

TusUploads::TusUploads() : sweeper_([this](const std::stop_token& stop) { sweep_now_and_then(stop); }) {}

TusUploads::~TusUploads() { close(); }

std::string TusUploads::make_id() {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) std::terminate();
  constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  for (const unsigned char byte : bytes) {
    id += kDigits[byte >> 4];
    id += kDigits[byte & 15];
  }
  return id;
}

Status TusUploads::room_for(std::string_view user, std::string_view share_id) const {
  if (closed_) return Error(Errc::Unavailable, "uploads", "the service is shutting down");
  std::size_t all = 0, same = 0;
  for (const auto& [id, upload] : uploads_) {
    if (upload->state().is_complete) continue;
    ++all;
    same += upload->facts().user == user && upload->facts().share_id == share_id ? 1 : 0;
  }
  if (all >= kMost || same >= kMostOfOne || uploads_.size() >= kMostRemembered)
    return Error(Errc::Unavailable, "uploads", "too many uploads have begun and not ended", true);
  return ok();
}

Status TusUploads::check_room(std::string_view user, std::string_view share_id) const {
  std::lock_guard lock(mutex_);
  return room_for(user, share_id);
}

Status TusUploads::add(const std::shared_ptr<TusUpload>& upload) {
  const auto& facts = upload->facts();
  Status added = ok();
  {
    std::lock_guard lock(mutex_);
    added = room_for(facts.user, facts.share_id);
    if (added) uploads_.emplace(facts.id, upload);
  }
  if (!added) upload->abandon();
  wake_.notify_all();
  return added;
}

std::shared_ptr<TusUpload> TusUploads::find(std::string_view id) const {
  std::lock_guard lock(mutex_);
  const auto found = uploads_.find(id);
  return found == uploads_.end() || found->second->state().is_gone ? nullptr : found->second;
}

void TusUploads::remove(std::string_view id) {
  std::shared_ptr<TusUpload> upload;
  {
    std::lock_guard lock(mutex_);
    const auto found = uploads_.find(id);
    if (found == uploads_.end()) return;
    upload = std::move(found->second);
    uploads_.erase(found);
  }
  upload->abandon();
}

void TusUploads::close() noexcept {
  decltype(uploads_) left;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    left.swap(uploads_);
  }
  sweeper_.request_stop();
  if (sweeper_.joinable()) sweeper_.join();
  for (const auto& [id, upload] : left) upload->abandon();
}

void TusUploads::sweep_now_and_then(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      // With nothing to look after it sleeps for good.
      wake_.wait(lock, stop, [this] { return !uploads_.empty(); });
      wake_.wait_for(lock, stop, kSweepEvery, [] { return false; });
    }
    if (!stop.stop_requested()) sweep();
  }
}

void TusUploads::sweep() {
  std::vector<std::shared_ptr<TusUpload>> all;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, upload] : uploads_) all.push_back(upload);
  }
  const auto now = std::chrono::steady_clock::now();
  for (const auto& upload : all) {
    if (!upload->sweep(now)) continue;
    std::lock_guard lock(mutex_);
    uploads_.erase(upload->facts().id);
  }
}

}  // namespace slipway::httpd
