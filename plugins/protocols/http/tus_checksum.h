// What a client says a piece of an upload must come to: the Upload-Checksum field of tus 1.0.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "slipway/result.h"

namespace slipway::httpd {

class TusChecksum {
 public:
  static constexpr std::string_view kAlgorithms = "sha1,sha256,md5";

  // "sha1 <base64 of the digest>". InvalidArgument, with a cause that the client may be told, for an algorithm that is
  // none of these or anything that is no digest of it.
  static Result<TusChecksum> parse(std::string_view field);
  TusChecksum(TusChecksum&&) noexcept;
  TusChecksum& operator=(TusChecksum&&) noexcept;
  ~TusChecksum();

  void add(std::span<const std::byte> data);
  // Whether what was added is what the client meant. Once, at the end.
  bool fits();

 private:
  struct Digest;
  explicit TusChecksum(std::unique_ptr<Digest> digest);
  std::unique_ptr<Digest> digest_;
};

}  // namespace slipway::httpd
