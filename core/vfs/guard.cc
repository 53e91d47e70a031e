#include "core/vfs/guard.h"

#include <utility>

#include "core/vfs/fence.h"
#include "core/vfs/guard_impl.h"

namespace slipway::vfs {
namespace {

std::vector<Mount> fenced_mounts(Policy& policy) {
  std::vector<Mount> mounts = std::move(policy.mounts);
  for (Mount& mount : mounts) put_behind_fence(mount, policy);
  return mounts;
}

constexpr std::chrono::seconds kCleanupTime{30};

}  // namespace

GuardState::GuardState(Policy session_policy, std::shared_ptr<events::EventBus> bus)
    : mounts(fenced_mounts(session_policy)),
      policy(std::move(session_policy)),
      access(policy),
      notices(policy, std::move(bus)) {}

OpContext cleanup_context(const Policy& policy) {
  OpContext ctx;
  ctx.deadline = std::chrono::steady_clock::now() + kCleanupTime;
  ctx.user = policy.user;
  ctx.connection_id = policy.connection_id;
  return ctx;
}

bool may_wait(const Policy& policy, const events::EventBus* bus) noexcept {
  if (policy.upload_bandwidth || policy.download_bandwidth) return true;
  return bus != nullptr && bus->waits_for({"pre-upload", "pre-download", "pre-delete", "upload", "download", "delete",
                                           "rename", "mkdir", "rmdir", "copy", "first-upload", "first-download"});
}

std::unique_ptr<Filesystem> make_guard(Policy policy, std::shared_ptr<events::EventBus> bus) {
  return std::make_unique<Guard>(std::make_shared<GuardState>(std::move(policy), std::move(bus)));
}

Capabilities Guard::capabilities() const noexcept {
  Capabilities common = ~Capabilities{0};
  bool links = true;
  for (const Mount& mount : s_->mounts.mounts()) {
    common &= mount.fs->capabilities();
    links = links && mount.symlinks;
  }
  common &= ~Capabilities(Capability::NativeFd);
  if (!links) common &= ~Capabilities(Capability::Symlinks);
  if (may_wait(s_->policy, s_->notices.bus())) common &= ~Capabilities(Capability::Immediate);
  return common;
}

std::string Guard::location(const VPath& path) const { return s_->place(path).location(); }

void* Guard::query(std::string_view interface_id) noexcept {
  if (interface_id == TreeRules::kInterfaceId) return static_cast<TreeRules*>(this);
  if (interface_id == TreeOperations::kInterfaceId) return static_cast<TreeOperations*>(this);
  if (interface_id == DigestReads::kInterfaceId) return static_cast<DigestReads*>(this);
  if (interface_id == CommandNotices::kInterfaceId) return static_cast<CommandNotices*>(this);
  if (interface_id == LinkCheck::kInterfaceId) return static_cast<LinkCheck*>(this);
  if (interface_id == AccountIds::kInterfaceId) return static_cast<AccountIds*>(this);
  return nullptr;
}

}  // namespace slipway::vfs
