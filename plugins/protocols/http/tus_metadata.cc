#include "tus_metadata.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "slipway/base64.h"

namespace slipway::httpd {
namespace {

constexpr std::size_t kMaxPairs = 64;

Error malformed(std::string cause) { return {Errc::InvalidArgument, "Upload-Metadata", std::move(cause)}; }

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f && c != ','; });
}

Status take(TusMetadata& metadata, std::string_view key, std::string value) {
  if (key == "path") {
    metadata.path = std::move(value);
  } else if (key == "share_id") {
    metadata.share_id = std::move(value);
  } else if (key == "mkdir_parents") {
    metadata.mkdir_parents = value == "true";
  } else if (key == "mtime" && !value.empty()) {
    metadata.modified = timestamp_of_milliseconds(value);
    if (!metadata.modified) return malformed("mtime must be a time in milliseconds since 1970");
  }
  return ok();
}

}  // namespace

std::optional<Timestamp> timestamp_of_milliseconds(std::string_view text) {
  std::int64_t ms = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), ms);
  // Beyond what nanoseconds can say it is no time of a file.
  constexpr std::int64_t kMost = INT64_MAX / 1'000'000;
  if (failure != std::errc() || end != text.data() + text.size() || ms < -kMost || ms > kMost) return std::nullopt;
  return Timestamp(std::chrono::milliseconds(ms));
}

Result<TusMetadata> parse_tus_metadata(std::string_view field) {
  if (field.size() > kMaxTusMetadata) return malformed("the metadata is too long");
  TusMetadata metadata;
  std::vector<std::string_view> keys;
  for (bool more = !without_blanks(field).empty(); more;) {
    const auto comma = field.find(',');
    more = comma != std::string_view::npos;
    const auto pair = without_blanks(field.substr(0, comma));
    if (more) field.remove_prefix(comma + 1);

    const auto blank = std::min(pair.find(' '), pair.size());
    const auto key = pair.substr(0, blank);
    if (!is_key(key)) return malformed("a key of the metadata is malformed");
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) return malformed("a key of the metadata comes twice");
    if (keys.size() == kMaxPairs) return malformed("the metadata has too many keys");
    keys.push_back(key);
    auto value = base64_decode(without_blanks(pair.substr(blank)), Base64::Lenient);
    if (!value) return malformed("a value of the metadata is not base64");
    SLIPWAY_TRY(take(metadata, key, *std::move(value)));
  }
  if (metadata.path.empty()) return malformed("please set a path in the metadata");
  return metadata;
}

}  // namespace slipway::httpd
