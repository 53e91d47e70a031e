#include "core/session/policy_builder.h"

#include <gtest/gtest.h>

#include <limits>

namespace slipway::session {
namespace {

TEST(PolicyBuilder, NumbersBeyondAllStorageStayLimits) {
  constexpr std::int64_t kMega = 1 << 20, kHuge = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(in_bytes(3, kMega), 3 * kMega);
  EXPECT_EQ(in_bytes(0, kMega), 0);
  EXPECT_EQ(in_bytes(-1, 1), 0);
  EXPECT_EQ(in_bytes(kHuge, kMega), std::int64_t{1} << 60);
  EXPECT_EQ(in_bytes((std::int64_t{1} << 44) + 5, kMega), std::int64_t{1} << 60) << "not 5 MB";
  EXPECT_EQ(in_bytes(kHuge, 1), std::int64_t{1} << 60);
}

}  // namespace
}  // namespace slipway::session
