// Digests of content: for the hash commands and the extensions that ask for them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "slipway/filesystem.h"

struct evp_md_ctx_st;
struct evp_md_st;

namespace slipway::sftp {

class Digest {
 public:
  // "md5", "sha1", "sha224", "sha256", "sha384", "sha512"; nothing for a name that is none, or that the system's policy
  // forbids.
  static std::optional<Digest> make(std::string_view name);

  void update(std::span<const std::byte> data);
  // The raw digest; the object then starts again from nothing.
  std::string finish();
  // Of a raw digest.
  std::size_t size() const noexcept;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  Digest(const evp_md_st* kind, std::unique_ptr<evp_md_ctx_st, Free> context)
      : kind_(kind), context_(std::move(context)) {}

  const evp_md_st* kind_;
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string to_hex(std::string_view bytes);

// Opens a file to read it for a digest: by DigestReads where the filesystem has it.
Result<std::unique_ptr<File>> open_for_digest(const OpContext& op, Filesystem& fs, const VPath& path);
// Feeds `length` bytes from `offset`, or what there is up to the end of file; how many it was.
Result<std::uint64_t> digest_range(const OpContext& op, File& file, std::uint64_t offset, std::uint64_t length,
                                   Digest& digest);

}  // namespace slipway::sftp
