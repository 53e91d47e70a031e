#include "server.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "service_status.h"
#include "worker_thread.h"

namespace slipway::sftp {
namespace {

using namespace std::chrono_literals;

// Of windows beyond the first 2 MiB, over all connections.
constexpr std::uint64_t kWindowBudget = 512ull << 20;
constexpr auto kWatchInterval = 1s;
constexpr auto kStopGrace = 3s;       // for goodbyes, before sockets are cut
constexpr auto kAcceptRetry = 100ms;  // after an error that may pass, such as too many open files

// The way to a larger window is not in every libssh: 0.12 no longer takes the size of a read for one.
bool window_can_grow() {
  const char* version = ssh_version(0);
  return version != nullptr && std::strncmp(version, "0.10.", 5) == 0;
}

// Half of what the process may open: the rest is for connections, and for other protocols.
std::size_t most_handles() {
  rlimit limit{};
  constexpr std::size_t kWithoutLimit = 1u << 20;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kWithoutLimit;
  return limit.rlim_cur / 2;
}

std::string random_hex() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const auto byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace

Server::Server(Services services, ListenerService& listeners, ServerSettings* stored, SwitchSettings switches,
               std::string config_dir)
    : services_(services),
      listeners_(listeners),
      stored_(stored),
      system_name_(std::move(switches.system_name)),
      config_dir_(std::move(config_dir)),
      window_budget_(kWindowBudget),
      handle_budget_(most_handles()) {
  ssh_init();
  environment_.settings.handles = &handle_budget_;
  environment_.settings.dot_entries = switches.dot_entries;
  environment_.commands = &commands_;
  void* sink =
      ::mmap(nullptr, ReceiveWindow::kMax, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (sink == MAP_FAILED) return;
  environment_.window_sink = sink;
  if (window_can_grow()) environment_.window_budget = &window_budget_;
}

Server::~Server() {
  stop();
  if (environment_.window_sink != nullptr) ::munmap(environment_.window_sink, ReceiveWindow::kMax);
  ssh_finalize();
}

Result<std::shared_ptr<const Transport>> Server::make_transport(const Settings& settings) {
  StoredSettings stored;
  if (stored_ != nullptr) {
    SLIPWAY_ASSIGN(auto document, stored_->section("sftpd"));
    auto parsed = parse_stored_settings(document);
    OPENSSL_cleanse(document.data(), document.size());
    if (!parsed) return Error(parsed.code(), "the settings in the database", parsed.error().message());
    stored = *std::move(parsed);
  }
  auto transport = Transport::make(settings, stored, config_dir_, services_.log);
  for (auto& key : stored.host_keys) OPENSSL_cleanse(key.data(), key.size());
  return transport;
}

Result<std::list<std::unique_ptr<Server::Binding>>> Server::listen(const std::vector<sftp::Binding>& bindings) {
  std::list<std::unique_ptr<Binding>> opened;
  for (const auto& binding : bindings) {
    SLIPWAY_ASSIGN(auto listener, listeners_.listen({{binding.address, binding.port}, binding.apply_proxy_config}));
    auto entry = std::make_unique<Binding>();
    entry->settings = binding;
    entry->listener = std::move(listener);
    opened.push_back(std::move(entry));
  }
  return opened;
}

void Server::take_commands(const Settings& settings) {
  for (const auto& name : settings.unknown_commands)
    services_.log.warn("this server has no such command; it is left out of enabled_ssh_commands", {{"command", name}});
  commands_.set(std::make_shared<const CommandSet>(settings.commands, system_name_));
}

Status Server::start(const Settings& settings) {
  SLIPWAY_ASSIGN(auto transport, make_transport(settings));
  SLIPWAY_ASSIGN(auto bindings, listen(settings.bindings));
  take_commands(settings);
  if (environment_.window_budget == nullptr)
    services_.log.warn("this libssh cannot grow the receive window; uploads over long paths will be slow");
  services_.log.debug("reads of the socket", {{"large", read_ahead_available()}, {"libssh", ssh_version(0)}});
  for (const auto& fingerprint : transport->fingerprints())
    services_.log.info("host key", {{"fingerprint", fingerprint}});

  std::lock_guard lock(mutex_);
  transport_ = std::move(transport);
  bindings_ = std::move(bindings);
  accepting_ = true;
  for (auto& binding : bindings_)
    binding->acceptor = std::thread([this, listener = binding->listener.get()] { accept(*listener); });
  watcher_ = std::thread([this] { watch(); });
  return ok();
}

Status Server::configure(const Settings& settings) {
  SLIPWAY_ASSIGN(auto transport, make_transport(settings));
  std::vector<sftp::Binding> added;
  for (const auto& binding : settings.bindings) {
    const auto same = [&](const auto& entry) { return entry->settings == binding; };
    if (std::none_of(bindings_.begin(), bindings_.end(), same)) added.push_back(binding);
  }
  SLIPWAY_ASSIGN(auto opened, listen(added));
  take_commands(settings);

  std::list<std::unique_ptr<Binding>> removed;
  {
    std::lock_guard lock(mutex_);
    transport_ = std::move(transport);
    for (auto at = bindings_.begin(); at != bindings_.end();) {
      const auto next = std::next(at);
      const auto& wanted = settings.bindings;
      if (std::find(wanted.begin(), wanted.end(), (*at)->settings) == wanted.end())
        removed.splice(removed.end(), bindings_, at);
      at = next;
    }
    for (auto& binding : opened)
      binding->acceptor = std::thread([this, listener = binding->listener.get()] { accept(*listener); });
    bindings_.splice(bindings_.end(), opened);
  }
  for (auto& binding : removed) binding->listener->close();
  for (auto& binding : removed) binding->acceptor.join();
  return ok();
}

std::vector<Endpoint> Server::listening() const {
  std::lock_guard lock(mutex_);
  std::vector<Endpoint> endpoints;
  for (const auto& binding : bindings_) endpoints.push_back(binding->listener->endpoint());
  return endpoints;
}

std::vector<std::string> Server::fingerprints() const {
  std::lock_guard lock(mutex_);
  return transport_ ? transport_->fingerprints() : std::vector<std::string>();
}

std::string Server::status() const {
  ServiceFacts facts;
  std::lock_guard lock(mutex_);
  facts.transport = transport_;
  for (const auto& binding : bindings_)
    facts.bindings.push_back({binding->listener->endpoint(), binding->settings.apply_proxy_config});
  if (const auto commands = commands_.get()) facts.commands = commands->names();
  return status_document(facts);
}

void Server::accept(Listener& listener) {
  bool failing = false;
  while (true) {
    auto accepted = listener.accept();
    if (accepted) {
      failing = false;
      serve(*std::move(accepted));
      continue;
    }
    if (accepted.code() == Errc::Cancelled) return;
    if (!failing) services_.log.error("connections cannot be accepted", {{"error", accepted.error().message()}});
    failing = true;
    std::this_thread::sleep_for(kAcceptRetry);
  }
}

void Server::serve(AcceptedConnection accepted) {
  const int fd = accepted.fd;
  std::shared_ptr<const Transport> transport;
  {
    std::lock_guard lock(mutex_);
    if (accepting_) transport = transport_;
  }
  if (!transport) {
    ::close(fd);
    return;
  }
  AdmittedClient client;
  client.id = random_hex();
  auto admitted = services_.sessions.admit({.protocol = "SSH",
                                            .connection_id = client.id,
                                            .remote = accepted.remote,
                                            .local = accepted.local,
                                            .client_version = {},
                                            .encrypted = true,
                                            .interactive_hook = transport->interactive_hook()});
  if (!admitted) {
    ::close(fd);
    return;
  }
  client.accepted = std::move(accepted);
  client.admitted = *std::move(admitted);
  std::list<Connection> added;
  auto& connection = added.emplace_back(*this, services_, std::move(transport), std::move(client), environment_);
  connection.self = added.begin();
  {
    std::lock_guard lock(mutex_);
    if (active_.empty()) changed_.notify_all();  // the watcher sleeps while there is nothing to watch
    active_.splice(active_.end(), added);
  }
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kThreadStack);
  pthread_t thread{};
  const int failed = ::pthread_create(&thread, &attributes, &Server::connection_thread, &connection);
  pthread_attr_destroy(&attributes);
  if (failed == 0) return;
  services_.log.error("no thread for a connection; raise the limit of processes", {{"error", std::strerror(failed)}});
  ::close(fd);
  std::lock_guard lock(mutex_);
  added.splice(added.end(), active_, connection.self);
  if (active_.empty()) changed_.notify_all();
}

// A thread that ends joins those that ended before it, so that nobody has to be woken for every connection.
void* Server::connection_thread(void* data) {
  auto& connection = *static_cast<Connection*>(data);
  connection.thread = ::pthread_self();
  connection.ssh->run();
  std::list<Connection> ended;
  {
    auto& server = connection.server;
    std::lock_guard lock(server.mutex_);
    ended.swap(server.ended_);
    server.ended_.splice(server.ended_.end(), server.active_, connection.self);
    if (server.active_.empty()) server.changed_.notify_all();
  }
  join(ended);
  return nullptr;
}

void Server::join(std::list<Connection>& ended) {
  for (auto& connection : ended) ::pthread_join(connection.thread, nullptr);
  ended.clear();
}

// Cuts connections whose client, or whose thread, is late; joins the last threads.
void Server::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_ || !active_.empty() || !ended_.empty()) {
    if (active_.empty() && ended_.empty()) {
      changed_.wait(lock, [this] { return stopping_ || !active_.empty(); });
    } else {
      changed_.wait_for(lock, kWatchInterval, [this] { return stopping_ && active_.empty(); });
    }
    const auto now = SshConnection::Clock::now();
    std::vector<std::shared_ptr<SshConnection>> late;
    for (auto& connection : active_) {
      if (connection.ssh->overdue(now)) late.push_back(connection.ssh);
    }
    std::list<Connection> ended;
    ended.swap(ended_);
    lock.unlock();
    for (auto& connection : late) connection->abort();
    join(ended);
    lock.lock();
  }
}

void Server::close_listeners() noexcept {
  {
    std::lock_guard lock(mutex_);
    accepting_ = false;
    for (auto& binding : bindings_) binding->listener->close();
  }
  for (auto& binding : bindings_) {
    if (binding->acceptor.joinable()) binding->acceptor.join();
  }
}

std::vector<std::shared_ptr<SshConnection>> Server::connections() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<SshConnection>> connections;
  for (const auto& connection : active_) connections.push_back(connection.ssh);
  return connections;
}

void Server::drain(std::chrono::steady_clock::time_point deadline) noexcept {
  close_listeners();
  for (auto& connection : connections()) connection->drain();
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return active_.empty(); });
}

void Server::stop() noexcept {
  close_listeners();
  for (auto& connection : connections()) connection->stop();
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kStopGrace, [this] { return active_.empty(); });
  }
  for (auto& connection : connections()) connection->abort();
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (watcher_.joinable()) watcher_.join();
  std::lock_guard lock(mutex_);
  bindings_.clear();
}

}  // namespace slipway::sftp
