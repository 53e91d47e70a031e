// portable: serves one folder to one user, with nothing left behind.
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "core/app/command_line/commands.h"
#include "core/app/server.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/unique_fd.h"

namespace slipway::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// The configuration's folder for as long as the server runs.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "slipway-portable-XXXXXX").native();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

std::uint16_t free_port() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return 0;
  return ntohs(address.sin_port);
}

using Patterns = std::map<std::string, json::object>;  // by folder

// "/folder::*.txt,*.md"
Status add_patterns(Patterns& filters, const std::vector<std::string>& texts, const char* member) {
  for (const std::string& text : texts) {
    const auto separator = text.find("::");
    if (separator == std::string::npos)
      return Error(Errc::InvalidArgument, text, "patterns are written as /folder::*.txt,*.md");
    const std::string path = text.substr(0, separator);
    json::object& filter = filters[path];
    filter["path"] = path;
    filter[member] = json::value_from(split(std::string_view(text).substr(separator + 2), ','));
  }
  return ok();
}

Result<json::object> portable_user(const PortableOptions& options, const std::string& password) {
  json::object user{{"username", options.username}, {"status", 1}};
  if (!password.empty()) user["password"] = password;
  if (!options.public_keys.empty()) user["public_keys"] = json::value_from(options.public_keys);
  std::error_code failure;
  user["home_dir"] = fs::absolute(options.directory, failure).lexically_normal().native();
  if (failure) return Error(Errc::InvalidArgument, options.directory, failure.message());
  user["permissions"] = json::object{{"/", json::value_from(options.permissions)}};
  json::object filters;
  if (!options.start_directory.empty()) filters["start_directory"] = options.start_directory;
  Patterns patterns;
  SLIPWAY_TRY(add_patterns(patterns, options.allowed_patterns, "allowed_patterns"));
  SLIPWAY_TRY(add_patterns(patterns, options.denied_patterns, "denied_patterns"));
  json::array file_patterns;
  for (auto& [path, filter] : patterns) file_patterns.push_back(std::move(filter));
  filters["file_patterns"] = std::move(file_patterns);
  user["filters"] = std::move(filters);
  return user;
}

Result<std::string> password_of(const PortableOptions& options) {
  if (options.password_file.empty()) return options.password;
  std::ifstream file(options.password_file);
  std::string line;
  if (!std::getline(file, line)) return Error(Errc::NotFound, options.password_file, "no password can be read from it");
  return line;
}

Result<int> serve(PortableOptions options) {
  SLIPWAY_ASSIGN(std::string password, password_of(options));
  if (options.username.empty()) options.username = "user";
  const bool made = password.empty() && options.public_keys.empty();
  if (made) password = make_unique_id();
  if (options.sftp_port == 0) options.sftp_port = free_port();
  if (options.sftp_port < 0) return Error(Errc::InvalidArgument, "--sftpd-port", "nothing would be served");

  const TemporaryFolder folder;
  if (folder.path().empty()) return Error(Errc::IoError, "portable", "unable to make a temporary folder");
  SLIPWAY_ASSIGN(json::object user, portable_user(options, password));
  const json::object configuration{
      {"sftpd", json::object{{"bindings", json::array{json::object{{"port", options.sftp_port}}}}}}};
  const json::object dump{{"users", json::array{std::move(user)}}};
  std::ofstream(folder.path() + "/slipway.json") << serialize_json(configuration);
  std::ofstream(folder.path() + "/dump.json") << serialize_json(dump);

  ServeOptions serve;
  serve.location.config_dir = folder.path();
  serve.log = options.log;
  serve.grace_time = options.grace_time;
  serve.loaddata_from = folder.path() + "/dump.json";
  serve.loaddata_clean = true;
  std::cout << "user: " << options.username << ", "
            << (made ? "password: " + password : std::string("with what you gave")) << ", port: " << options.sftp_port
            << std::endl;
  return run_server(serve);
}

}  // namespace

int serve_portable(const PortableOptions& options) {
  const auto code = serve(options);
  return code ? *code : fail(code.error());
}

}  // namespace slipway::app
