// The configuration's core sections made into the settings of the rooms.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "core/accounts/accounts.h"
#include "core/admission/admission.h"
#include "core/config/configuration.h"
#include "core/config/options.h"
#include "core/crypto/secrets.h"
#include "core/events/hooks.h"
#include "core/lua/lua_hooks.h"
#include "core/net/proxy_settings.h"
#include "core/session/session_settings.h"

namespace slipway::app {

struct DataProviderSettings {
  std::string driver = "sqlite";
  std::string database;           // absolute path of the SQLite file
  std::string connection_string;  // an SQLite URI instead of `database`
  std::size_t pool_size = 0;      // connections at a time; 0: the store decides
  std::string table_prefix;       // data_provider.sql_tables_prefix
  int update_mode = 0;            // 0: migrate at start; 1: only `initprovider` does
  bool create_default_admin = false;
  bool is_shared = false;    // other servers use the database
  std::string backups_path;  // absolute
};

struct CoreSettings {
  session::SessionSettings sessions;
  admission::AdmissionSettings admission;
  net::ProxySettings proxy;
  accounts::AccountsSettings accounts;
  crypto::SecretKeeper::Settings secrets;
  DataProviderSettings data_provider;
  events::HookSettings hooks;
  lua::LuaSettings lua;
  std::vector<std::string> login_hooks;  // the keys of those that a module must run
  std::optional<mode_t> umask;           // absent: the process's
  std::size_t blocking_threads = 64;
  config::OptionValues switches;  // of the environment
};

// Reads the core's sections; problems of their keys are appended. With a fatal one the settings are not to be used.
CoreSettings read_core_settings(const config::Configuration& configuration, std::vector<config::Problem>& problems);

// The names of the top-level sections that the core itself reads.
std::span<const std::string_view> core_sections();

// Writes the warnings to the log; an error that names the file and every fatal problem, one a line.
Status report(const config::Configuration& configuration, const std::vector<config::Problem>& problems);

}  // namespace slipway::app
