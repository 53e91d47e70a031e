#include "receive_window.h"

#include <algorithm>

namespace slipway::sftp {

void ReceiveWindow::measure(std::chrono::steady_clock::time_point now, std::chrono::microseconds round_trip) {
  using namespace std::chrono;
  const auto rtt = std::max(round_trip, microseconds(1000));
  if (!measuring_) {
    measuring_ = true;
    measured_at_ = received_;
    measured_when_ = now;
    return;
  }
  const auto elapsed = duration_cast<microseconds>(now - measured_when_);
  if (elapsed < rtt) return;
  const auto per_round_trip =
      static_cast<std::uint64_t>(static_cast<double>(received_ - measured_at_) * static_cast<double>(rtt.count()) /
                                 static_cast<double>(elapsed.count()));
  if (per_round_trip * 2 > size_) {
    const auto wanted =
        std::min(std::min<std::uint64_t>(per_round_trip * 4, std::uint64_t{size_} * 2), std::uint64_t{kMax});
    const auto beyond_base = static_cast<std::uint32_t>(wanted) - kBase;
    if (wanted > size_ && (beyond_base <= reserved_ || budget_.take(beyond_base - reserved_))) {
      reserved_ = std::max(reserved_, beyond_base);
      size_ = static_cast<std::uint32_t>(wanted);
    }
  }
  measured_at_ = received_;
  measured_when_ = now;
}

// Gives back what is neither wanted nor still granted.
void ReceiveWindow::settle() noexcept {
  const auto outstanding = granted_until_ > received_ ? granted_until_ - received_ : 0;
  const auto needed = std::max<std::uint64_t>(outstanding, size_);
  const auto beyond_base = needed > kBase ? static_cast<std::uint32_t>(needed - kBase) : 0;
  if (beyond_base >= reserved_) return;
  budget_.give(reserved_ - beyond_base);
  reserved_ = beyond_base;
}

}  // namespace slipway::sftp
