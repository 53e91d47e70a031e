#include "fake_host.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "posix_filesystem.h"

namespace slipway::sftp::testing {
namespace {

class FakeListener final : public Listener {
 public:
  FakeListener(int fd, Endpoint endpoint)
      : fd_(fd), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), endpoint_(std::move(endpoint)) {}
  ~FakeListener() override {
    ::close(fd_);
    ::close(wake_);
  }
  const Endpoint& endpoint() const noexcept override { return endpoint_; }
  Result<AcceptedConnection> accept() override {
    while (true) {
      pollfd fds[2] = {{fd_, POLLIN, 0}, {wake_, POLLIN, 0}};
      if (::poll(fds, 2, -1) < 0 && errno != EINTR) return Error(Errc::IoError, "poll", std::strerror(errno));
      if (fds[1].revents != 0) return Error(Errc::Cancelled, "listener");
      if (fds[0].revents == 0) continue;
      sockaddr_in peer{};
      socklen_t length = sizeof peer;
      const int fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_CLOEXEC);
      if (fd < 0) return Error(Errc::IoError, "accept", std::strerror(errno), true);
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      char text[INET_ADDRSTRLEN] = "";
      ::inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
      return AcceptedConnection{fd, {text, ntohs(peer.sin_port)}, endpoint_};
    }
  }
  void close() noexcept override {
    ::shutdown(fd_, SHUT_RDWR);
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
  }

 private:
  const int fd_, wake_;
  const Endpoint endpoint_;
};

class RegisteredSession final : public Session {
 public:
  RegisteredSession(FakeHost& host, std::unique_ptr<FakeSession> session) : host_(host), session_(std::move(session)) {}
  ~RegisteredSession() override { host_.left(session_->id()); }
  Filesystem& fs() noexcept override { return session_->fs(); }
  const std::string& id() const noexcept override { return session_->id(); }
  const std::string& user() const noexcept override { return session_->user(); }
  const VPath& start_directory() const noexcept override { return session_->start_directory(); }
  std::stop_token stop_token() const noexcept override { return session_->stop_token(); }
  OpContext context() const noexcept override { return session_->context(); }
  void set_command(std::string_view) override {}
  std::chrono::steady_clock::duration idle() const noexcept override { return {}; }

 private:
  FakeHost& host_;
  const std::unique_ptr<FakeSession> session_;
};

class FakeLogin final : public Login {
 public:
  explicit FakeLogin(FakeHost& host) : host_(host) {}
  const std::string& user() const noexcept override { return host_.user().name; }
  Result<std::unique_ptr<Session>> open(std::string_view, std::string_view connection_id) override {
    return host_.open(connection_id);
  }

 private:
  FakeHost& host_;
};

class FakeAttempt final : public LoginAttempt {
 public:
  explicit FakeAttempt(FakeHost& host) : host_(host) {}

  std::vector<std::string> methods() const override { return {"publickey", "password", "keyboard-interactive"}; }

  LoginStep submit(const OpContext&, std::string_view name, const Credential& credential) override {
    const auto& user = host_.user();
    LoginStep step;
    if (name != user.name) return step;
    if (const auto* password = std::get_if<PasswordCredential>(&credential)) {
      if (user.password.empty() || password->password != user.password || (user.key_then_password && !key_done_))
        return step;
      return accept();
    }
    if (const auto* key = std::get_if<PublicKeyCredential>(&credential)) {
      const auto& known = user.public_keys;
      if (std::find(known.begin(), known.end(), base64(key->blob)) == known.end()) return step;
      if (key->proof == PublicKeyCredential::Proof::Signed && !user.key_then_password) return accept();
      step.outcome = LoginStep::Outcome::Partial;
      if (key->proof == PublicKeyCredential::Proof::Signed) {
        key_done_ = true;
        step.methods = {"password"};
      }
      return step;
    }
    const auto& answers = std::get<InteractiveCredential>(credential).answers;
    if (user.question.empty()) return step;
    if (answers.empty()) {
      step.outcome = LoginStep::Outcome::Ask;
      step.prompts = {{user.question, false}};
      return step;
    }
    if (answers.size() == 1 && answers[0] == user.password) return accept();
    return step;
  }

 private:
  LoginStep accept() {
    LoginStep step;
    step.outcome = LoginStep::Outcome::Accepted;
    step.login = std::make_unique<FakeLogin>(host_);
    return step;
  }
  static std::string base64(std::string_view bytes) {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
      std::uint32_t group = 0;
      for (std::size_t k = 0; k < 3; ++k)
        group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
      for (std::size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63];
    }
    return text;
  }

  FakeHost& host_;
  bool key_done_ = false;
};

class FakeAdmitted final : public Admitted {
 public:
  explicit FakeAdmitted(FakeHost& host) : host_(host) {}
  Result<std::unique_ptr<LoginAttempt>> begin(const OpContext&) override {
    return std::make_unique<FakeAttempt>(host_);
  }

 private:
  FakeHost& host_;
};

}  // namespace

FakeHost::FakeHost(FakeUser user, std::string config_dir, LogLevel level)
    : user_(std::move(user)), config_dir_(std::move(config_dir)), level_(level) {}

void* FakeHost::service(std::string_view id) noexcept {
  if (id == SessionService::kInterfaceId) return static_cast<SessionService*>(this);
  if (id == ListenerService::kInterfaceId) return static_cast<ListenerService*>(this);
  if (id == PathResolver::kInterfaceId) return static_cast<PathResolver*>(&paths_);
  return nullptr;
}

void FakeHost::log(LogLevel level, std::string_view message, std::span<const LogField> fields) noexcept {
  if (!enabled(level)) return;
  constexpr const char* kNames[] = {"trace", "debug", "info", "warn", "error"};
  std::string line = std::string(kNames[static_cast<int>(level)]) + ": " + std::string(message);
  for (const auto& field : fields) {
    line += " " + std::string(field.key) + "=" +
            (field.type == LogField::Type::Text ? std::string(field.text) : std::to_string(field.number));
  }
  line += "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

Result<std::unique_ptr<Listener>> FakeHost::listen(const ListenRequest& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!request.endpoint.address.empty()) ::inet_pton(AF_INET, request.endpoint.address.c_str(), &address.sin_addr);
  // Port 1 stands for any free one; 0 would turn the binding off.
  address.sin_port = htons(request.endpoint.port == 1 ? 0 : request.endpoint.port);
  socklen_t length = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(fd, 512) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    const Error error(Errc::Unavailable, "port " + std::to_string(request.endpoint.port), std::strerror(errno));
    ::close(fd);
    return error;
  }
  return std::make_unique<FakeListener>(fd, Endpoint{"127.0.0.1", ntohs(address.sin_port)});
}

Result<std::unique_ptr<Admitted>> FakeHost::admit(const ConnectionRequest&) {
  if (user_.refuse_connections) return Error(Errc::PermissionDenied, "connection");
  return std::make_unique<FakeAdmitted>(*this);
}

Result<std::unique_ptr<Session>> FakeHost::open(std::string_view connection_id) {
  auto session =
      std::make_unique<FakeSession>(make_posix_filesystem(user_.root), std::string(connection_id), user_.name);
  session->start_in(VPath(user_.start_directory));
  std::lock_guard lock(mutex_);
  if (user_.max_sessions > 0 && sessions_.size() >= user_.max_sessions)
    return Error(Errc::PermissionDenied, user_.name, "too many open sessions");
  sessions_.emplace(connection_id, session->stop_source());
  return std::make_unique<RegisteredSession>(*this, std::move(session));
}

void FakeHost::left(const std::string& connection_id) {
  std::lock_guard lock(mutex_);
  sessions_.erase(connection_id);
}

std::vector<std::string> FakeHost::sessions() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [id, stop] : sessions_) ids.push_back(id);
  return ids;
}

void FakeHost::close_sessions() {
  std::vector<std::shared_ptr<std::stop_source>> stops;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, stop] : sessions_) stops.push_back(stop);
  }
  for (const auto& stop : stops) stop->request_stop();
}

FakeOptions::FakeOptions(const OptionSpec* table, std::size_t count, const std::vector<std::string>& assignments) {
  for (std::size_t i = 0; i < count; ++i) {
    std::string value = table[i].default_value == nullptr ? "" : table[i].default_value;
    // Of the units only the one that occurs.
    if (table[i].type == OptionType::Duration && value.ends_with('m'))
      value = std::to_string(std::strtoll(value.c_str(), nullptr, 10) * 60'000);
    defaults_[table[i].name] = std::move(value);
    if (table[i].type == OptionType::StringList) lists_.insert(table[i].name);
  }
  for (const auto& assignment : assignments) {
    const auto equals = assignment.find('=');
    values_[assignment.substr(0, equals)].push_back(assignment.substr(equals + 1));
  }
}

bool FakeOptions::is_set(std::string_view name) const { return values_.find(name) != values_.end(); }

std::string_view FakeOptions::string(std::string_view name) const {
  if (const auto found = values_.find(name); found != values_.end()) return found->second.front();
  std::string key(name);
  if (const auto open = key.find('['); open != std::string::npos) key.erase(open + 1, key.find(']') - open - 1);
  const auto found = defaults_.find(key);
  return found == defaults_.end() ? std::string_view() : std::string_view(found->second);
}

std::int64_t FakeOptions::integer(std::string_view name) const {
  return std::strtoll(std::string(string(name)).c_str(), nullptr, 10);
}

std::size_t FakeOptions::count(std::string_view list) const {
  if (lists_.contains(list)) {
    const auto found = values_.find(list);
    return found == values_.end() ? 0 : found->second.size();
  }
  std::size_t elements = 0;
  for (const auto& [name, value] : values_) {
    const auto prefix = std::string(list) + "[";
    if (name.starts_with(prefix))
      elements = std::max<std::size_t>(elements, std::strtoul(name.c_str() + prefix.size(), nullptr, 10) + 1);
  }
  return elements;
}

std::string_view FakeOptions::item(std::string_view list, std::size_t index) const {
  const auto found = values_.find(list);
  return found == values_.end() || index >= found->second.size() ? std::string_view() : found->second[index];
}

LoadedModule::LoadedModule(const std::string& file) : library_(::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (library_ != nullptr) descriptor_ = static_cast<const ModuleDescriptor*>(::dlsym(library_, "slipway_module_v1"));
  if (descriptor_ == nullptr) {
    error_ = ::dlerror();
  } else if (std::strcmp(descriptor_->abi_tag, SLIPWAY_ABI_TAG) != 0) {
    error_ = std::string("it was built for ") + descriptor_->abi_tag;
    descriptor_ = nullptr;
  }
}

LoadedModule::~LoadedModule() {
  if (library_ != nullptr) ::dlclose(library_);
}

}  // namespace slipway::sftp::testing
