#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/accounts/backup.h"
#include "core/accounts/entity_json.h"
#include "core/base/json.h"

namespace slipway::accounts {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxDepth = kMaxEntityDepth + 2;  // the document, a list in it
constexpr int kDottedPlaceholders = 17;                 // the version that wrote {{.Name}} first
constexpr int kRuleStatus = 15;

// "{{Name}}" as "{{.Name}}"; what is no plain placeholder stays. In JSON text "{{" stands in strings only.
std::string dot_placeholders(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at, 2) != "{{") {
      out += text[at++];
      continue;
    }
    at += 2;
    out += "{{";
    if (at < text.size() && std::string_view(" .-").find(text[at]) == std::string_view::npos) out += '.';
  }
  return out;
}

Error below(const std::string& pointer, const Error& error) {
  const bool is_pointer = error.subject().starts_with('/');
  return {error.code(), is_pointer ? pointer + error.subject() : pointer, is_pointer ? error.cause() : error.message(),
          error.retryable()};
}

class Parser {
 public:
  Parser(json::object& document, std::vector<std::string>* unknown) : document_(document), unknown_(unknown) {}

  template <class Entity>
  Status list(std::string_view name, std::vector<Entity>& out) {
    const auto pointer = "/" + std::string(name);
    known_.push_back(name);
    auto* value = document_.if_contains(name);
    if (value == nullptr || value->is_null()) return ok();
    if (!value->is_array()) return Error(Errc::InvalidArgument, pointer, "expected a list");
    auto& array = value->get_array();
    out.reserve(array.size());
    for (std::size_t i = 0; i < array.size(); ++i) {
      SLIPWAY_TRY(element(array[i], pointer + "/" + std::to_string(i), out));
      array[i] = nullptr;  // a large document need not be in memory twice
    }
    return ok();
  }

  Status configs(std::vector<ServerConfigs>& out) {
    known_.push_back("configs");
    auto* value = document_.if_contains("configs");
    return value == nullptr || value->is_null() ? ok() : element(*value, "/configs", out);
  }

  Status version(int& out) {
    known_.push_back("version");
    const auto* value = document_.if_contains("version");
    if (value == nullptr || value->is_null()) return ok();
    const auto* number = value->if_int64();
    if (number == nullptr || *number < 0 || *number > 1'000'000) {
      return Error(Errc::InvalidArgument, "/version", "expected the number of a version");
    }
    out = static_cast<int>(*number);
    return ok();
  }

  void name_unknown() {
    if (unknown_ == nullptr) return;
    for (const auto& member : document_) {
      const std::string_view name(member.key().data(), member.key().size());
      if (std::find(known_.begin(), known_.end(), name) == known_.end()) unknown_->push_back(json_pointer("", name));
    }
  }

 private:
  template <class Entity>
  Status element(const json::value& value, const std::string& pointer, std::vector<Entity>& out) {
    std::vector<std::string> unknown;
    auto entity = from_json<Entity>(value, Unknown::Keep, &unknown);
    if (unknown_ != nullptr) {
      for (const auto& member : unknown) unknown_->push_back(pointer + member);
    }
    if (!entity) return below(pointer, entity.error());
    out.push_back(*std::move(entity));
    return ok();
  }

  json::object& document_;
  std::vector<std::string>* unknown_;
  std::vector<std::string_view> known_;
};

bool has_quota(const User& user) { return user.quota_size > 0 || user.quota_files > 0; }

class Load {
 public:
  Load(Accounts& accounts, const LoadOptions& options, LoadReport& report)
      : accounts_(accounts), options_(options), report_(report) {}

  Status run(BackupData data) {
    if (!data.configs.empty()) SLIPWAY_TRY(configs(data.configs.front()));
    SLIPWAY_TRY(all("/ip_lists", accounts_.ip_lists(), data.ip_lists,
                    [](const IpListEntry& entry) { return std::to_string(entry.type) + "/" + entry.ipornet; }));
    SLIPWAY_TRY(all("/roles", accounts_.roles(), data.roles, &Role::name));
    SLIPWAY_TRY(all("/folders", accounts_.folders(), data.folders, &Folder::name));
    SLIPWAY_TRY(all("/groups", accounts_.groups(), data.groups, &Group::name));
    SLIPWAY_TRY(all("/users", accounts_.users(), data.users, &User::username));
    SLIPWAY_TRY(all("/admins", accounts_.admins(), data.admins, &Admin::username));
    SLIPWAY_TRY(all("/api_keys", accounts_.api_keys(), data.api_keys, &ApiKey::id));
    SLIPWAY_TRY(all("/shares", accounts_.shares(), data.shares, &Share::id));
    SLIPWAY_TRY(all("/event_actions", accounts_.event_actions(), data.event_actions, &EventAction::name));
    return all("/event_rules", accounts_.event_rules(), data.event_rules, &EventRule::name);
  }

 private:
  Status configs(ServerConfigs configs) {
    if (options_.mode == LoadMode::AddOnly) {
      SLIPWAY_ASSIGN(const auto stored, accounts_.configs());
      if (!(stored == ServerConfigs{})) {
        ++report_.skipped;
        return ok();
      }
    }
    auto saved = accounts_.update_configs(std::move(configs), options_.actor, {.restoring = true});
    if (!saved) return below("/configs", saved.error());
    ++report_.updated;
    return ok();
  }

  template <class Entity, class Name>
  Status all(const std::string& pointer, Catalog<Entity>& catalog, std::vector<Entity>& entities, Name&& name) {
    for (std::size_t i = 0; i < entities.size(); ++i) {
      const auto here = pointer + "/" + std::to_string(i);
      const std::string key = std::invoke(name, entities[i]);
      const auto present = catalog.get(key);
      if (!present && present.code() != Errc::NotFound) return below(here, present.error());
      if (present.ok() && options_.mode == LoadMode::AddOnly) {
        ++report_.skipped;
        continue;
      }
      constexpr SaveOptions kRestoring{.restoring = true};
      auto saved = present.ok() ? catalog.update(std::move(entities[i]), options_.actor, kRestoring)
                                : catalog.add(std::move(entities[i]), options_.actor, kRestoring);
      if (!saved) {
        const auto error = below(here, saved.error());
        return Error(error.code(), error.subject(), quote_json(key) + ": " + error.cause(), error.retryable());
      }
      ++(present.ok() ? report_.updated : report_.added);
      note(*saved, present.ok());
    }
    return ok();
  }

  template <class Entity>
  void note(const Entity&, bool) {}
  void note(const User& user, bool was_there) {
    if (was_there && options_.mode == LoadMode::UpdateAndDisconnect) report_.disconnect.push_back(user.username);
    const bool scan =
        options_.scan_quota == ScanQuota::Yes || (options_.scan_quota == ScanQuota::Limited && has_quota(user));
    if (scan) report_.scan_users.push_back(user.username);
  }
  void note(const Folder& folder, bool) {
    if (options_.scan_quota != ScanQuota::No) report_.scan_folders.push_back(folder.name);
  }

  Accounts& accounts_;
  const LoadOptions& options_;
  LoadReport& report_;
};

}  // namespace

Result<BackupData> parse_backup(std::string_view text, std::vector<std::string>* unknown, std::size_t max_bytes) {
  SLIPWAY_ASSIGN(auto document, parse_json_object(text, {.max_bytes = max_bytes, .max_depth = kMaxDepth}));
  BackupData data;
  Parser parser(document, unknown);
  SLIPWAY_TRY(parser.version(data.version));
  SLIPWAY_TRY(parser.list("users", data.users));
  SLIPWAY_TRY(parser.list("groups", data.groups));
  SLIPWAY_TRY(parser.list("folders", data.folders));
  SLIPWAY_TRY(parser.list("admins", data.admins));
  SLIPWAY_TRY(parser.list("api_keys", data.api_keys));
  SLIPWAY_TRY(parser.list("shares", data.shares));
  SLIPWAY_TRY(parser.list("event_actions", data.event_actions));
  SLIPWAY_TRY(parser.list("event_rules", data.event_rules));
  SLIPWAY_TRY(parser.list("roles", data.roles));
  SLIPWAY_TRY(parser.list("ip_lists", data.ip_lists));
  SLIPWAY_TRY(parser.configs(data.configs));
  parser.name_unknown();
  if (data.version < kDottedPlaceholders) {
    for (auto& action : data.event_actions) action.options.text = dot_placeholders(action.options.text);
  }
  if (data.version < kRuleStatus) {
    for (auto& rule : data.event_rules) rule.status = 1;
  }
  return data;
}

Status load_backup(Accounts& accounts, BackupData data, const LoadOptions& options, LoadReport& report) {
  return Load(accounts, options, report).run(std::move(data));
}

}  // namespace slipway::accounts
