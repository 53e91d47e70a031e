// What a client says about an upload in pieces when it begins: the Upload-Metadata field of tus 1.0.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "slipway/filesystem.h"

namespace slipway::httpd {

inline constexpr std::size_t kMaxTusMetadata = 16 << 10;  // bytes of the field

struct TusMetadata {
  std::string path;  // never empty
  std::string share_id;
  bool mkdir_parents = false;
  std::optional<Timestamp> modified;  // "mtime": milliseconds since 1970
};

// "key base64,key base64,key": keys are unique, and those that mean nothing here are left alone. InvalidArgument, with
// a cause that the client may be told.
Result<TusMetadata> parse_tus_metadata(std::string_view field);

// A time in milliseconds since 1970; nothing for what is none, or none that files can have.
std::optional<Timestamp> timestamp_of_milliseconds(std::string_view text);

}  // namespace slipway::httpd
