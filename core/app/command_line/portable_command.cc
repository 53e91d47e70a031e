// portable: serves one folder to one user, with nothing left behind.
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "core/app/command_line/commands.h"
#include "core/app/server.h"
#include "core/base/error.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/unique_fd.h"
#include "core/config/read_file.h"
#include "core/module/inspect.h"

namespace slipway::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// A folder of its own, gone with its content when the command ends.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> make() {
    std::error_code error;
    const fs::path parent = fs::temp_directory_path(error);
    if (error) return Error(Errc::IoError, "temporary folder", error.message());
    std::string pattern = (parent / "slipway-portable-XXXXXX").native();
    if (::mkdtemp(pattern.data()) == nullptr) return error_from_errno(errno, pattern);
    return TemporaryFolder(pattern);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  const fs::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

Result<int> free_port() {
  const UniqueFd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd fallback(socket ? -1 : ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  struct sockaddr_storage address {};
  address.ss_family = socket ? AF_INET6 : AF_INET;
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<struct sockaddr*>(&address);
  const int fd = socket ? socket.get() : fallback.get();
  if (fd < 0 || ::bind(fd, any, socket ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)) != 0 ||
      ::getsockname(fd, any, &size) != 0)
    return error_from_errno(errno, "a free port");
  // Both kinds of address have the port at the same place.
  return ntohs(reinterpret_cast<const struct sockaddr_in*>(&address)->sin_port);
}

// Variables beat env.d and the file, so this is what holds whatever they say.
Status force(const std::string& key, const std::string& value) {
  const std::string name = "SLIPWAY_" + key;
  if (::setenv(name.c_str(), value.c_str(), 1) != 0) return error_from_errno(errno, name);
  return ok();
}

std::size_t bindings_of(const config::Configuration& configuration, const std::string& section) {
  const json::value* at = configuration.document().if_contains(section);
  at = at != nullptr && at->is_object() ? at->get_object().if_contains("bindings") : nullptr;
  std::size_t count = at != nullptr && at->is_array() ? at->get_array().size() : 0;
  // Those that only variables make.
  const auto set = [&](const char* prefix) {
    const std::string start = prefix + to_upper(section) + "__BINDINGS__" + std::to_string(count) + "__";
    const auto found = configuration.environment().lower_bound(start);
    return found != configuration.environment().end() && found->first.starts_with(start);
  };
  while (set("SLIPWAY_") || set("SFTPGO_")) ++count;
  return std::max<std::size_t>(count, 1);
}

struct Opened {
  std::string section;
  int port;
};

// The wanted ports and no others, on every section that a module serves.
Result<std::vector<Opened>> force_ports(const config::Configuration& configuration,
                                        const std::vector<PortablePort>& ports) {
  std::vector<std::string> served;
  SLIPWAY_TRY(module::check_modules(configuration, executable_path(), served));
  std::vector<Opened> opened;
  for (const PortablePort& wanted : ports) {
    const bool is_served = std::find(served.begin(), served.end(), wanted.section) != served.end();
    if (!is_served && wanted.port < 0) continue;
    if (!is_served) return Error(Errc::NotSupported, wanted.section, "no module that is loaded serves it");
    int port = 0;
    if (wanted.port > 0) port = wanted.port;
    if (wanted.port == 0) {
      SLIPWAY_ASSIGN(port, free_port());
    }
    const std::string list = to_upper(wanted.section) + "__BINDINGS__";
    for (std::size_t i = 0; i < bindings_of(configuration, wanted.section); ++i)
      SLIPWAY_TRY(force(list + std::to_string(i) + "__PORT", std::to_string(i == 0 ? port : 0)));
    if (port != 0) opened.push_back({wanted.section, port});
  }
  if (opened.empty())
    return Error(Errc::InvalidArgument, "portable", "every protocol is off, there is nothing to serve");
  return opened;
}

struct Account {
  std::string username, password;
  bool generated = false;
};

Result<Account> account_of(const PortableOptions& options) {
  Account account{options.username.empty() ? "user" : options.username, options.password};
  if (!options.password_file.empty()) {
    SLIPWAY_ASSIGN(const std::string text, config::read_file(options.password_file, 64 * 1024));
    account.password = trim(text);
  }
  if (account.password.empty() && options.public_keys.empty()) {
    account.password = make_unique_id();
    account.generated = true;
  }
  return account;
}

json::array texts(const std::vector<std::string>& items) { return json::array(items.begin(), items.end()); }

Status write_dump(const fs::path& file, const PortableOptions& options, const Account& account,
                  const fs::path& directory) {
  SLIPWAY_ASSIGN(json::array patterns, portable_patterns(options.allowed_patterns, options.denied_patterns));
  json::object user{
      {"username", account.username},
      {"status", 1},
      {"home_dir", directory.native()},
      {"public_keys", texts(options.public_keys)},
      {"permissions", json::object{{"/", texts(options.permissions)}}},
      {"filters", json::object{{"file_patterns", std::move(patterns)}, {"start_directory", options.start_directory}}}};
  if (!account.password.empty()) user["password"] = account.password;
  const json::object dump{{"users", json::array{std::move(user)}}};
  std::ofstream out(file, std::ios::binary);  // in a folder that is ours alone
  out << serialize_json(dump);
  out.close();
  if (!out) return Error(Errc::IoError, file.native(), "cannot be written");
  return ok();
}

Result<int> portable(const PortableOptions& options) {
  std::error_code error;
  const fs::path directory = fs::canonical(options.directory, error);
  if (error || !fs::is_directory(directory, error))
    return Error(Errc::NotDirectory, options.directory, "is not a directory");
  SLIPWAY_ASSIGN(const Account account, account_of(options));
  SLIPWAY_ASSIGN(const TemporaryFolder folder, TemporaryFolder::make());

  ServeOptions serve;
  serve.location = options.location;
  serve.log = options.log;
  serve.grace_time = options.grace_time;
  SLIPWAY_ASSIGN(auto configuration, config::Configuration::load(options.location));
  // Without a configuration nothing is left behind in the working directory: keys and all are temporary.
  if (configuration->file().empty()) {
    serve.location = {.config_dir = folder.path().native()};
    SLIPWAY_ASSIGN(configuration, config::Configuration::load(serve.location));
  }
  SLIPWAY_TRY(force("DATA_PROVIDER__DRIVER", "sqlite"));
  SLIPWAY_TRY(force("DATA_PROVIDER__NAME", (folder.path() / "portable.db").native()));
  SLIPWAY_TRY(force("DATA_PROVIDER__SQL_TABLES_PREFIX", ""));
  SLIPWAY_TRY(force("DATA_PROVIDER__UPDATE_MODE", "0"));
  SLIPWAY_TRY(force("DATA_PROVIDER__CREATE_DEFAULT_ADMIN", "false"));
  SLIPWAY_ASSIGN(const std::vector<Opened> opened, force_ports(*configuration, options.ports));

  serve.loaddata_from = (folder.path() / "dump.json").native();
  serve.loaddata_mode = 0;
  serve.loaddata_clean = true;
  SLIPWAY_TRY(write_dump(serve.loaddata_from, options, account, directory));
  serve.on_ready = [&] {
    std::cout << "Portable mode ready, user: " << quote_json(account.username)
              << ", password: " << (account.generated ? quote_json(account.password) : "as given")
              << ", public keys: " << serialize_json(texts(options.public_keys))
              << ", directory: " << quote_json(directory.native())
              << ", permissions: " << serialize_json(texts(options.permissions));
    for (const Opened& open : opened) std::cout << ", " << open.section << " port: " << open.port;
    std::cout << std::endl;
  };
  return run_server(serve);
}

}  // namespace

Result<json::array> portable_patterns(const std::vector<std::string>& allowed, const std::vector<std::string>& denied) {
  struct Both {
    std::vector<std::string> allowed, denied;
  };
  std::map<std::string, Both> directories;
  const auto read = [&](const std::vector<std::string>& arguments, std::vector<std::string> Both::*list) -> Status {
    for (const std::string& argument : arguments) {
      const std::size_t separator = argument.find("::");
      if (separator == std::string::npos || argument[0] != '/')
        return Error(Errc::InvalidArgument, '"' + argument + '"', "patterns are written like /dir::*.jpg,*.png");
      std::vector<std::string>& patterns = directories[argument.substr(0, separator)].*list;
      for (const std::string& pattern : split(std::string_view(argument).substr(separator + 2), ','))
        if (const std::string_view text = trim(pattern); !text.empty()) patterns.emplace_back(text);
    }
    return ok();
  };
  SLIPWAY_TRY(read(allowed, &Both::allowed));
  SLIPWAY_TRY(read(denied, &Both::denied));
  json::array filters;
  for (const auto& [path, both] : directories)
    filters.push_back(json::object{
        {"path", path}, {"allowed_patterns", texts(both.allowed)}, {"denied_patterns", texts(both.denied)}});
  return filters;
}

int serve_portable(const PortableOptions& options) {
  const Result<int> code = portable(options);
  return code ? *code : fail(code.error());
}

}  // namespace slipway::app
