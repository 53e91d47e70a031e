#include "jwt.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <boost/json.hpp>

#include "slipway/base64.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 4;

Error refused(const char* why) { return {Errc::AuthFailed, "token", why}; }

// Empty when OpenSSL fails.
std::string mac_of(std::string_view text, const TokenKey& key) {
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, text.size(),
           reinterpret_cast<unsigned char*>(mac.data()), &size) == nullptr)
    return {};
  mac.resize(size);
  return mac;
}

Result<json::object> decode_object(std::string_view part) {
  const auto text = base64_decode(part, Base64::Url);
  if (!text) return refused("a part of it is not base64url");
  json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::system::error_code failure;
  json::value value = json::parse(*text, failure, {}, options);
  if (failure || !value.is_object()) return refused("a part of it is not a JSON object");
  return std::move(value.get_object());
}

Status check_header(const json::object& header) {
  for (const auto& [name, value] : header) {
    const auto* text = value.if_string();
    if (name == "alg" && text != nullptr && *text == "HS256") continue;
    if (name == "typ" && text != nullptr && *text == "JWT") continue;
    return refused("its header asks for something else than HS256");
  }
  if (!header.contains("alg")) return refused("its header names no algorithm");
  return ok();
}

// False for a member of another type.
bool read(const json::object& from, const char* name, std::string& to) {
  const auto* value = from.if_contains(name);
  if (value == nullptr) return true;
  const auto* text = value->if_string();
  if (text == nullptr) return false;
  to.assign(text->data(), text->size());
  return true;
}

bool read(const json::object& from, const char* name, std::int64_t& to) {
  const auto* value = from.if_contains(name);
  if (value == nullptr) return true;
  const auto* number = value->if_int64();
  if (number == nullptr) return false;
  to = *number;
  return true;
}

bool read(const json::object& from, const char* name, std::vector<std::string>& to) {
  const auto* value = from.if_contains(name);
  if (value == nullptr) return true;
  const auto* list = value->if_array();
  if (list == nullptr) return false;
  for (const json::value& element : *list) {
    const auto* text = element.if_string();
    if (text == nullptr) return false;
    to.emplace_back(text->data(), text->size());
  }
  return true;
}

json::array array_of(const std::vector<std::string>& texts) {
  json::array list;
  for (const auto& text : texts) list.emplace_back(text);
  return list;
}

}  // namespace

std::string sign_token(const Claims& claims, const TokenKey& key) {
  json::object payload;
  payload["aud"] = array_of(claims.audience);
  payload["exp"] = claims.expires_at;
  payload["iat"] = claims.issued_at;
  payload["jti"] = claims.id;
  payload["nbf"] = claims.not_before;
  if (!claims.permissions.empty()) payload["permissions"] = array_of(claims.permissions);
  if (!claims.role.empty()) payload["role"] = claims.role;
  if (!claims.subject.empty()) payload["sub"] = claims.subject;
  if (!claims.username.empty()) payload["username"] = claims.username;
  std::string token = base64_encode(R"({"alg":"HS256","typ":"JWT"})", Base64::Url);
  token += '.';
  token += base64_encode(json::serialize(payload), Base64::Url);
  const std::string mac = mac_of(token, key);
  token += '.';
  token += base64_encode(mac, Base64::Url);
  return token;
}

Result<Claims> verify_token(std::string_view token, const TokenKey& key, std::int64_t now) {
  if (token.size() > kMaxToken) return refused("it is too long");
  const auto first = token.find('.'), last = token.rfind('.');
  if (first == last || token.find('.', first + 1) != last) return refused("it does not have three parts");
  const auto signature = base64_decode(token.substr(last + 1), Base64::Url);
  const std::string mac = mac_of(token.substr(0, last), key);
  if (!signature || mac.empty() || signature->size() != mac.size() ||
      CRYPTO_memcmp(signature->data(), mac.data(), mac.size()) != 0)
    return refused("its signature is not valid");

  SLIPWAY_ASSIGN(const json::object header, decode_object(token.substr(0, first)));
  SLIPWAY_TRY(check_header(header));
  SLIPWAY_ASSIGN(const json::object payload, decode_object(token.substr(first + 1, last - first - 1)));
  Claims claims;
  const bool typed = read(payload, "aud", claims.audience) && read(payload, "jti", claims.id) &&
                     read(payload, "sub", claims.subject) && read(payload, "username", claims.username) &&
                     read(payload, "permissions", claims.permissions) && read(payload, "role", claims.role) &&
                     read(payload, "iat", claims.issued_at) && read(payload, "nbf", claims.not_before) &&
                     read(payload, "exp", claims.expires_at);
  if (!typed) return refused("a claim has the wrong type");
  if (claims.audience.empty() || claims.id.empty() || claims.expires_at <= 0) return refused("a claim is missing");
  SLIPWAY_TRY(check_times(claims, now));
  return claims;
}

Status check_times(const Claims& claims, std::int64_t now) {
  if (now < claims.not_before && claims.not_before - now > kTokenLeeway) return refused("it is not valid yet");
  if (now > claims.expires_at && now - claims.expires_at > kTokenLeeway) return refused("it has expired");
  return ok();
}

}  // namespace slipway::httpd
