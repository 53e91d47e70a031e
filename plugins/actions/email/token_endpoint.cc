#include "token_endpoint.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <memory>

namespace slipway::email {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr milliseconds kConnectTime = std::chrono::seconds(10), kTotalTime = std::chrono::seconds(30);
constexpr std::size_t kMaxBody = 64 << 10, kMaxToken = 16 << 10, kMaxShown = 300;  // bytes
constexpr std::chrono::seconds kUsualLifetime = std::chrono::hours(1), kMaxLifetime = std::chrono::hours(24);

struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct MultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Body {
  std::string text;
  bool is_too_long = false;
};

std::size_t receive(char* data, std::size_t size, std::size_t count, void* target) {
  Body& body = *static_cast<Body*>(target);
  if (body.text.size() + size * count > kMaxBody) {
    body.is_too_long = true;
    return 0;
  }
  body.text.append(data, size * count);
  return size * count;
}

std::string form_value(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
        c == '_' || c == '~') {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

// Of an answer: one line, short, and without what we sent along.
std::string shown(const OAuth2Settings& settings, std::string text) {
  for (const std::string* secret : {&settings.client_secret, &settings.refresh_token})
    for (auto at = text.find(*secret); at != std::string::npos; at = text.find(*secret, at))
      text.replace(at, secret->size(), "***");
  if (text.size() > kMaxShown) text.resize(kMaxShown);
  for (char& c : text)
    if (c < 0x20 || c >= 0x7f) c = ' ';
  return text;
}

std::string text_of(const json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Seconds; some endpoints write them as a text.
std::chrono::seconds lifetime_of(const json::object& object) {
  const auto* value = object.if_contains("expires_in");
  std::int64_t seconds = kUsualLifetime.count();
  if (value != nullptr && value->is_int64()) {
    seconds = value->get_int64();
  } else if (value != nullptr && value->is_string()) {
    const auto& text = value->get_string();
    if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc()) seconds = 0;
  }
  return std::clamp(std::chrono::seconds(seconds), std::chrono::seconds(0), kMaxLifetime);
}

// It becomes a part of what is said to the mail server, where control characters separate.
bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kMaxToken &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_bearer(std::string_view type) {
  constexpr std::string_view kBearer = "bearer";
  return type.empty() || std::equal(type.begin(), type.end(), kBearer.begin(), kBearer.end(),
                                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

Error refusal(const OAuth2Settings& settings, const std::string& code, const std::string& description) {
  const std::string said = " (" + shown(settings, code + (description.empty() ? "" : ": " + description)) + ")";
  if (code == "invalid_grant")
    return {Errc::AuthFailed, "smtp.oauth2.refresh_token",
            "the token endpoint refuses it; get a new one from the provider and set it" + said};
  if (code == "invalid_client" || code == "unauthorized_client")
    return {Errc::InvalidArgument, "smtp.oauth2.client_id",
            "the token endpoint does not know this client, or its client_secret is wrong or has expired" + said};
  if (code == "invalid_scope")
    return {Errc::InvalidArgument, "smtp.oauth2.refresh_token",
            "it was not given for sending mail; get one with the provider's scope for SMTP" + said};
  if (code == "temporarily_unavailable" || code == "server_error")
    return {Errc::Unavailable, settings.endpoint(), "the token endpoint is out of order" + said, true};
  return {Errc::InvalidArgument, "smtp.oauth2",
          "the token endpoint refuses the request; check provider, tenant and client_id" + said};
}

milliseconds time_for(const OpContext& ctx) {
  if (ctx.deadline == std::chrono::steady_clock::time_point::max()) return kTotalTime;
  const auto left = std::chrono::ceil<milliseconds>(ctx.deadline - std::chrono::steady_clock::now());
  return std::clamp(left, milliseconds(1), kTotalTime);
}

}  // namespace

Result<TokenAnswer> read_answer(const OAuth2Settings& settings, long status, std::string_view body) {
  const std::string endpoint = settings.endpoint();
  boost::system::error_code failure;
  const json::value value = json::parse(body, failure);
  const json::object* object = failure ? nullptr : value.if_object();
  if (status == 429 || status >= 500)
    return Error(Errc::Unavailable, endpoint, "the token endpoint answers with status " + std::to_string(status), true);
  if (object != nullptr && status >= 400) {
    if (const std::string code = text_of(*object, "error"); !code.empty())
      return refusal(settings, code, text_of(*object, "error_description"));
  }
  if (status != 200 || object == nullptr)
    return Error(Errc::Unavailable, endpoint,
                 "this is no token endpoint: it answers with status " + std::to_string(status) +
                     " and no token; check smtp.oauth2.provider, tenant and token_url",
                 true);
  TokenAnswer answer;
  answer.access_token = text_of(*object, "access_token");
  answer.refresh_token = text_of(*object, "refresh_token");
  answer.lifetime = lifetime_of(*object);
  if (!is_token(answer.access_token) || !is_bearer(text_of(*object, "token_type")))
    return Error(Errc::Unavailable, endpoint, "the token endpoint answers without a bearer token", true);
  if (!answer.refresh_token.empty() && !is_token(answer.refresh_token)) answer.refresh_token.clear();
  return answer;
}

Result<TokenAnswer> ask_for_token(const OpContext& ctx, const OAuth2Settings& settings) {
  const std::string url = settings.endpoint();
  SLIPWAY_TRY(slipway::check(ctx, url));
  // An easy handle driven by a multi handle, because only that can be woken when the work shall end.
  const std::unique_ptr<CURLM, MultiDeleter> multi(curl_multi_init());
  const std::unique_ptr<CURL, EasyDeleter> easy(curl_easy_init());
  const std::unique_ptr<curl_slist, ListDeleter> headers(curl_slist_append(nullptr, "Accept: application/json"));
  if (!multi || !easy || !headers) return Error(Errc::Internal, url, "libcurl gives no handle");
  const std::string form = "grant_type=refresh_token&client_id=" + form_value(settings.client_id) +
                           "&client_secret=" + form_value(settings.client_secret) +
                           "&refresh_token=" + form_value(settings.refresh_token);
  const bool is_plain = url.starts_with("http://");
  std::array<char, CURL_ERROR_SIZE> text{};
  Body body;
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy.get(), option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, is_plain ? "http" : "https");
  if (is_plain) set(CURLOPT_PROXY, "");  // it is on this machine
  set(CURLOPT_FOLLOWLOCATION, 0L);       // the secrets are for this endpoint
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_USERAGENT, "Slipway");
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_ERRORBUFFER, text.data());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnectTime.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(time_for(ctx).count()));
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(form.size()));
  set(CURLOPT_POSTFIELDS, form.data());
  set(CURLOPT_WRITEFUNCTION, &receive);
  set(CURLOPT_WRITEDATA, &body);
  curl_multi_add_handle(multi.get(), easy.get());
  struct Removed {
    CURLM* multi;
    CURL* easy;
    ~Removed() { curl_multi_remove_handle(multi, easy); }
  } const removed{multi.get(), easy.get()};
  {
    const std::stop_callback wake(ctx.stop, [&] { curl_multi_wakeup(multi.get()); });
    for (int running = 1;;) {
      if (const CURLMcode code = curl_multi_perform(multi.get(), &running); code != CURLM_OK)
        return Error(Errc::Internal, url, curl_multi_strerror(code));
      if (running == 0) break;
      SLIPWAY_TRY(slipway::check(ctx, url));
      curl_multi_poll(multi.get(), nullptr, 0, static_cast<int>(time_for(ctx).count()), nullptr);
    }
  }
  int left = 0;
  const CURLMsg* const done = curl_multi_info_read(multi.get(), &left);
  const CURLcode code = done != nullptr ? done->data.result : CURLE_FAILED_INIT;
  if (body.is_too_long) return Error(Errc::Unavailable, url, "the token endpoint answers too much", true);
  if (code != CURLE_OK) {
    SLIPWAY_TRY(slipway::check(ctx, url));
    return Error(
        Errc::Unavailable, url,
        std::string("the token endpoint cannot be reached: ") + (text[0] != 0 ? text.data() : curl_easy_strerror(code)),
        true);
  }
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  return read_answer(settings, status, body.text);
}

}  // namespace slipway::email
