#include "mail_settings.h"

#include <algorithm>
#include <boost/json.hpp>

namespace slipway::email {
namespace {

namespace json = boost::json;

constexpr std::int64_t kOAuth2 = 3;

// As they are written, from either place.
struct Raw {
  std::string host, from, user, password, domain;
  OAuth2Settings oauth2;
  std::int64_t provider = 0;
  std::int64_t port = 587, auth = 0, encryption = 0;
  bool debug = false;
};

Error wrong(const char* key, std::string cause) {
  return {Errc::InvalidArgument, std::string("smtp.") + key, std::move(cause)};
}

// What may stand in a URL's host, and in a command line of SMTP: letters, digits, dots; colons and brackets of IPv6.
bool is_host(std::string_view text) {
  constexpr std::string_view kMarks = ".-_:[]";
  return text.size() <= 255 && std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kMarks.find(c) != std::string_view::npos;
         });
}

// Control characters and commas separate the fields of what is shown with OAuth2.
bool is_login(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == ','; });
}

Result<MailSettings> settings_of(Raw raw, MailSettings settings) {
  settings.host = std::move(raw.host);
  settings.debug = raw.debug;
  if (!settings.is_on()) return settings;
  if (raw.port < 1 || raw.port > 65535) return wrong("port", "must be between 1 and 65535");
  if (raw.auth < 0 || raw.auth > kOAuth2) return wrong("auth_type", "must be between 0 and 3");
  if (raw.encryption < 0 || raw.encryption > 2) return wrong("encryption", "must be between 0 and 2");
  if (!is_host(settings.host)) return wrong("host", "is no name and no address of a host");
  if (!is_host(raw.domain)) return wrong("domain", "is no name of a host");
  if (raw.from.empty() && raw.user.empty()) return wrong("from", "is needed where user is empty");
  auto from = parse_mailbox(raw.from.empty() ? raw.user : raw.from);
  if (!from) return wrong("from", from.error().cause());
  settings.from = *std::move(from);
  settings.port = static_cast<std::uint16_t>(raw.port);
  settings.user = std::move(raw.user);
  if (raw.auth == kOAuth2) {
    if (settings.user.empty())
      return wrong("user", "is the mailbox that the refresh token is for, and needed where auth_type is 3");
    if (!is_login(settings.user)) return wrong("user", "has control characters or a comma, which OAuth2 cannot show");
    if (raw.provider < 0 || raw.provider > 1) return wrong("oauth2.provider", "must be 0 (Google) or 1 (Microsoft)");
    settings.oauth2 = std::move(raw.oauth2);
    settings.oauth2.provider = static_cast<OAuth2Settings::Provider>(raw.provider);
    SLIPWAY_TRY(check(settings.oauth2));
  } else {
    settings.password = std::move(raw.password);
  }
  settings.auth = static_cast<MailSettings::Auth>(raw.auth);
  settings.encryption = static_cast<MailSettings::Encryption>(raw.encryption);
  settings.domain = std::move(raw.domain);
  return settings;
}

std::string text_of(const json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_of(const json::object& object, const char* key, std::int64_t otherwise) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : otherwise;
}

}  // namespace

bool MailSettings::exposes_password() const noexcept {
  const bool here = host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
  return is_on() && !user.empty() && encryption == Encryption::None && auth != Auth::CramMd5 && !here;
}

Result<MailSettings> read_settings(const OptionView& options) {
  Raw raw;
  raw.host = options.string("host");
  raw.port = options.integer("port");
  raw.from = options.string("from");
  raw.user = options.string("user");
  raw.password = options.string("password");
  raw.auth = options.integer("auth_type");
  raw.encryption = options.integer("encryption");
  raw.domain = options.string("domain");
  raw.debug = options.integer("debug") == 1;
  raw.provider = options.integer("oauth2.provider");
  raw.oauth2.tenant = options.string("oauth2.tenant");
  raw.oauth2.client_id = options.string("oauth2.client_id");
  raw.oauth2.client_secret = options.string("oauth2.client_secret");
  raw.oauth2.refresh_token = options.string("oauth2.refresh_token");
  raw.oauth2.token_url = options.string("oauth2.token_url");
  MailSettings settings;
  settings.templates_path = options.string("templates_path");
  settings.ca_file = options.string("ca_file");
  settings.oauth2.token_url = raw.oauth2.token_url;
  return settings_of(std::move(raw), std::move(settings));
}

Result<MailSettings> overlay(const MailSettings& file, std::string_view stored) {
  boost::system::error_code failure;
  const json::value value = json::parse(stored, failure);
  if (failure || !value.is_object()) return wrong("host", "the stored settings are no JSON object");
  const json::object& object = value.get_object();
  if (text_of(object, "host").empty()) return file;
  Raw raw;
  raw.host = text_of(object, "host");
  raw.port = number_of(object, "port", 587);
  raw.from = text_of(object, "from");
  raw.user = text_of(object, "user");
  raw.password = text_of(object, "password");
  raw.auth = number_of(object, "auth_type", 0);
  raw.encryption = number_of(object, "encryption", 0);
  raw.domain = text_of(object, "domain");
  raw.debug = number_of(object, "debug", 0) == 1;
  MailSettings settings;
  settings.templates_path = file.templates_path;
  settings.ca_file = file.ca_file;
  settings.is_stored = true;
  raw.oauth2.token_url = settings.oauth2.token_url = file.oauth2.token_url;
  if (const auto* member = object.if_contains("oauth2"); member != nullptr && member->is_object()) {
    const json::object& oauth2 = member->get_object();
    raw.provider = number_of(oauth2, "provider", 0);
    raw.oauth2.tenant = text_of(oauth2, "tenant");
    raw.oauth2.client_id = text_of(oauth2, "client_id");
    raw.oauth2.client_secret = text_of(oauth2, "client_secret");
    raw.oauth2.refresh_token = text_of(oauth2, "refresh_token");
  }
  return settings_of(std::move(raw), std::move(settings));
}

}  // namespace slipway::email
