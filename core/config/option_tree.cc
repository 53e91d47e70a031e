#include "core/config/option_tree.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/config/option_value.h"

namespace slipway::config {
namespace {

constexpr std::size_t kDeepest = 16;

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Error broken(const OptionSpec& spec, std::string cause) {
  return Error(Errc::InvalidArgument, "option table: " + std::string(spec.name == nullptr ? "?" : spec.name),
               std::move(cause));
}

Status check_spec(const OptionSpec& spec, bool list) {
  if (spec.type > OptionType::SecretList) return broken(spec, "unknown type");
  if (spec.minimum > spec.maximum) return broken(spec, "its minimum is above its maximum");
  if (list && spec.type != OptionType::Integer)
    return broken(spec, "the number of a list's elements must be of type Integer");
  if (spec.default_value == nullptr) return ok();
  if (auto value = value_from_text(spec, spec.default_value); !value)
    return broken(spec, "its default " + value.error().cause());
  return ok();
}

}  // namespace

const OptionNode* OptionNode::find(std::string_view member) const noexcept {
  for (const OptionNode& node : members)
    if (node.name == member) return &node;
  return nullptr;
}

Result<OptionNode> build_option_tree(std::span<const OptionSpec> table) {
  OptionNode root;
  for (const OptionSpec& spec : table) {
    if (spec.name == nullptr) return broken(spec, "an option without a name");
    const std::vector<std::string> segments = split(spec.name, '.');
    if (segments.empty() || segments.size() > kDeepest) return broken(spec, "malformed name");
    OptionNode* at = &root;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      std::string_view segment = segments[i];
      const bool last = i + 1 == segments.size();
      const bool list = segment.ends_with("[]");
      if (list) segment.remove_suffix(2);
      if (!is_name(segment)) return broken(spec, "malformed name");
      const auto found = std::find_if(at->members.begin(), at->members.end(),
                                      [&](const OptionNode& node) { return node.name == segment; });
      OptionNode* next = found == at->members.end() ? nullptr : &*found;
      if (next == nullptr) {
        at->members.push_back({.name = std::string(segment), .is_list = list});
        next = &at->members.back();
      } else if (next->is_list != list || (!list && (last || next->spec != nullptr))) {
        return broken(spec, "declared twice, or both as a value and as an object");
      }
      at = next;
      if (!last) continue;
      if (at->spec != nullptr) return broken(spec, "declared twice");
      at->spec = &spec;
      SLIPWAY_TRY(check_spec(spec, list));
    }
  }
  // A list that no option gives members.
  std::vector<const OptionNode*> open = {&root};
  while (!open.empty()) {
    const OptionNode* node = open.back();
    open.pop_back();
    if (node->is_list && node->members.empty()) return broken(*node->spec, "a list without members");
    for (const OptionNode& member : node->members) open.push_back(&member);
  }
  return root;
}

}  // namespace slipway::config
