// Memory for bodies that are being collected: who may have how much of it.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>

#include "support/http/limits.h"
#include "support/http/networks.h"

namespace slipway::http {

// Thread-safe.
class BodyBudget {
 public:
  // For whom memory is taken. Without an address (unix sockets) nothing is counted by address.
  struct Holder {
    std::optional<AddressBytes> network;  // the address, of IPv6 the first 64 bits, which one client has all of
    bool checked = false;                 // by the route's check
  };
  static Holder holder(std::string_view address, bool checked);

  explicit BodyBudget(const Limits& limits);

  // False when there is not so much for this holder; nothing is taken then.
  bool take(const Holder& holder, std::size_t bytes);
  void give_back(const Holder& holder, std::size_t bytes) noexcept;

 private:
  // Those who were checked have all of it, others a part.
  struct Part {
    std::size_t size = 0, of_one = 0;
    std::map<AddressBytes, std::size_t> used;
  };
  Part& part(const Holder& holder) noexcept { return holder.checked ? checked_ : unchecked_; }

  std::mutex mutex_;  // guards what follows
  Part checked_, unchecked_;
  std::size_t used_ = 0, used_unchecked_ = 0;
};

}  // namespace slipway::http
