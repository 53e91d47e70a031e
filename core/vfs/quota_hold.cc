#include "core/vfs/quota_hold.h"

#include <limits>
#include <utility>

namespace slipway::vfs {
namespace {

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max() / 2;

}  // namespace

QuotaHold::QuotaHold(const Place& place) : account_(place.mount->quota), limits_(place.mount->limits) {
  if (account_) entry_ = account_->paths().open(ledger_key(place));
}

QuotaHold::QuotaHold(QuotaHold&& other) noexcept
    : account_(std::exchange(other.account_, nullptr)),
      limits_(other.limits_),
      entry_(std::move(other.entry_)),
      counted_(other.counted_),
      reserved_(std::exchange(other.reserved_, {})) {}

void QuotaHold::assume(CountedFile seen) { counted_ = account_ ? entry_.assume(seen) : seen; }

void QuotaHold::begin_creation() {
  if (account_) entry_.begin_creation();
}

void QuotaHold::abandon_creation() noexcept {
  if (account_) entry_.abandon_creation();
}

void QuotaHold::follow() {
  if (account_) entry_.follow();
}

void QuotaHold::begin_change() {
  if (account_) entry_.begin_change();
}

bool QuotaHold::take_file() {
  if (!account_ || counted_.exists || reserved_.files > 0) return true;
  if (!account_->reserve(0, 1, limits_)) return false;
  reserved_.files = 1;
  return true;
}

std::optional<std::uint64_t> QuotaHold::allow(std::uint64_t size, std::uint64_t ahead) {
  if (!account_) return kUnlimited;
  if (size > kLargest) return std::nullopt;
  // What somebody else has removed meanwhile leaves no room behind.
  const auto covered = static_cast<std::uint64_t>(entry_.counted().size + reserved_.size);
  if (size <= covered) return covered;
  const std::uint64_t needed = size - covered;
  const std::uint64_t wanted = std::max(needed, std::min(ahead, kLargest));
  const std::int64_t granted =
      account_->reserve_ahead(static_cast<std::int64_t>(needed), static_cast<std::int64_t>(wanted), limits_);
  if (granted == 0) return std::nullopt;
  reserved_.size += granted;
  return covered + static_cast<std::uint64_t>(granted);
}

bool QuotaHold::is_full() const { return account_ && limits_.size > 0 && account_->used().size >= limits_.size; }

void QuotaHold::apply(QuotaUsage change) {
  if (account_) account_->settle(std::exchange(reserved_, {}), change);
}

void QuotaHold::release() {
  if (account_ && reserved_ != QuotaUsage{}) account_->settle(std::exchange(reserved_, {}), {});
}

CountedFile counted(const FileInfo& info) noexcept {
  return {info.is_regular(), info.is_regular() ? static_cast<std::int64_t>(info.size) : 0};
}

CountedFile look_at(const OpContext& ctx, const Place& place, Follow follow, CountedFile otherwise) {
  const auto info = place.fs().stat(ctx, place.path, follow);
  if (info) return counted(*info);
  return info.code() == Errc::NotFound || info.code() == Errc::NotDirectory ? CountedFile{} : otherwise;
}

}  // namespace slipway::vfs
