// The guard: the one place where permission, patterns, quota, transfer limits, bandwidth, staged uploads and events are
// decided. A Filesystem over the mounts of a policy.
#pragma once

#include <memory>

#include "core/events/bus.h"
#include "core/vfs/policy.h"

namespace slipway::vfs {

// `policy` must have a mount at "/". The returned filesystem is thread-safe; its files keep what they need alive.
// Exceptions out of a storage module become Errc::Internal with the module named in the log.
std::unique_ptr<Filesystem> make_guard(Policy policy, std::shared_ptr<events::EventBus> bus);

}  // namespace slipway::vfs
