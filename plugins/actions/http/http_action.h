// Sends the HTTP request of a hook or an event rule, as the section `http` says.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "http_client.h"
#include "slipway/action.h"
#include "slipway/work_gate.h"

namespace slipway::http {

class HttpAction final : public ActionModule {
 public:
  explicit HttpAction(Host& host) : host_(host) {}

  Status configure(const OptionView& options) override;
  Status start() override;
  void drain(std::chrono::steady_clock::time_point deadline) noexcept override { gate_.close(deadline); }
  void stop() noexcept override { gate_.end(); }
  Result<ActionReply> run(const OpContext& ctx, const ActionRequest& request) override;

 private:
  struct Header {
    std::string name, value;
    std::vector<Url> only_for;  // one or none
  };
  // Replaced whole by configure(), with the connections made under it.
  struct Settings {
    explicit Settings(std::shared_ptr<const TlsMaterial> tls) : client(std::move(tls)) {}
    std::chrono::milliseconds timeout{20'000}, retry_wait_min{2'000}, retry_wait_max{30'000};
    int retry_max = 3;
    bool skip_tls_verify = false;
    std::vector<Url> skip_tls_verify_for;
    std::vector<Header> headers;
    Client client;
  };

  std::shared_ptr<Settings> settings() const;
  std::string resolved(std::string_view path) const;
  static Result<Request> request_of(const Settings& settings, const OptionView& use);
  Result<Reply> perform(const OpContext& ctx, Settings& settings, const Request& request, bool retry);

  Host& host_;
  mutable std::mutex mutex_;
  std::shared_ptr<Settings> settings_;  // null before the first configure()
  WorkGate gate_;
};

}  // namespace slipway::http
