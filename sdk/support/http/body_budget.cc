#include "support/http/body_budget.h"

#include <algorithm>

namespace slipway::http {

BodyBudget::Holder BodyBudget::holder(std::string_view address, bool checked) {
  auto network = parse_address(address);
  constexpr AddressBytes kIpv4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (network && !std::equal(kIpv4.begin(), kIpv4.begin() + 12, network->begin()))
    std::fill(network->begin() + 8, network->end(), std::uint8_t{0});
  return {network, checked};
}

BodyBudget::BodyBudget(const Limits& limits) {
  const auto shares = std::max<std::size_t>(limits.collected_shares, 1);
  checked_.size = limits.collected;
  unchecked_.size = limits.collected_unchecked == 0 ? limits.collected : limits.collected_unchecked;
  for (Part* part : {&checked_, &unchecked_}) part->of_one = part->size / shares;
}

bool BodyBudget::take(const Holder& holder, std::size_t bytes) {
  std::lock_guard lock(mutex_);
  Part& part = this->part(holder);
  if (bytes > checked_.size - std::min(used_, checked_.size)) return false;
  if (!holder.checked && bytes > part.size - std::min(used_unchecked_, part.size)) return false;
  if (holder.network) {
    const auto found = part.used.find(*holder.network);
    const std::size_t has = found == part.used.end() ? 0 : found->second;
    if (bytes > part.of_one - std::min(has, part.of_one)) return false;
    if (bytes > 0) part.used[*holder.network] = has + bytes;
  }
  used_ += bytes;
  if (!holder.checked) used_unchecked_ += bytes;
  return true;
}

void BodyBudget::give_back(const Holder& holder, std::size_t bytes) noexcept {
  std::lock_guard lock(mutex_);
  used_ -= bytes;
  if (!holder.checked) used_unchecked_ -= bytes;
  if (!holder.network) return;
  Part& part = this->part(holder);
  const auto found = part.used.find(*holder.network);
  if (found == part.used.end()) return;
  found->second -= std::min(bytes, found->second);
  if (found->second == 0) part.used.erase(found);
}

}  // namespace slipway::http
