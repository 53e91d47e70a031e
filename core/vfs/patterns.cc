#include <algorithm>

#include "core/base/text.h"
#include "core/vfs/path_walk.h"
#include "core/vfs/policy.h"

namespace slipway::vfs {
namespace {

bool any_match(const std::vector<std::string>& patterns, std::string_view lower_name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return glob_match(pattern, lower_name); });
}

// A denied pattern that nobody can read denies: a typing mistake must not open what was meant to be closed.
bool is_denied(const std::vector<std::string>& patterns, std::string_view lower_name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return !is_valid_glob(pattern) || glob_match(pattern, lower_name);
  });
}

PatternVerdict verdict(const PatternRule& rule, std::string_view name) {
  const std::string lower = to_lower(name);
  if (any_match(rule.allowed, lower)) return PatternVerdict::Visible;
  if (!rule.allowed.empty() || is_denied(rule.denied, lower))
    return rule.hide ? PatternVerdict::Hidden : PatternVerdict::Denied;
  return PatternVerdict::Visible;
}

// "Nothing but these": inside a directory that such a rule names as allowed, everything is open.
bool opens(const PatternRule& rule, std::string_view directory_name) {
  return !rule.allowed.empty() && !rule.denied.empty() && rule.denied.front() == "*" &&
         any_match(rule.allowed, to_lower(directory_name));
}

}  // namespace

void PatternRules::add(PatternRule rule) {
  std::string path = rule.path.str();
  rules_.try_emplace(std::move(path), std::move(rule));
}

PatternVerdict PatternRules::Names::check(std::string_view name) const {
  return rule_ ? verdict(*rule_, name) : PatternVerdict::Visible;
}

PatternRules::Names PatternRules::names_in(const VPath& directory) const { return names_in(directory.str()); }

PatternRules::Names PatternRules::names_in(std::string_view directory) const {
  Names names;
  if (rules_.empty()) return names;
  std::string_view below;  // the component under `path` on the way to `directory`
  for (std::string_view path = directory;; path = parent_of(path)) {
    if (const auto found = rules_.find(path); found != rules_.end()) {
      if (below.empty() || !opens(found->second, below)) names.rule_ = &found->second;
      return names;
    }
    if (path == "/") return names;
    below = name_of(path);
  }
}

PatternVerdict PatternRules::check(const VPath& path) const {
  if (rules_.empty() || path.is_root()) return PatternVerdict::Visible;
  const std::string_view text = path.str();
  for (std::size_t end = text.find('/', 1); end != std::string_view::npos; end = text.find('/', end + 1)) {
    const std::string_view ancestor = text.substr(0, end);
    if (names_in(parent_of(ancestor)).check(name_of(ancestor)) == PatternVerdict::Hidden) return PatternVerdict::Hidden;
  }
  return names_in(parent_of(text)).check(name_of(text));
}

}  // namespace slipway::vfs
