#include "core/events/path_glob.h"

#include "core/base/text.h"

namespace slipway::events {
namespace {

constexpr std::string_view kAnyDepth = "**";

// Splits at '/' outside of escapes and brackets.
std::vector<std::string> components_of(std::string_view pattern) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '/') {
      out.emplace_back();
      continue;
    }
    out.back() += pattern[i];
    if (pattern[i] == '\\' && i + 1 < pattern.size()) out.back() += pattern[++i];
  }
  return out;
}

}  // namespace

Result<PathGlob> PathGlob::parse(std::string_view pattern) {
  const auto refuse = [&](const char* cause) {
    return Error{Errc::InvalidArgument, "path pattern \"" + printable(pattern.substr(0, 100)) + "\"", cause};
  };
  if (pattern.empty()) return refuse("is empty");
  if (pattern.size() > kMaxLength) return refuse("is longer than 4096 bytes");
  PathGlob glob;
  glob.text_ = pattern;
  glob.components_ = components_of(pattern);
  for (const std::string& component : glob.components_)
    if (!is_valid_glob(component)) return refuse("is malformed: a '[' without ']', or a '\\' at the end");
  return glob;
}

bool PathGlob::matches(std::string_view path) const {
  // As in glob_match, one point to come back to is enough: a later "**" makes the choice of an earlier one final.
  const std::size_t none = components_.size();
  std::size_t p = 0, at = 0;                // component of the pattern, offset of one in the path
  bool may_retry = false;                   // a "**" was met
  std::size_t retry_p = 0, retry_at = 0;    // behind the last one, and where its next try starts
  const std::size_t end = path.size() + 1;  // offset behind the last component
  const auto next_of = [&](std::size_t offset) {
    const auto slash = path.find('/', offset);
    return slash == std::string_view::npos ? end : slash + 1;
  };
  while (true) {
    if (p < none && components_[p] == kAnyDepth) {
      may_retry = true;
      retry_p = ++p;
      retry_at = at;
      continue;
    }
    if (at == end && p == none) return true;
    if (at < end && p < none) {
      const std::size_t next = next_of(at);
      if (glob_match(components_[p], path.substr(at, next - 1 - at))) {
        ++p;
        at = next;
        continue;
      }
    }
    if (!may_retry || retry_at == end) return false;
    retry_at = next_of(retry_at);
    at = retry_at;
    p = retry_p;
  }
}

}  // namespace slipway::events
