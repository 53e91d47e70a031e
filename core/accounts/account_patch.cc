#include "core/accounts/account_patch.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/accounts/entity_json.h"
#include "core/base/json.h"

namespace slipway::accounts {

namespace json = boost::json;

namespace {

constexpr std::array kFixed = {"id",
                               "username",
                               "password",
                               "has_password",
                               "used_quota_size",
                               "used_quota_files",
                               "last_quota_update",
                               "used_upload_data_transfer",
                               "used_download_data_transfer",
                               "created_at",
                               "updated_at",
                               "last_login",
                               "first_download",
                               "first_upload",
                               "last_password_change"};
constexpr std::array kFixedFilters = {"totp_config", "recovery_codes"};

template <class Names>
void replace_members(json::object& own, json::object& from, const Names& fixed) {
  for (const auto* name : fixed) from.erase(name);
  for (auto& [name, value] : from) own[name] = std::move(value);
}

}  // namespace

Result<User> apply_patch(const User& stored, std::string_view patch) {
  SLIPWAY_ASSIGN(auto changes, parse_json_object(patch));
  auto user = to_json(stored, Rendering::Full);
  if (auto* filters = changes.if_contains("filters")) {
    if (!filters->is_object()) return Error(Errc::InvalidArgument, "/filters", "must be an object");
    auto& own = user["filters"];
    if (!own.is_object()) own.emplace_object();
    replace_members(own.get_object(), filters->get_object(), kFixedFilters);
    changes.erase("filters");
  }
  replace_members(user, changes, kFixed);
  return from_json<User>(user, Unknown::Ignore);
}

}  // namespace slipway::accounts
