// An effective account made into the plain values that the guard enforces.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/accounts/effective_user.h"
#include "core/session/mounts.h"
#include "core/session/session_settings.h"
#include "core/session/shared_counters.h"
#include "core/vfs/policy.h"

namespace slipway::session {

struct PolicyRequest {
  std::string protocol;    // "SFTP", "FTP"
  Endpoint remote, local;  // bandwidth and transfer limits may depend on the client's address
  std::string connection_id;
};

// The account model's number of units of `unit` bytes as bytes. What is beyond all storage stays a limit: it is cut to
// 2^60 bytes, so that sums with it do not overflow.
constexpr std::int64_t in_bytes(std::int64_t count, std::int64_t unit) noexcept {
  constexpr std::int64_t kMost = std::int64_t{1} << 60;
  return count > kMost / unit ? kMost : count < 0 ? 0 : count * unit;
}

// Makes a policy that of another session of the same user from the same address.
void set_request(vfs::Policy& policy, const PolicyRequest& request);

// Mounts the home and the folders and collects everything else. The error is that of the first mount that failed, or
// of an account whose stored values make no sense.
Result<vfs::Policy> build_policy(const OpContext& ctx, const accounts::EffectiveUser& user,
                                 const PolicyRequest& request, const SessionSettings& settings,
                                 SharedCounters& counters, const module::Registry& modules,
                                 const crypto::SecretKeeper& secrets);

}  // namespace slipway::session
