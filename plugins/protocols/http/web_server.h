// The bindings of the module: what listens where, with which routes.
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "site.h"
#include "support/http/server.h"

namespace slipway::httpd {

// start(), configure(), drain() and stop() are called by one thread at a time.
class WebServer {
 public:
  // The services outlive the server.
  WebServer(Services services, ListenerService& listeners)
      : services_(std::move(services)),
        listeners_(listeners),
        ended_(std::make_shared<EndedTokens>(services_.revocations)) {}

  // Listens and serves. Nothing is left behind on failure.
  Status start(const Settings& settings);
  // Bindings that are in both stay, with the new settings from their next request on. Nothing changes on failure.
  Status configure(const Settings& settings);
  void drain(std::chrono::steady_clock::time_point deadline) noexcept;
  void stop() noexcept;

  std::vector<Endpoint> listening() const;
  // "curl -u anna http://localhost:8080/api/v2/user/token"
  std::vector<std::string> how_to_connect(std::string_view user) const;

 private:
  struct Binding {
    BindingSettings settings;
    std::string passphrase;
    std::shared_ptr<Tokens> tokens;
    http::BindingId id = 0;
    Endpoint endpoint;  // where it really listens
  };

  Result<http::BindingOptions> options_of(const Settings& settings, Binding& binding) const;
  Result<std::unique_ptr<Listener>> listen(const BindingSettings& settings) const;

  const Services services_;
  ListenerService& listeners_;
  std::shared_ptr<TusUploads> uploads_;
  std::shared_ptr<EventStreams> streams_;
  const std::shared_ptr<EndedTokens> ended_;  // of bindings that have a passphrase
  std::unique_ptr<http::Server> server_;
  mutable std::mutex mutex_;  // guards what follows
  std::list<Binding> bindings_;
};

// All routes of a binding: the API below /api/v2, and /healthz.
std::shared_ptr<http::Router> make_router(const std::shared_ptr<const Site>& site);

}  // namespace slipway::httpd
