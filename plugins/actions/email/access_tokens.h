// The access token that the mail server wants to see: kept until shortly before it expires, then renewed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "oauth2_settings.h"
#include "slipway/module.h"
#include "token_endpoint.h"

namespace slipway::email {

// Thread-safe; one thread asks the endpoint at a time, and the others wait for what it gets.
class AccessTokens {
 public:
  using Clock = std::chrono::steady_clock;
  // Where the settings come from, as far as their refresh token goes. Called by one thread at a time, under no lock.
  struct Source {
    // What it is there now; what was asked with before where there is nothing newer.
    std::function<std::string(const std::string& known)> latest;
    // Another one came in the place of `old`.
    std::function<void(const std::string& old, const std::string& fresh)> replace;
  };
  using Ask = std::function<Result<TokenAnswer>(const OpContext&, const OAuth2Settings&)>;

  explicit AccessTokens(Source source, Ask ask = ask_for_token, std::function<Clock::time_point()> now = Clock::now)
      : source_(std::move(source)), ask_(std::move(ask)), now_(std::move(now)) {}

  // The errors of the endpoint; Cancelled and TimedOut as ctx says.
  Result<std::string> get(const OpContext& ctx, const OAuth2Settings& settings);
  // The mail server did not take it: the next get() asks for another one.
  void drop(const std::string& token);

 private:
  class Turn;
  Result<TokenAnswer> fetch(const OpContext& ctx, OAuth2Settings& settings);

  const Source source_;
  const Ask ask_;
  const std::function<Clock::time_point()> now_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable_any ended_;
  bool is_asking_ = false;
  OAuth2Settings configured_;  // what the rest was got with
  std::string refresh_token_;  // in the place of the configured one
  std::string token_;
  Clock::time_point good_until_{};
};

}  // namespace slipway::email
