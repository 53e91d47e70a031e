// Counts what is really there, to rebuild a quota domain's counters.
#pragma once

#include <atomic>

#include "core/vfs/policy.h"

namespace slipway::vfs {

struct ScanProgress {
  std::atomic<std::uint64_t> files{0}, bytes{0}, directories{0};
};

// Regular files and their sizes under `root`, symbolic links not followed, directories listed in bounded pages; entries
// that vanish meanwhile and staged uploads in progress are skipped. Cancelled when ctx.stop is requested.
Result<QuotaUsage> scan(const OpContext&, Filesystem&, const VPath& root, ScanProgress* progress);

}  // namespace slipway::vfs
