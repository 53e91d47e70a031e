#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>

#include "core/accounts/backup.h"
#include "core/accounts/entity_json.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace slipway::accounts {

namespace json = boost::json;

namespace {

constexpr std::size_t kPage = 500;
constexpr int kAttempts = 5;

struct Scope {
  std::string_view name, member;
};
// In the order of the document.
constexpr std::array kScopes = {
    Scope{"users", "users"},           Scope{"groups", "groups"},     Scope{"folders", "folders"},
    Scope{"admins", "admins"},         Scope{"api_keys", "api_keys"}, Scope{"shares", "shares"},
    Scope{"actions", "event_actions"}, Scope{"rules", "event_rules"}, Scope{"roles", "roles"},
    Scope{"ip_lists", "ip_lists"},     Scope{"configs", "configs"}};

Status check_scopes(const std::vector<std::string>& scopes) {
  std::vector<std::string_view> known = {"license"};
  for (const auto& scope : kScopes) known.push_back(scope.name);
  for (const auto& scope : scopes) {
    if (std::find(known.begin(), known.end(), scope) != known.end()) continue;
    const auto near = nearest(scope, known);
    return Error(Errc::InvalidArgument, "scopes",
                 "there is no " + quote_json(scope) + (near.empty() ? "" : ", did you mean " + quote_json(near) + "?"));
  }
  return ok();
}

class Dump {
 public:
  Dump(AccountStore& store, const DumpOptions& options) : store_(store), options_(options) {}

  Result<std::string> make() {
    text_ = "{";
    for (const auto& scope : kScopes) {
      member(scope.member);
      if (wanted(scope.name))
        SLIPWAY_TRY(write(scope.member));
      else
        text_ += "null";
    }
    member("version");
    text_ += std::to_string(kBackupVersion);
    new_line(0);
    text_ += '}';
    return std::move(text_);
  }

 private:
  bool wanted(std::string_view scope) const {
    const auto& scopes = options_.scopes;
    return scopes.empty() || std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
  }

  Status write(std::string_view member) {
    if (member == "users") return list(&AccountStore::users, &User::username);
    if (member == "groups") return list(&AccountStore::groups, &Group::name);
    if (member == "folders") return list(&AccountStore::folders, &Folder::name);
    if (member == "admins") return list(&AccountStore::admins, &Admin::username);
    if (member == "api_keys") return list(&AccountStore::api_keys, &ApiKey::id);
    if (member == "shares") return list(&AccountStore::shares, &Share::id);
    if (member == "event_actions") return list(&AccountStore::event_actions, &EventAction::name);
    if (member == "event_rules") return list(&AccountStore::event_rules, &EventRule::name);
    if (member == "roles") return list(&AccountStore::roles, &Role::name);
    if (member == "ip_lists") return ip_lists();
    SLIPWAY_ASSIGN(const auto configs, store_.configs());
    text_ += indented(serialize_json(to_json(configs, Rendering::Full), options_.indent), 1);
    return ok();
  }

  template <class Entity>
  Status list(Result<std::vector<Entity>> (AccountStore::*query)(const ListRequest&), std::string Entity::*name) {
    text_ += '[';
    ListRequest request;
    request.limit = kPage;
    bool first = true;
    for (;;) {
      SLIPWAY_ASSIGN(const auto page, (store_.*query)(request));
      for (const auto& entity : page) SLIPWAY_TRY(element(entity, first));
      if (page.size() < kPage) break;
      request.after = page.back().*name;
    }
    return close_list(first);
  }

  // One list a type: `after` is about a single one.
  Status ip_lists() {
    text_ += '[';
    bool first = true;
    for (int type = 1; type <= 4; ++type) {
      ListRequest request;
      request.limit = kPage;
      for (;;) {
        SLIPWAY_ASSIGN(const auto page, store_.ip_list_entries(type, request));
        for (const auto& entry : page) SLIPWAY_TRY(element(entry, first));
        if (page.size() < kPage) break;
        request.after = page.back().ipornet;
      }
    }
    return close_list(first);
  }

  template <class Entity>
  Status element(const Entity& entity, bool& first) {
    if (!first) text_ += ',';
    first = false;
    new_line(2);
    auto object = to_json(entity, Rendering::Full);
    SLIPWAY_TRY(complete(entity, object));
    text_ += indented(serialize_json(object, options_.indent), 2);
    return ok();
  }

  template <class Entity>
  Status complete(const Entity&, json::object&) {
    return ok();
  }

  // Rules carry their actions whole, as other readers of the document expect them; our own takes the name alone.
  Status complete(const EventRule& rule, json::object& object) {
    if (rule.actions.empty()) return ok();
    auto& actions = object["actions"].get_array();
    for (std::size_t i = 0; i < rule.actions.size(); ++i) {
      const auto action = store_.event_action(rule.actions[i].name);
      if (!action && action.code() == Errc::NotFound) continue;  // it has just gone
      if (!action) return action.error();
      for (auto& [name, value] : to_json(*action, Rendering::Full)) {
        if (name != "id") actions[i].get_object().insert(json::key_value_pair(name, value));
      }
    }
    return ok();
  }

  Status close_list(bool empty) {
    if (!empty) new_line(1);
    text_ += ']';
    return ok();
  }
  void member(std::string_view name) {
    if (text_.size() > 1) text_ += ',';
    new_line(1);
    text_ += quote_json(name);
    text_ += options_.indent > 0 ? ": " : ":";
  }
  void new_line(unsigned level) {
    if (options_.indent == 0) return;
    text_ += '\n';
    text_.append(std::size_t(level) * options_.indent, ' ');
  }
  // JSON strings hold no raw line feed, so that every one starts a line of the layout.
  std::string indented(std::string text, unsigned level) const {
    if (options_.indent == 0) return text;
    std::string out;
    const std::string margin(std::size_t(level) * options_.indent, ' ');
    for (const char c : text) {
      out += c;
      if (c == '\n') out += margin;
    }
    return out;
  }

  AccountStore& store_;
  const DumpOptions& options_;
  std::string text_;
};

}  // namespace

Result<std::string> dump_backup(AccountStore& store, const DumpOptions& options) {
  SLIPWAY_TRY(check_scopes(options.scopes));
  // Pages are read one after the other: a group that goes after the users were read would leave a document that cannot
  // be loaded.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    SLIPWAY_ASSIGN(const auto before, store.definitions_version());
    auto text = Dump(store, options).make();
    SLIPWAY_ASSIGN(const auto after, store.definitions_version());
    if (before == after) return text;
  }
  return Error(Errc::Unavailable, "dump", "the accounts keep changing, try again later", true);
}

}  // namespace slipway::accounts
