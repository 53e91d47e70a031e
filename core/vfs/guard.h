// The guard: the one place where permission, patterns, quota, transfer limits, bandwidth, staged uploads and events are
// decided. A Filesystem over the mounts of a policy.
#pragma once

#include <memory>

#include "core/events/bus.h"
#include "core/vfs/policy.h"

namespace slipway::vfs {

// `policy` must have a mount at "/"; `bus` may be null: nobody is asked or told. The returned filesystem is
// thread-safe; its files keep what they need alive. Exceptions out of a storage module become Errc::Internal with the
// module named in the log.
//
// Errors, beyond those of Filesystem: PermissionDenied for a missing permission, a denied pattern, a veto of a
// before-event, a mount point or root that would be changed, a rename to another storage; NotFound for what is hidden;
// QuotaExceeded with the cause "denying write due to space limit" (disk quota, upload quota, file size) or "denying
// read due to quota limit"; Cancelled with "transfer aborted"; NotSupported where a directory is in the way of a file
// or a rename. Subjects are paths of the user's tree.
//
// Transfers: finish() ends an upload or a download; without it both count as failed, and what an upload leaves is the
// upload mode's decision. After the first failed write an upload stays failed. A transfer stops when its ticket, the
// context of the opening call or that of a single call says so.
//
// capabilities() are those that every mount has, Immediate only while !may_wait(); what a single path can do is learnt
// by trying. native_fd() of files is -1; File::query answers DirectReads
// (slipway/session.h) and RangeCopy, Filesystem::query answers TreeRules (core/vfs/tree.h) and the rest of
// slipway/server_side.h.
std::unique_ptr<Filesystem> make_guard(Policy policy, std::shared_ptr<events::EventBus> bus);

// Whether operations may wait for something other than their storage: a bandwidth, or a handler of their events that
// runs on the calling thread.
bool may_wait(const Policy& policy, const events::EventBus* bus) noexcept;

}  // namespace slipway::vfs
