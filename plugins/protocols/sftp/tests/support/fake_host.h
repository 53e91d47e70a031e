// A host for one protocol module: sessions of one user, listeners on free loopback ports, a log on standard error.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "fake_session.h"
#include "slipway/protocol.h"

namespace slipway::sftp::testing {

struct FakeUser {
  std::string name = "user";
  std::string password;                  // empty: none
  std::vector<std::string> public_keys;  // base64 blobs of authorized_keys lines
  bool key_then_password = false;        // both, in this order
  std::string question;                  // keyboard-interactive asks it and wants the password
  std::string root;                      // the directory that is served
  std::string start_directory = "/";
  unsigned max_sessions = 0;  // 0: no limit
  bool refuse_connections = false;
};

class FakeHost final : public Host, public Logger, private ListenerService, private SessionService {
 public:
  FakeHost(FakeUser user, std::string config_dir, LogLevel level);

  Logger& logger() noexcept override { return *this; }
  std::string_view instance() const noexcept override { return "protocol-sftp"; }
  std::string_view config_dir() const noexcept override { return config_dir_; }
  void post(std::function<void()>) override {}
  void* service(std::string_view interface_id) noexcept override;
  bool enabled(LogLevel level) const noexcept override { return level >= level_; }
  void log(LogLevel level, std::string_view message, std::span<const LogField> fields) noexcept override;

  // Sessions that are open now, by connection id.
  std::vector<std::string> sessions() const;
  // As an administrator does.
  void close_sessions();

  // For Login and LoginAttempt.
  const FakeUser& user() const noexcept { return user_; }
  Result<std::unique_ptr<Session>> open(std::string_view connection_id);
  void left(const std::string& connection_id);

 private:
  Result<std::unique_ptr<Listener>> listen(const ListenRequest& request) override;
  Result<std::unique_ptr<Admitted>> admit(const ConnectionRequest& request) override;

  const FakeUser user_;
  const std::string config_dir_;
  const LogLevel level_;
  LexicalPaths paths_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<std::stop_source>> sessions_;
};

// Options as "name=value", repeated for lists: "bindings[0].port=0", "ciphers=a", "ciphers=b".
class FakeOptions final : public OptionView {
 public:
  FakeOptions(const OptionSpec* table, std::size_t count, const std::vector<std::string>& assignments);
  bool is_set(std::string_view name) const override;
  std::string_view string(std::string_view name) const override;
  std::int64_t integer(std::string_view name) const override;
  double number(std::string_view name) const override { return static_cast<double>(integer(name)); }
  bool flag(std::string_view name) const override { return string(name) == "true"; }
  std::size_t count(std::string_view list) const override;
  std::string_view item(std::string_view list, std::size_t index) const override;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::map<std::string, std::string, std::less<>> defaults_;
  std::set<std::string, std::less<>> lists_;
};

// A loaded module file; unloaded last.
class LoadedModule {
 public:
  // Null descriptor on failure; error() says why.
  explicit LoadedModule(const std::string& file);
  ~LoadedModule();
  LoadedModule(const LoadedModule&) = delete;
  LoadedModule& operator=(const LoadedModule&) = delete;
  const ModuleDescriptor* descriptor() const noexcept { return descriptor_; }
  const std::string& error() const noexcept { return error_; }

 private:
  void* library_ = nullptr;
  const ModuleDescriptor* descriptor_ = nullptr;
  std::string error_;
};

}  // namespace slipway::sftp::testing
