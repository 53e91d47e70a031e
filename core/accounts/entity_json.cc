#include "core/accounts/entity_json.h"

#include <algorithm>
#include <array>

#include "core/accounts/describe.h"
#include "core/accounts/json_secrets.h"

namespace slipway {

namespace json = boost::json;

bool crypto::write_json_custom(JsonWriter& writer, json::value& value, const Secret& secret) {
  const auto rendering = static_cast<accounts::Rendering>(writer.style);
  const bool whole = rendering == accounts::Rendering::Full || rendering == accounts::Rendering::Confidential;
  auto& object = value.emplace_object();
  const auto text = [&](const char* name, const std::string& member) {
    if (!member.empty()) object[name].emplace_string().assign(member);
  };
  text("status", secret.status);
  text("payload", secret.payload);
  if (whole) {
    text("key", secret.key);
    text("additional_data", secret.additional_data);
  }
  if (secret.mode != 0) object["mode"] = secret.mode;
  return true;
}

namespace accounts {

namespace {

// The shared part of the renderings of an entity; the overloads below take out what only some may see.
template <class Entity>
json::object render(const Entity& entity, Rendering rendering, const json::storage_ptr& storage) {
  JsonWriter writer;
  writer.omit_defaults = rendering == Rendering::Full;
  writer.extra = rendering == Rendering::Full;
  writer.style = static_cast<int>(rendering);
  json::value value(storage);
  write_json(writer, value, entity);
  if (rendering == Rendering::Event) strip_secrets(value);
  if (rendering == Rendering::Api) hide_secret_keys(value);
  return std::move(value.get_object());
}

bool shows_hashes(Rendering rendering) { return rendering == Rendering::Full || rendering == Rendering::Confidential; }

template <class Entity>
void finish(const Entity&, Rendering, json::object&) {}

// Choices that were not made: clients that know the possible values by name have none for "".
void drop_unmade_choices(json::object& filters) {
  for (const char* name : {"tls_username", "user_type"}) {
    const auto* choice = filters.if_contains(name);
    if (choice != nullptr && choice->get_string().empty()) filters.erase(name);
  }
}

void finish(const User& user, Rendering rendering, json::object& object) {
  if (auto* filters = object.if_contains("filters")) drop_unmade_choices(filters->get_object());
  if (!shows_hashes(rendering)) object.erase("password");
  if (rendering != Rendering::Full) object["has_password"] = !user.password.empty();
}

void finish(const Admin&, Rendering rendering, json::object& object) {
  if (!shows_hashes(rendering)) object.erase("password");
}

void finish(const ApiKey&, Rendering rendering, json::object& object) {
  if (!shows_hashes(rendering)) object.erase("key");
}

void finish(const Share& share, Rendering rendering, json::object& object) {
  if (shows_hashes(rendering)) return;
  if (share.password.empty())
    object.erase("password");
  else
    object["password"] = "[**redacted**]";
}

// A policy that is not there has no mode that the contract knows.
void finish(const Group& group, Rendering rendering, json::object& object) {
  if (rendering == Rendering::Full) return;
  auto* settings = object.if_contains("user_settings");
  auto* filters =
      settings != nullptr && settings->is_object() ? settings->get_object().if_contains("filters") : nullptr;
  if (filters == nullptr || !filters->is_object()) return;
  drop_unmade_choices(filters->get_object());
  if (group.user_settings.filters.share_policy == SharePolicy{}) filters->get_object().erase("share_policy");
}

constexpr std::array kFolderMembers = {std::string_view("id"),
                                       std::string_view("mapped_path"),
                                       std::string_view("description"),
                                       std::string_view("used_quota_size"),
                                       std::string_view("used_quota_files"),
                                       std::string_view("last_quota_update"),
                                       std::string_view("users"),
                                       std::string_view("groups"),
                                       std::string_view("filesystem")};
constexpr std::array kActionMembers = {std::string_view("id"), std::string_view("description"),
                                       std::string_view("type"), std::string_view("options"),
                                       std::string_view("rules")};
constexpr std::array kUserMembers = {std::string_view("has_password")};
constexpr std::array kShareMembers = {std::string_view("user_permissions")};

}  // namespace

std::span<const std::string_view> ignored_members(const FolderMapping*) { return kFolderMembers; }
std::span<const std::string_view> ignored_members(const RuleAction*) { return kActionMembers; }
std::span<const std::string_view> ignored_members(const User*) { return kUserMembers; }
std::span<const std::string_view> ignored_members(const Share*) { return kShareMembers; }

bool write_json_custom(JsonWriter& writer, json::value& value, const FilesystemConfig& config) {
  auto& object = value.emplace_object();
  const auto section = [&](const char* name, const auto& settings, bool shown = false) {
    if (shown || settings != std::remove_cvref_t<decltype(settings)>{}) write_json(writer, object[name], settings);
  };
  object["provider"] = static_cast<int>(config.provider);
  section("osconfig", config.osconfig, config.provider == FsProvider::Local && !writer.omit_defaults);
  section("s3config", config.s3config);
  section("gcsconfig", config.gcsconfig);
  section("azblobconfig", config.azblobconfig);
  section("cryptconfig", config.cryptconfig);
  section("sftpconfig", config.sftpconfig);
  section("httpconfig", config.httpconfig);
  section("ftpconfig", config.ftpconfig);
  section("module", config.module);
  section("moduleconfig", config.moduleconfig);
  write_json_extra(writer, object, config.extra);
  return true;
}

template <class Entity>
void to_json(const Entity& entity, Rendering rendering, json::object& into) {
  into = render(entity, rendering, into.storage());
  finish(entity, rendering, into);
}

template <class Entity>
json::object to_json(const Entity& entity, Rendering rendering) {
  json::object object;
  to_json(entity, rendering, object);
  return object;
}

template <class Entity>
std::string to_json_text(const Entity& entity, Rendering rendering) {
  return serialize_json(to_json(entity, rendering));
}

template <class Entity>
Result<Entity> from_json(const json::value& value, Unknown policy, std::vector<std::string>* unknown) {
  JsonReader reader;
  reader.keep_unknown = policy == Unknown::Keep;
  Result<Entity> entity = Entity();
  read_json(reader, value, *entity);
  if (unknown != nullptr) unknown->insert(unknown->end(), reader.unknown.begin(), reader.unknown.end());
  if (!reader.problems.empty()) return reader.error();
  return entity;
}

template <class Entity>
Result<Entity> from_json_text(std::string_view text, Unknown policy, std::vector<std::string>* unknown) {
  SLIPWAY_ASSIGN(const auto value, parse_json(text, {.max_bytes = kMaxEntityBytes, .max_depth = kMaxEntityDepth}));
  return from_json<Entity>(value, policy, unknown);
}

#define SLIPWAY_ENTITY(Entity)                                                                       \
  template json::object to_json(const Entity&, Rendering);                                           \
  template void to_json(const Entity&, Rendering, json::object&);                                    \
  template std::string to_json_text(const Entity&, Rendering);                                       \
  template Result<Entity> from_json<Entity>(const json::value&, Unknown, std::vector<std::string>*); \
  template Result<Entity> from_json_text<Entity>(std::string_view, Unknown, std::vector<std::string>*);

SLIPWAY_ENTITY(FilesystemConfig)
SLIPWAY_ENTITY(Folder)
SLIPWAY_ENTITY(FolderMapping)
SLIPWAY_ENTITY(Group)
SLIPWAY_ENTITY(Role)
SLIPWAY_ENTITY(Admin)
SLIPWAY_ENTITY(User)
SLIPWAY_ENTITY(ApiKey)
SLIPWAY_ENTITY(Share)
SLIPWAY_ENTITY(EventAction)
SLIPWAY_ENTITY(EventRule)
SLIPWAY_ENTITY(IpListEntry)
SLIPWAY_ENTITY(ServerConfigs)
SLIPWAY_ENTITY(TotpConfig)

#undef SLIPWAY_ENTITY

}  // namespace accounts
}  // namespace slipway
