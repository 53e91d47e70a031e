#include "core/vfs/range_copy.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace slipway::vfs {
namespace {

constexpr std::size_t kBlock = 256u << 10;
constexpr std::uint64_t kMaxOffset = std::uint64_t{1} << 62;

// What the kernel can copy by itself; the rest, an error or an end of file included, is for the caller to find out:
// some file systems answer 0 where they should say that they do not know the call.
std::uint64_t copy_in_kernel(const OpContext& ctx, int from, std::uint64_t source_offset, int to,
                             std::uint64_t target_offset, std::uint64_t length) {
  std::uint64_t done = 0;
  while (done < length && !ctx.stop.stop_requested()) {
    off_t in = static_cast<off_t>(source_offset + done), out = static_cast<off_t>(target_offset + done);
    const ssize_t count = ::copy_file_range(from, &in, to, &out, length - done, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::uint64_t>(count);
  }
  return done;
}

}  // namespace

Result<std::uint64_t> copy_content(const OpContext& ctx, File& source, std::uint64_t source_offset, File& target,
                                   std::uint64_t target_offset, std::uint64_t length) {
  if (source_offset > kMaxOffset - length || target_offset > kMaxOffset - length)
    return Error(Errc::InvalidArgument, "copy", "the range is beyond the largest possible file");
  std::uint64_t done = 0;
  const int from = source.native_fd(), to = target.native_fd();
  if (from >= 0 && to >= 0) done = copy_in_kernel(ctx, from, source_offset, to, target_offset, length);
  std::vector<std::byte> block;
  while (done < length) {
    SLIPWAY_TRY(check(ctx, "copy"));
    if (block.empty()) block.resize(std::min<std::uint64_t>(kBlock, length - done));
    const auto part = std::span(block).first(std::min<std::uint64_t>(block.size(), length - done));
    SLIPWAY_ASSIGN(const std::size_t count, source.read_at(ctx, source_offset + done, part));
    if (count == 0) break;
    SLIPWAY_TRY(target.write_at(ctx, target_offset + done, part.first(count)));
    done += count;
  }
  return done;
}

}  // namespace slipway::vfs
