#include "core/app/first_run.h"

#include <cstdio>

#include "core/base/ids.h"

namespace slipway::app {
namespace {

constexpr const char* kAdmin = "admin";
constexpr const char* kUser = "user";

}  // namespace

Status FirstRun::prepare(accounts::Accounts& accounts, const std::string& config_dir) {
  SLIPWAY_ASSIGN(const bool no_admin, accounts.needs_setup());
  if (no_admin) {
    const std::string password = make_unique_id();
    SLIPWAY_TRY(accounts.create_first_admin(kAdmin, password));
    admin_ = kAdmin;
    admin_password_ = password;
  }
  SLIPWAY_ASSIGN(const auto users, accounts.users().list({.limit = 1}));
  if (!users.empty()) {
    user_ = users.front().username;
    return ok();
  }
  accounts::User user;
  user.username = kUser;
  user.password = make_unique_id();
  user.status = 1;
  user.description = "made at the first start";
  user.home_dir = config_dir + "/data/" + user.username;
  user.permissions["/"] = {"*"};
  user_ = user.username;
  user_password_ = user.password;
  Actor system;
  system.name = "__system__";
  SLIPWAY_TRY(accounts.users().add(std::move(user), system));
  return ok();
}

void FirstRun::print(const std::vector<module::ModuleRef<ProtocolModule>>& protocols) const {
  std::printf("Slipway is running. Stop it with Ctrl-C.\n\n");
  for (const auto& protocol : protocols) {
    for (const Endpoint& endpoint : protocol->listening())
      std::printf("  %s listens on %s port %u\n", protocol.instance().c_str(),
                  endpoint.address.empty() ? "all addresses" : endpoint.address.c_str(), endpoint.port);
    auto* identity = static_cast<ServerIdentity*>(protocol->query(ServerIdentity::kInterfaceId));
    if (identity == nullptr) continue;
    for (const auto& line : identity->how_to_connect(user_)) std::printf("    connect:     %s\n", line.c_str());
    for (const auto& line : identity->fingerprints()) std::printf("    fingerprint: %s\n", line.c_str());
  }
  if (user_password_.empty())
    std::printf("\n  A user: %s (the password it was given)\n", user_.c_str());
  else
    std::printf("\n  A first user was made:           %s, password %s\n", user_.c_str(), user_password_.c_str());
  if (!admin_password_.empty())
    std::printf("  A first administrator was made:  %s, password %s\n", admin_.c_str(), admin_password_.c_str());
  if (!user_password_.empty() || !admin_password_.empty()) std::printf("  They are shown this once.\n");
  std::fflush(stdout);
}

}  // namespace slipway::app
