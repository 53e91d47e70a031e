#include "core/management/management.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/management/operation.h"
#include "core/management/schemas.h"

namespace slipway::management {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxInput = 32u << 20;  // bytes; a dump to load is the largest

struct Operations {
  std::vector<OperationInfo> infos;
  std::map<std::string_view, const Operation*> by_name;
};

const Operations& all_operations() {
  static const Operations made = [] {
    Operations t;
    for (const auto family :
         {user_operations(), entity_operations(), mfa_operations(), self_operations(), share_operations(),
          ip_list_operations(), event_operations(), build_operations(), mail_operations(), quota_operations(),
          data_operations(), server_operations(), defender_operations()})
      for (const Operation& operation : family) {
        t.infos.push_back(operation.info);
        t.by_name.emplace(operation.info.name, &operation);
      }
    std::ranges::sort(t.infos, {}, &OperationInfo::name);
    return t;
  }();
  return made;
}

// `needed` is one permission or several of which one is enough: "view_groups|manage_groups".
bool permitted(const Actor& actor, std::string_view needed) {
  switch (actor.kind) {
    case Actor::Kind::System:
      return true;
    case Actor::Kind::User:
      return needed == "self";
    case Actor::Kind::Admin:
      break;
  }
  if (needed == "system") return false;
  const auto has = [&](std::string_view p) {
    return std::ranges::find(actor.permissions, p) != actor.permissions.end();
  };
  if (needed.empty() || needed == "self" || has("*")) return true;
  const auto alternatives = split(needed, '|');
  return std::ranges::any_of(alternatives, has);
}

}  // namespace

std::span<const OperationInfo> Management::table() { return all_operations().infos; }

Result<std::string> Management::call(const OpContext& ctx, const Actor& actor, std::string_view name,
                                     std::string_view input) {
  const auto found = all_operations().by_name.find(name);
  if (found == all_operations().by_name.end()) {
    std::vector<std::string_view> names;
    for (const auto& [known, operation] : all_operations().by_name) names.push_back(known);
    const std::string_view near = nearest(name, names);
    return Error(Errc::NotFound, std::string(name),
                 "no such operation" + (near.empty() ? std::string() : "; did you mean " + std::string(near) + "?"));
  }
  const Operation& operation = *found->second;
  if (!permitted(actor, operation.info.permission))
    return Error(Errc::PermissionDenied, std::string(name),
                 actor.name + " lacks the permission " + std::string(operation.info.permission));

  // Whoever administers sees, and sets, what has happened until now.
  if (rooms_.sessions != nullptr) rooms_.sessions->rooms().counters.flush();
  if (input.size() > kMaxInput) return Error(Errc::TooLarge, std::string(name), "the document is beyond 32 MiB");
  json::object document;
  if (!trim(input).empty()) {
    SLIPWAY_ASSIGN(document, parse_json_object(input, {.max_bytes = kMaxInput}));
  }
  json::monotonic_resource storage;
  SLIPWAY_ASSIGN(const json::value result, operation.run(Call{ctx, actor, rooms_, document, &storage}));
  return serialize_json(result);
}

std::string Management::schemas() const { return json::serialize(make_schemas()); }

bool Call::is_superuser() const {
  return actor.kind == Actor::Kind::System || std::ranges::find(actor.permissions, "*") != actor.permissions.end();
}

Result<std::string> Call::text(std::string_view member) const {
  const json::value* value = input.if_contains(member);
  if (value == nullptr || !value->is_string() || value->get_string().empty())
    return Error(Errc::InvalidArgument, "/" + std::string(member), "a text is needed here");
  return std::string(value->get_string());
}

Result<std::string> Call::name(std::string_view member) const {
  SLIPWAY_ASSIGN(const std::string given, text(member));
  return rooms.accounts.convert_name(given);
}

std::string Call::text_or(std::string_view member, std::string_view otherwise) const {
  const json::value* value = input.if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string(otherwise);
}

Result<std::int64_t> Call::integer_or(std::string_view member, std::int64_t otherwise) const {
  const json::value* value = input.if_contains(member);
  if (value == nullptr || value->is_null()) return otherwise;
  if (value->is_int64()) return value->get_int64();
  return Error(Errc::InvalidArgument, "/" + std::string(member), "an integer is needed here");
}

bool Call::flag(std::string_view member) const {
  const json::value* value = input.if_contains(member);
  return value != nullptr && value->is_bool() && value->get_bool();
}

Result<accounts::ListRequest> list_request(const Call& call) {
  accounts::ListRequest request;
  SLIPWAY_ASSIGN(const std::int64_t offset, call.integer_or("offset", 0));
  SLIPWAY_ASSIGN(const std::int64_t limit, call.integer_or("limit", 100));
  const std::string order = call.text_or("order", "ASC");
  if (offset < 0) return Error(Errc::InvalidArgument, "/offset", "must be 0 or more");
  if (limit < 1 || limit > 500) return Error(Errc::InvalidArgument, "/limit", "must be between 1 and 500");
  if (order != "ASC" && order != "DESC") return Error(Errc::InvalidArgument, "/order", "must be ASC or DESC");
  request.offset = static_cast<std::size_t>(offset);
  request.limit = static_cast<std::size_t>(limit);
  request.descending = order == "DESC";
  request.prefix = call.text_or("prefix", "");
  return request;
}

json::value page(json::array items, const accounts::ListRequest& request) {
  json::object result(items.storage());  // else the items would be copied
  const bool full = items.size() == request.limit;
  result["items"] = std::move(items);
  result["next"] = full ? json::value(request.offset + request.limit) : json::value(nullptr);
  return result;
}

Error no_such_user(std::string_view username) {
  return {Errc::NotFound, "user \"" + printable(username) + "\"", "does not exist"};
}

Error needs_server(std::string_view operation) {
  return {Errc::Unavailable, std::string(operation), "no server is running on this configuration; start it first"};
}

}  // namespace slipway::management
