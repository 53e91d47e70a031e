#include "support/http/host_names.h"

#include <algorithm>
#include <regex>

#include "support/http/fields.h"

namespace slipway::http {
namespace {

// std::regex recurses once a character: nobody has names as long as that.
constexpr std::size_t kLongest = 255;

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, std::min(host.find(']'), host.size() - 1) + 1);
  return host.substr(0, host.find(':'));
}

}  // namespace

struct HostNames::Patterns {
  std::vector<std::regex> list;
};

HostNames::HostNames() = default;
HostNames::~HostNames() = default;

Status HostNames::set(const std::vector<std::string>& allowed, bool are_regex) {
  if (!are_regex) {
    names_ = allowed;
    return ok();
  }
  if (allowed.empty()) return ok();
  patterns_ = std::make_unique<Patterns>();
  for (const auto& pattern : allowed) {
    try {
      patterns_->list.emplace_back(pattern, std::regex::ECMAScript | std::regex::icase);
    } catch (const std::regex_error&) {
      return Error(Errc::InvalidArgument, "allowed_hosts", "'" + pattern + "' is no regular expression");
    }
  }
  return ok();
}

bool HostNames::allow(std::string_view host) const {
  if (patterns_) {
    return host.size() <= kLongest &&
           std::any_of(patterns_->list.begin(), patterns_->list.end(),
                       [&](const std::regex& pattern) { return std::regex_search(host.begin(), host.end(), pattern); });
  }
  const auto bare = without_port(host);
  return names_.empty() || std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
           return equal_ignoring_case(name, host) || equal_ignoring_case(name, bare);
         });
}

}  // namespace slipway::http
