#include "core/config/options.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cassert>
#include <filesystem>
#include <set>

#include "core/base/text.h"
#include "core/config/option_tree.h"
#include "core/config/option_value.h"

namespace slipway::config {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostElements = 1000;
constexpr std::string_view kPrefixes[] = {"SLIPWAY_", "SFTPGO_"};
constexpr std::string_view kRedacted = "[**redacted**]";

std::string env_segment(std::string_view name) {
  std::string upper = to_upper(name);
  std::replace(upper.begin(), upper.end(), '-', '_');
  return upper;
}

bool is_index(std::string_view text) {
  return !text.empty() && text.size() < 10 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Splits at "__": "BINDINGS__0__PORT" is BINDINGS, 0, PORT.
std::vector<std::string> env_segments(std::string_view name) {
  std::vector<std::string> segments;
  for (std::size_t at = 0;;) {
    const std::size_t next = name.find("__", at);
    segments.emplace_back(name.substr(at, next == std::string_view::npos ? next : next - at));
    if (next == std::string_view::npos) return segments;
    at = next + 2;
  }
}

std::string_view nearest_name(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string lower = to_lower(word);
  for (const std::string_view candidate : candidates)
    if (to_lower(candidate) == lower) return candidate;
  return nearest(word, candidates);
}

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  if (const std::string_view near = nearest_name(word, candidates); !near.empty())
    return "; did you mean \"" + std::string(near) + "\"?";
  constexpr std::size_t kFew = 12;
  if (candidates.empty() || candidates.size() > kFew) return {};
  std::vector<std::string> names(candidates.begin(), candidates.end());
  return "; known here: " + join(names, ", ");
}

}  // namespace

struct OptionValues::Data {
  std::map<std::string, OptionValue, std::less<>> values;  // by concrete path: "bindings[0].port"
  struct List {
    std::size_t count = 0;
    bool is_set = false;
  };
  std::map<std::string, List, std::less<>> lists;  // of objects

  const OptionValue* find(std::string_view name, std::initializer_list<OptionType> types) const {
    const auto found = values.find(name);
    const bool fits = found != values.end() && std::find(types.begin(), types.end(), found->second.type) != types.end();
    assert(fits && "an option that the table does not declare, or of another type");
    return fits ? &found->second : nullptr;
  }
};

struct OptionReader {
  const OptionSource& source;
  std::vector<Problem>& problems;
  OptionValues::Data& data;
  std::set<std::string, std::less<>> used_variables;

  std::string place(std::string_view path) const {
    if (source.where.empty() || path.empty()) return source.where + std::string(path);
    return source.where + '.' + std::string(path);
  }

  // The variable that sets `env_path` ("BINDINGS__0__PORT"), if there is one; both spellings count as used.
  const Environment::value_type* variable(const std::string& env_path) {
    const Environment::value_type* winner = nullptr;
    if (source.environment == nullptr) return winner;
    for (const std::string_view prefix : kPrefixes) {
      const auto found = source.environment->find(std::string(prefix) + source.environment_section + "__" + env_path);
      if (found == source.environment->end()) continue;
      used_variables.insert(found->first);
      if (winner == nullptr) winner = &*found;
    }
    return winner;
  }

  bool has_variables_below(const std::string& env_path) const {
    if (source.environment == nullptr) return false;
    return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), [&](std::string_view prefix) {
      const std::string start = std::string(prefix) + source.environment_section + "__" + env_path + "__";
      const auto found = source.environment->lower_bound(start);
      return found != source.environment->end() && found->first.starts_with(start);
    });
  }

  void read_value(const OptionSpec& spec, const json::value* json, const std::string& path,
                  const std::string& env_path) {
    OptionValue value{.type = spec.type};
    if (spec.default_value != nullptr)
      if (auto parsed = value_from_text(spec, spec.default_value)) value = *std::move(parsed);

    const auto take = [&](Result<OptionValue> read, std::string_view origin) {
      if (read) {
        value = *std::move(read);
        value.is_set = true;
      } else {
        problems.push_back({place(path), std::string(origin) + read.error().cause()});
      }
    };
    if (const auto* variable = this->variable(env_path); variable != nullptr)
      take(value_from_text(spec, variable->second), "the variable " + variable->first + " ");
    else if (json != nullptr && !json->is_null())
      take(value_from_json(spec, *json, source.any_bytes ? TextRule::AnyBytes : TextRule::Utf8), "");
    else if (spec.default_value == nullptr)
      problems.push_back({place(path), "is required (" + std::string(type_name(spec.type)) + ")"});

    if (spec.type == OptionType::Path && !value.text.empty() && !source.config_dir.empty())
      value.text = (std::filesystem::path(source.config_dir) / value.text).lexically_normal().native();
    data.values.insert_or_assign(path, std::move(value));
  }

  void read_list(const OptionNode& node, const json::value* json, const std::string& path, const std::string& env_path,
                 const std::string& key) {
    const json::array* elements = nullptr;
    if (json != nullptr && !json->is_null()) {
      elements = json->if_array();
      if (elements == nullptr) problems.push_back({place(path), "must be a list of objects"});
    }
    OptionValues::Data::List list;
    list.is_set = elements != nullptr;
    if (elements != nullptr) {
      list.count = elements->size();
    } else if (node.spec != nullptr && node.spec->default_value != nullptr) {
      if (const auto count = value_from_text(*node.spec, node.spec->default_value))
        list.count = static_cast<std::size_t>(std::clamp<std::int64_t>(count->integer, 0, kMostElements));
    }
    for (std::size_t i = 0; i < list.count; ++i)
      list.is_set = list.is_set || has_variables_below(env_path + "__" + std::to_string(i));
    while (list.count < kMostElements && has_variables_below(env_path + "__" + std::to_string(list.count))) {
      ++list.count;
      list.is_set = true;
    }
    if (list.count > kMostElements) {
      problems.push_back({place(path), "has more than " + std::to_string(kMostElements) + " elements"});
      list.count = kMostElements;
    }
    if (node.spec != nullptr) {
      const auto count = static_cast<std::int64_t>(list.count);
      if (count < node.spec->minimum || count > node.spec->maximum)
        problems.push_back({place(path), "the number of elements must be " + range_text(*node.spec)});
    }
    data.lists.insert_or_assign(path, list);
    for (std::size_t i = 0; i < list.count; ++i) {
      const std::string index = std::to_string(i);
      const json::value* element = elements != nullptr && i < elements->size() ? &(*elements)[i] : nullptr;
      const std::string element_path = path + '[' + index + ']';
      read_object(node, as_object(element, element_path), element_path, env_path + "__" + index, key + "[]");
    }
  }

  const json::object* as_object(const json::value* json, const std::string& path) {
    if (json == nullptr || json->is_null()) return nullptr;
    if (!json->is_object()) problems.push_back({place(path), "must be an object"});
    return json->if_object();
  }

  // `key` is `path` without indexes, as tables write it: "bindings[].oidc".
  void read_object(const OptionNode& node, const json::object* object, const std::string& path,
                   const std::string& env_path, const std::string& key) {
    const auto below = [](const std::string& parent, std::string_view separator, std::string_view member) {
      return parent.empty() ? std::string(member) : parent + std::string(separator) + std::string(member);
    };
    for (const OptionNode& member : node.members) {
      const json::value* value = object != nullptr ? object->if_contains(member.name) : nullptr;
      const std::string member_path = below(path, ".", member.name), member_key = below(key, ".", member.name);
      const std::string member_env = below(env_path, "__", env_segment(member.name));
      if (member.is_value())
        read_value(*member.spec, value, member_path, member_env);
      else if (member.is_list)
        read_list(member, value, member_path, member_env, member_key);
      else
        read_object(member, as_object(value, member_path), member_path, member_env, member_key);
    }
    if (object == nullptr) return;
    for (const auto& member : *object) {
      const std::string_view name = member.key();
      if (node.find(name) != nullptr || (path.empty() && is_ignored(name))) continue;
      report_unknown(below(path, ".", printable(name)), below(key, ".", name), name, node, "");
    }
  }

  bool is_ignored(std::string_view member) const {
    return std::find(source.ignored.begin(), source.ignored.end(), member) != source.ignored.end();
  }

  void report_unknown(const std::string& path, const std::string& key, std::string_view name,
                      const OptionNode& siblings, const std::string& origin) {
    if (source.documented != nullptr && source.documented(source.where, key)) {
      problems.push_back(
          {place(path), origin + "is a documented key that this server does not use yet; it has no effect", false});
      return;
    }
    std::vector<std::string_view> names;
    for (const OptionNode& sibling : siblings.members) names.push_back(sibling.name);
    problems.push_back({place(path), origin + "unknown key" + suggestion(name, names)});
  }

  // Variables of this section that set nothing: a typing mistake, or the index of a list element that does not exist.
  void report_unused_variables(const OptionNode& root) {
    if (source.environment == nullptr || source.environment_section.empty()) return;
    for (const std::string_view prefix : kPrefixes) {
      const std::string start = std::string(prefix) + source.environment_section + "__";
      for (auto at = source.environment->lower_bound(start);
           at != source.environment->end() && at->first.starts_with(start); ++at)
        if (!used_variables.contains(at->first))
          report_unused(root, at->first, at->first.substr(start.size()), prefix == kPrefixes[0]);
    }
  }

  void report_unused(const OptionNode& root, const std::string& variable, const std::string& env_path, bool ours) {
    const OptionNode* node = &root;
    std::string path, key;
    bool below_list = false;
    const std::vector<std::string> segments = env_segments(env_path);
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const std::string& segment = segments[i];
      if (below_list) {
        below_list = false;
        if (is_index(segment)) {
          const auto list = data.lists.find(path);
          if (list != data.lists.end() && std::stoul(segment) >= list->second.count) {
            problems.push_back({place(path),
                                "the variable " + variable + " has no effect: the list has no element " +
                                    std::to_string(list->second.count) + ", and indexes must not leave a gap",
                                false});
            return;
          }
          path += '[' + segment + ']';
          key += "[]";
          continue;
        }
      }
      const auto member = std::find_if(node->members.begin(), node->members.end(), [&](const OptionNode& candidate) {
        return env_segment(candidate.name) == segment;
      });
      const bool known = member != node->members.end();
      if (i == 0) {
        const bool ignored = std::any_of(source.ignored.begin(), source.ignored.end(),
                                         [&](std::string_view name) { return env_segment(name) == segment; });
        if (ignored) return;
      }
      if (!known) {
        // The rest as a documented key may spell it.
        std::string rest;
        for (std::size_t j = i; j < segments.size(); ++j) {
          if (j > i && is_index(segments[j]))
            rest += "[]";
          else
            rest += (rest.empty() ? "" : ".") + to_lower(segments[j]);
        }
        report_unknown_variable(variable, path.empty() ? rest : path + '.' + rest,
                                key.empty() ? rest : key + '.' + rest, to_lower(segment), *node, ours);
        return;
      }
      path += (path.empty() ? "" : ".") + member->name;
      key += (key.empty() ? "" : ".") + member->name;
      node = &*member;
      below_list = member->is_list;
    }
    problems.push_back(
        {place(path), "the variable " + variable + " names an object or a list, not a value in it", ours});
  }

  // A mistyped SLIPWAY_ variable is a mistake; an SFTPGO_ one may be meant for something else.
  void report_unknown_variable(const std::string& variable, const std::string& path, const std::string& key,
                               const std::string& name, const OptionNode& siblings, bool ours) {
    const std::size_t before = problems.size();
    report_unknown(path, key, name, siblings, "the variable " + variable + ": ");
    for (std::size_t i = before; i < problems.size(); ++i) problems[i].fatal = problems[i].fatal && ours;
  }

  static OptionValues read(std::span<const OptionSpec> table, const OptionSource& source,
                           std::vector<Problem>& problems) {
    OptionValues values;
    const Result<OptionNode> tree = build_option_tree(table);
    if (!tree) {
      problems.push_back({source.where, tree.error().message()});
      return values;
    }
    OptionReader reader{source, problems, *values.data_, {}};
    reader.read_object(*tree, source.document, "", "", "");
    reader.report_unused_variables(*tree);
    return values;
  }
};

OptionValues read_options(std::span<const OptionSpec> table, const OptionSource& source,
                          std::vector<Problem>& problems) {
  return OptionReader::read(table, source, problems);
}

Status check_options(std::span<const OptionSpec> table) {
  SLIPWAY_TRY(build_option_tree(table));
  return ok();
}

OptionValues::OptionValues() : data_(std::make_unique<Data>()) {}
OptionValues::~OptionValues() = default;
OptionValues::OptionValues(const OptionValues& other) : data_(std::make_unique<Data>(*other.data_)) {}
OptionValues::OptionValues(OptionValues&& other) noexcept = default;
OptionValues& OptionValues::operator=(OptionValues other) noexcept {
  data_.swap(other.data_);
  return *this;
}

bool OptionValues::is_set(std::string_view name) const {
  if (const auto value = data_->values.find(name); value != data_->values.end()) return value->second.is_set;
  if (const auto list = data_->lists.find(name); list != data_->lists.end()) return list->second.is_set;
  // An object is set when something in it is.
  const std::string start = std::string(name) + '.';
  bool declared = false;
  for (auto at = data_->values.lower_bound(start); at != data_->values.end() && at->first.starts_with(start); ++at) {
    declared = true;
    if (at->second.is_set) return true;
  }
  assert(declared && "an option that the table does not declare");
  (void)declared;
  return false;
}

std::string_view OptionValues::string(std::string_view name) const {
  const OptionValue* value = data_->find(name, {OptionType::String, OptionType::Path, OptionType::Secret});
  return value != nullptr ? std::string_view(value->text) : std::string_view();
}

std::int64_t OptionValues::integer(std::string_view name) const {
  const OptionValue* value = data_->find(name, {OptionType::Integer, OptionType::Bytes, OptionType::Duration});
  return value != nullptr ? value->integer : 0;
}

double OptionValues::number(std::string_view name) const {
  const OptionValue* value = data_->find(name, {OptionType::Number});
  return value != nullptr ? value->number : 0;
}

bool OptionValues::flag(std::string_view name) const {
  const OptionValue* value = data_->find(name, {OptionType::Boolean});
  return value != nullptr && value->flag;
}

std::size_t OptionValues::count(std::string_view list) const {
  if (const auto found = data_->lists.find(list); found != data_->lists.end()) return found->second.count;
  const OptionValue* value = data_->find(list, {OptionType::StringList, OptionType::SecretList});
  return value != nullptr ? value->items.size() : 0;
}

std::string_view OptionValues::item(std::string_view list, std::size_t index) const {
  const OptionValue* value = data_->find(list, {OptionType::StringList, OptionType::SecretList});
  return value != nullptr && index < value->items.size() ? std::string_view(value->items[index]) : std::string_view();
}

namespace {

// As people would write it: "64M", "30s"; a bare number where no unit fits.
json::value quantity(const OptionValue& value) {
  const std::string text =
      value.type == OptionType::Bytes ? format_bytes(value.integer) : format_duration(value.integer);
  const bool has_unit = text.find_first_not_of("-0123456789") != std::string::npos;
  return has_unit ? json::value(text) : json::value(value.integer);
}

json::value redacted_value(const OptionValue& value) {
  switch (value.type) {
    case OptionType::String:
    case OptionType::Path:
      return json::value(value.text);
    case OptionType::Secret:
      return json::value(value.text.empty() ? std::string_view() : kRedacted);
    case OptionType::Integer:
      return json::value(value.integer);
    case OptionType::Bytes:
    case OptionType::Duration:
      return quantity(value);
    case OptionType::Number:
      return json::value(value.number);
    case OptionType::Boolean:
      return json::value(value.flag);
    case OptionType::StringList:
    case OptionType::SecretList: {
      json::array items;
      for (const std::string& item : value.items)
        items.emplace_back(is_secret(value.type) ? kRedacted : std::string_view(item));
      return items;
    }
  }
  return nullptr;
}

// The place of a concrete path ("bindings[0].port") in `object`, made where it is missing.
json::value& place_of(json::object& object, std::string_view path) {
  json::value* at = nullptr;
  for (const std::string& segment : split(path, '.')) {
    const std::size_t bracket = segment.find('[');
    json::object& parent = at == nullptr ? object : (at->is_object() ? at->get_object() : at->emplace_object());
    at = &parent[std::string_view(segment).substr(0, bracket)];
    if (bracket == std::string::npos) continue;
    const std::size_t index = std::stoul(segment.substr(bracket + 1));
    json::array& elements = at->is_array() ? at->get_array() : at->emplace_array();
    while (elements.size() <= index) elements.emplace_back(json::object());
    at = &elements[index];
  }
  return *at;
}

}  // namespace

json::object OptionValues::redacted() const {
  json::object object;
  for (const auto& [path, list] : data_->lists)
    if (list.count == 0) place_of(object, path) = json::array();
  for (const auto& [path, value] : data_->values) place_of(object, path) = redacted_value(value);
  return object;
}

}  // namespace slipway::config
