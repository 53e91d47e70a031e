// A server's first start: an administrator and a first user with random passwords, and how to connect.
#pragma once

#include <string>
#include <vector>

#include "core/accounts/accounts.h"
#include "core/module/registry.h"

namespace slipway::app {

class FirstRun {
 public:
  // Makes what is missing; an existing administrator or user is left alone. Homes are below `config_dir`/data.
  Status prepare(accounts::Accounts& accounts, const std::string& config_dir);
  // To standard output. Passwords are printed once, when they were made, and never logged.
  void print(const std::vector<module::ModuleRef<ProtocolModule>>& protocols) const;

 private:
  std::string admin_, admin_password_, user_, user_password_;
};

}  // namespace slipway::app
