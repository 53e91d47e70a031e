#include "url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace slipway::http {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct TextDeleter {
  void operator()(char* text) const { curl_free(text); }
};

std::string part(CURLU* url, CURLUPart what, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, what, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, TextDeleter> owner(text);
  return text;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return text;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';  // RFC 3986 section 2.3
    if (unreserved) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  const Error bad(Errc::InvalidArgument, "url", "must be an http:// or https:// URL");
  if (text.find('\0') != std::string_view::npos) return bad;
  const std::unique_ptr<CURLU, UrlDeleter> parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_URLENCODE) != CURLUE_OK)
    return bad;
  const std::string scheme = lower(part(parsed.get(), CURLUPART_SCHEME));
  const std::string host = lower(part(parsed.get(), CURLUPART_HOST));
  if ((scheme != "http" && scheme != "https") || host.empty()) return bad;
  Url url;
  url.origin_ = scheme + "://" + host + ":" + part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  url.path_ = part(parsed.get(), CURLUPART_PATH);
  url.query_ = part(parsed.get(), CURLUPART_QUERY);
  url.fragment_ = part(parsed.get(), CURLUPART_FRAGMENT);
  url.user_ = part(parsed.get(), CURLUPART_USER, CURLU_URLDECODE);
  url.password_ = part(parsed.get(), CURLUPART_PASSWORD, CURLU_URLDECODE);
  if (url.path_.empty()) url.path_ = "/";
  return url;
}

void Url::add_query(const std::vector<std::pair<std::string, std::string>>& parameters) {
  for (const auto& [name, value] : parameters) {
    if (!query_.empty()) query_ += '&';
    query_ += percent_encoded(name) + "=" + percent_encoded(value);
  }
}

std::string Url::text() const { return query_.empty() ? origin_ + path_ : origin_ + path_ + "?" + query_; }

std::string Url::whole() const { return fragment_.empty() ? text() : text() + "#" + fragment_; }

bool Url::is_within(const Url& prefix) const {
  if (origin_ != prefix.origin_) return false;
  const std::string mine = whole(), start = prefix.whole();
  if (!mine.starts_with(start)) return false;
  if (mine.size() == start.size() || start.back() == '/') return true;
  const char next = mine[start.size()];
  return next == '/' || next == '?' || next == '#';
}

}  // namespace slipway::http
