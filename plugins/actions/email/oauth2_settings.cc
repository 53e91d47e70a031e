#include "oauth2_settings.h"

#include <algorithm>
#include <string_view>

namespace slipway::email {
namespace {

constexpr std::size_t kMaxText = 16 << 10, kMaxUrl = 2048;  // bytes

Error wrong(const char* key, const char* cause) {
  return {Errc::InvalidArgument, std::string("smtp.oauth2.") + key, cause};
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// A name of a tenant or its UUID: a part of a path.
bool is_tenant(std::string_view text) {
  return text.size() <= 255 && text != "." && text != ".." && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                  c == '_';
         });
}

// Secrets cross no network in the clear.
bool is_here(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return false;
  const std::string_view rest = url.substr(kScheme.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const bool is_v6 = authority.starts_with('[');
  const auto colon = is_v6 ? authority.find("]:") : authority.find(':');
  const std::string_view host = authority.substr(0, colon == std::string_view::npos ? colon : colon + (is_v6 ? 1 : 0));
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

}  // namespace

std::string OAuth2Settings::endpoint() const {
  if (!token_url.empty()) return token_url;
  if (provider == Provider::Google) return "https://oauth2.googleapis.com/token";
  return "https://login.microsoftonline.com/" + (tenant.empty() ? std::string("common") : tenant) +
         "/oauth2/v2.0/token";
}

Status check(const OAuth2Settings& settings) {
  if (settings.client_id.empty()) return wrong("client_id", "is needed where auth_type is 3");
  if (settings.client_secret.empty()) return wrong("client_secret", "is needed where auth_type is 3");
  if (settings.refresh_token.empty()) return wrong("refresh_token", "is needed where auth_type is 3");
  if (!is_tenant(settings.tenant)) return wrong("tenant", "is no name and no id of a tenant");
  if (settings.client_id.size() > kMaxText) return wrong("client_id", "is too long");
  if (settings.client_secret.size() > kMaxText) return wrong("client_secret", "is too long");
  if (settings.refresh_token.size() > kMaxText) return wrong("refresh_token", "is too long");
  const std::string& url = settings.token_url;
  if (url.empty()) return ok();
  if (url.size() > kMaxUrl || !is_visible(url) || url.find('@') != std::string::npos)
    return wrong("token_url", "is no URL without a user");
  if (!url.starts_with("https://") && !is_here(url))
    return wrong("token_url", "must begin with https://, or be one of this machine");
  return ok();
}

}  // namespace slipway::email
