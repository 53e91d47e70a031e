#include "core/vfs/policy.h"

namespace slipway::vfs {
namespace {

constexpr bool within(std::int64_t value, std::int64_t limit) noexcept { return limit <= 0 || value <= limit; }
constexpr bool below(std::int64_t value, std::int64_t limit) noexcept { return limit <= 0 || value < limit; }

}  // namespace

TransferAccount::TransferAccount(std::int64_t uploaded, std::int64_t downloaded, Persist persist)
    : uploaded_(uploaded), downloaded_(downloaded), persist_(std::move(persist)) {}

bool TransferAccount::count(std::int64_t uploaded, std::int64_t downloaded, const TransferLimits& limits) noexcept {
  const std::int64_t up = uploaded_.fetch_add(uploaded, std::memory_order_relaxed) + uploaded;
  const std::int64_t down = downloaded_.fetch_add(downloaded, std::memory_order_relaxed) + downloaded;
  if (limits.total > 0) return within(up + down, limits.total);
  return (uploaded <= 0 || within(up, limits.upload)) && (downloaded <= 0 || within(down, limits.download));
}

bool TransferAccount::has_room(bool upload, const TransferLimits& limits) const noexcept {
  const std::int64_t up = uploaded_.load(std::memory_order_relaxed);
  const std::int64_t down = downloaded_.load(std::memory_order_relaxed);
  if (limits.total > 0) return below(up + down, limits.total);
  return upload ? below(up, limits.upload) : below(down, limits.download);
}

void TransferAccount::persist(std::int64_t uploaded, std::int64_t downloaded) {
  if (persist_ && (uploaded != 0 || downloaded != 0)) persist_(uploaded, downloaded);
}

void TransferAccount::reset(std::int64_t uploaded, std::int64_t downloaded) noexcept {
  uploaded_.store(uploaded, std::memory_order_relaxed);
  downloaded_.store(downloaded, std::memory_order_relaxed);
}

}  // namespace slipway::vfs
