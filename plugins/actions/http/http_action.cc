#include "http_action.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>

namespace slipway::http {
namespace {

using std::chrono::milliseconds;
constexpr std::size_t kMaxAnswer = 256;  // bytes of a body in an error's message

Error renamed(const Error& error, std::string subject) { return {error.code(), std::move(subject), error.cause()}; }

// RFC 9110 section 5.1: a field name is a token.
bool is_header_name(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}
bool is_header_value(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos;
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// Too many requests, and whatever is the server's fault but "not implemented".
bool may_pass(int status) { return status == 429 || (status >= 500 && status != 501); }

bool sleep(const OpContext& ctx, milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, ctx.stop, std::min(ctx.deadline, std::chrono::steady_clock::now() + time),
                   [] { return false; });
  return !ctx.stop.stop_requested() && std::chrono::steady_clock::now() < ctx.deadline;
}

std::vector<std::pair<std::string, std::string>> pairs(const OptionView& use, const std::string& list) {
  std::vector<std::pair<std::string, std::string>> out;
  for (std::size_t i = 0; i < use.count(list); ++i) {
    const std::string element = list + "[" + std::to_string(i) + "].";
    out.emplace_back(use.string(element + "key"), use.string(element + "value"));
  }
  return out;
}

}  // namespace

std::string HttpAction::resolved(std::string_view path) const {
  return path.starts_with('/') ? std::string(path) : std::string(host_.config_dir()) + "/" + std::string(path);
}

Status HttpAction::configure(const OptionView& options) {
  std::vector<std::string> roots;
  for (std::size_t i = 0; i < options.count("ca_certificates"); ++i)
    roots.push_back(resolved(options.item("ca_certificates", i)));
  std::vector<TlsMaterial::CertificateFiles> certificates;
  for (std::size_t i = 0; i < options.count("certificates"); ++i) {
    const std::string element = "certificates[" + std::to_string(i) + "].";
    certificates.push_back(
        {std::string(options.string(element + "cert")), std::string(options.string(element + "key"))});
  }
  SLIPWAY_ASSIGN(auto tls, TlsMaterial::read(roots, certificates));

  auto next = std::make_shared<Settings>(std::move(tls));
  next->timeout = milliseconds(std::llround(options.number("timeout") * 1000));
  if (next->timeout.count() <= 0) return Error{Errc::InvalidArgument, "http.timeout", "must be above 0"};
  next->retry_wait_min = std::chrono::seconds(options.integer("retry_wait_min"));
  next->retry_wait_max = std::chrono::seconds(options.integer("retry_wait_max"));
  if (next->retry_wait_max < next->retry_wait_min)
    return Error{Errc::InvalidArgument, "http.retry_wait_max", "must not be below retry_wait_min"};
  next->retry_max = static_cast<int>(options.integer("retry_max"));
  next->skip_tls_verify = options.flag("skip_tls_verify");
  for (std::size_t i = 0; i < options.count("skip_tls_verify_for_urls"); ++i) {
    const std::string name = "skip_tls_verify_for_urls[" + std::to_string(i) + "].url";
    const std::string_view text = options.string(name);
    if (text.empty()) continue;
    auto url = Url::parse(text);
    if (!url) return renamed(url.error(), "http." + name);
    next->skip_tls_verify_for.push_back(*std::move(url));
  }
  for (std::size_t i = 0; i < options.count("headers"); ++i) {
    const std::string element = "headers[" + std::to_string(i) + "].";
    Header header{std::string(options.string(element + "key")), std::string(options.string(element + "value")), {}};
    if (header.name.empty() || header.value.empty()) continue;
    if (!is_header_name(header.name))
      return Error{Errc::InvalidArgument, "http." + element + "key", "is not a header's name"};
    if (!is_header_value(header.value))
      return Error{Errc::InvalidArgument, "http." + element + "value", "must be one line"};
    if (const std::string_view text = options.string(element + "url"); !text.empty()) {
      auto url = Url::parse(text);
      if (!url) return renamed(url.error(), "http." + element + "url");
      header.only_for.push_back(*std::move(url));
    }
    next->headers.push_back(std::move(header));
  }
  std::lock_guard lock(mutex_);
  settings_.swap(next);  // the old one goes after the lock, unless requests still use it
  return ok();
}

Status HttpAction::start() {
  gate_.open();
  return ok();
}

std::shared_ptr<HttpAction::Settings> HttpAction::settings() const {
  std::lock_guard lock(mutex_);
  return settings_;
}

Result<Request> HttpAction::request_of(const Settings& settings, const OptionView& use) {
  Request request;
  auto url = Url::parse(use.string("endpoint"));
  if (!url) return renamed(url.error(), "endpoint");
  request.url = *std::move(url);
  const auto within = [&](const Url& prefix) { return request.url.is_within(prefix); };
  request.verify_tls = !settings.skip_tls_verify && !use.flag("skip_tls_verify") &&
                       std::ranges::none_of(settings.skip_tls_verify_for, within);
  request.headers = pairs(use, "headers");
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const std::string element = "headers[" + std::to_string(i) + "].";
    if (!is_header_name(request.headers[i].first))
      return Error{Errc::InvalidArgument, element + "key", "is not a header's name"};
    if (!is_header_value(request.headers[i].second))
      return Error{Errc::InvalidArgument, element + "value", "must be one line"};
  }
  for (const Header& header : settings.headers) {
    if (!header.only_for.empty() && !within(header.only_for.front())) continue;
    if (std::ranges::any_of(request.headers, [&](const auto& h) { return same_name(h.first, header.name); })) continue;
    request.headers.emplace_back(header.name, header.value);
  }
  request.url.add_query(pairs(use, "query_parameters"));
  request.method = use.string("method");
  request.body = use.string("body");
  request.user = use.string("username");
  request.password = use.string("password");
  if (request.user.empty() && request.password.empty()) {
    request.user = request.url.user();
    request.password = request.url.password();
  }
  request.timeout = use.integer("timeout") > 0 ? std::chrono::seconds(use.integer("timeout")) : settings.timeout;
  return request;
}

Result<Reply> HttpAction::perform(const OpContext& ctx, Settings& settings, const Request& request, bool retry) {
  for (int attempt = 0;; ++attempt) {
    auto reply = settings.client.perform(ctx, request);
    const bool again = reply ? may_pass(reply->status) : reply.error().retryable();
    if (!again || !retry || attempt >= settings.retry_max) return reply;

    milliseconds wait = std::min(settings.retry_wait_max, settings.retry_wait_min * (1 << std::min(attempt, 16)));
    if (reply && reply->retry_after.count() > 0)
      wait = std::min<milliseconds>(settings.retry_wait_max, reply->retry_after);
    host_.logger().debug("request failed and will be repeated",
                         {{"url", request.url.shown()},
                          {"attempt", attempt + 1},
                          {"wait_ms", wait.count()},
                          {"error", reply ? "status " + std::to_string(reply->status) : reply.error().cause()}});
    if (!sleep(ctx, wait))
      return Error{ctx.stop.stop_requested() ? Errc::Cancelled : Errc::TimedOut, request.url.shown(),
                   "ended while waiting to repeat the request"};
  }
}

Result<ActionReply> HttpAction::run(const OpContext& ctx, const ActionRequest& action) {
  const WorkGate::Pass pass(gate_);
  const auto settings = this->settings();
  if (!pass || !settings) return Error{Errc::Unavailable, "http", "the module stops", true};
  SLIPWAY_ASSIGN(const Request request, request_of(*settings, action.options));
  const EitherStop stop(ctx.stop, gate_.stop_token());
  OpContext both = ctx;
  both.stop = stop.token();
  SLIPWAY_ASSIGN(Reply reply, perform(both, *settings, request, action.options.flag("retry")));
  if (reply.status >= 200 && reply.status < 300) return ActionReply{reply.status, std::move(reply.body)};

  std::string cause = "status " + std::to_string(reply.status);
  if (!reply.body.empty()) cause.append(": ").append(reply.body, 0, kMaxAnswer);
  return Error{Errc::PermissionDenied, request.url.shown(), std::move(cause)};
}

}  // namespace slipway::http
