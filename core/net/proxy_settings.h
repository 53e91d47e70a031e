// common.proxy_protocol, proxy_allowed and proxy_skipped, as plain values.
#pragma once

#include <chrono>
#include <vector>

#include "core/base/ip_network.h"

namespace slipway::net {

struct ProxySettings {
  enum class Mode : std::uint8_t {
    Off,
    Optional,  // a header is read from anybody, and counts when its sender is allowed
    Required,  // only allowed peers may connect, and only with a header
  };
  Mode mode = Mode::Off;
  std::vector<IpNetwork> allowed, skipped;  // skipped: never asked for a header

  // How long a header may take. In Optional a peer that says nothing for `silence` has none.
  std::chrono::milliseconds header_time{10'000}, silence{1'000};
};

}  // namespace slipway::net
