#include "access_tokens.h"

#include <algorithm>

namespace slipway::email {
namespace {

// A mail may take a minute, and the mail server looks at its own clock.
constexpr std::chrono::seconds kMargin{120};
constexpr int kPartOfLifetime = 4;  // of short ones

}  // namespace

// Whatever comes of it, the others do not wait for ever.
class AccessTokens::Turn {
 public:
  explicit Turn(AccessTokens& owner) : owner_(owner) {}
  ~Turn() {
    std::lock_guard lock(owner_.mutex_);
    owner_.is_asking_ = false;
    owner_.ended_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  AccessTokens& owner_;
};

Result<std::string> AccessTokens::get(const OpContext& ctx, const OAuth2Settings& settings) {
  OAuth2Settings asked = settings;
  {
    std::unique_lock lock(mutex_);
    const auto is_free = [this] { return !is_asking_; };
    if (ctx.deadline == Clock::time_point::max())
      ended_.wait(lock, ctx.stop, is_free);
    else
      ended_.wait_until(lock, ctx.stop, ctx.deadline, is_free);
    if (is_asking_) {
      SLIPWAY_TRY(slipway::check(ctx, settings.endpoint()));
      return Error(Errc::TimedOut, settings.endpoint(), "somebody else still asks for a token", true);
    }
    if (configured_ != settings) {
      configured_ = settings;
      refresh_token_ = settings.refresh_token;
      token_.clear();
    }
    if (!token_.empty() && now_() < good_until_) return token_;
    asked.refresh_token = refresh_token_;
    is_asking_ = true;
  }
  const Turn turn(*this);
  const auto began = now_();
  const auto answer = fetch(ctx, asked);
  std::lock_guard lock(mutex_);
  refresh_token_ = asked.refresh_token;
  if (!answer) return answer.error();
  token_ = answer->access_token;
  const auto lifetime = answer->lifetime;
  good_until_ = began + lifetime - std::min<std::chrono::seconds>(kMargin, lifetime / kPartOfLifetime);
  return token_;
}

// Leaves in `settings` the refresh token that is good from now on.
Result<TokenAnswer> AccessTokens::fetch(const OpContext& ctx, OAuth2Settings& settings) {
  auto answer = ask_(ctx, settings);
  if (answer.code() == Errc::AuthFailed) {
    // Another server may have been given a new one in its place.
    std::string latest = source_.latest(settings.refresh_token);
    if (latest.empty() || latest == settings.refresh_token) return answer;
    settings.refresh_token = std::move(latest);
    answer = ask_(ctx, settings);
  }
  if (!answer || answer->refresh_token.empty() || answer->refresh_token == settings.refresh_token) return answer;
  source_.replace(settings.refresh_token, answer->refresh_token);
  settings.refresh_token = answer->refresh_token;
  return answer;
}

void AccessTokens::drop(const std::string& token) {
  std::lock_guard lock(mutex_);
  if (token_ == token) token_.clear();
}

}  // namespace slipway::email
