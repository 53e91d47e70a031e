// What this server is made of, and what it does not have.
#include <boost/json.hpp>

#include "core/management/operation.h"

namespace slipway::management {
namespace {

namespace json = boost::json;

Result<json::value> version(const Call& call) {
  const BuildInfo& build = call.rooms.build;
  json::array features;
  for (const auto& feature : build.features) features.emplace_back(feature);
  return json::value(json::object{{"version", build.version},
                                  {"build_date", build.date},
                                  {"commit_hash", build.commit},
                                  {"features", std::move(features)}});
}

// Nothing here checks retention, so no check runs.
Result<json::value> retention_checks(const Call&) {
  return json::value(json::object{{"items", json::array()}, {"next", nullptr}});
}

Result<json::value> search_events(const Call&) {
  return Error(Errc::NotSupported, "events.search", "no module of this server keeps events to search in");
}

constexpr Operation kOperations[] = {
    {{"version.get", "", "", "VersionInfo", "Version, date, commit and features of this server."}, version},
    {{"retention.checks.list", "*", "", "RetentionCheck[]", "The retention checks that run."}, retention_checks},
    {{"events.search", "view_events", "", "", "Searches stored events."}, search_events},
};

}  // namespace

std::span<const Operation> build_operations() { return kOperations; }

}  // namespace slipway::management
