#include "userauth_request.h"

#include <string_view>

#include "public_key.h"
#include "sftp_codec.h"

namespace slipway::sftp {
namespace {

bool is_name(std::string_view text) { return text.find('\0') == std::string_view::npos; }

void put_string(std::string& out, std::string_view value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value.size() >> shift & 0xff);
  out += value;
}

// A security key's signature has flags and a counter behind it (PROTOCOL.u2f of OpenSSH).
bool read_signature(std::string_view signature, KeyRequest& key) {
  FieldReader fields(std::as_bytes(std::span(signature)));
  key.signature_algorithm = fields.string();
  fields.string();
  if (key.signature_algorithm.starts_with("sk-")) {
    key.sk_flags = fields.u8();
    fields.u32();
  }
  return fields.ok() && fields.rest().empty() && !key.signature_algorithm.empty();
}

}  // namespace

std::string key_type_of(std::string_view algorithm) {
  for (const std::string_view rsa : {"rsa-sha2-256", "rsa-sha2-512"}) {
    if (algorithm.starts_with(rsa)) return "ssh-rsa" + std::string(algorithm.substr(rsa.size()));
  }
  return std::string(algorithm);
}

std::optional<UserauthRequest> parse_userauth_request(std::span<const std::byte> payload) {
  FieldReader fields(payload);
  UserauthRequest request;
  request.user = fields.string();
  request.service = fields.string();
  request.method = fields.string();
  if (!fields.ok() || !is_name(request.user) || !is_name(request.service) || !is_name(request.method))
    return std::nullopt;
  if (request.method != "publickey") return request;

  auto& key = request.key.emplace();
  key.is_signed = fields.u8() != 0;
  key.algorithm = fields.string();
  key.blob = fields.string();
  if (!fields.ok() || !is_name(key.algorithm)) return std::nullopt;
  if (FieldReader(std::as_bytes(std::span(key.blob))).string() != key_type_of(key.algorithm)) return std::nullopt;
  if (key.is_signed) {
    const auto signature = fields.string();
    if (!fields.ok() || !read_signature(signature, key)) return std::nullopt;
    const auto plain = plain_algorithm(key.algorithm);
    // RFC 8332 3.2 wants them equal; clients that say "ssh-rsa" and sign with SHA-2 are old, and better than they say.
    const bool older = plain == "ssh-rsa" && key_type_of(key.signature_algorithm) == plain;
    if (key.signature_algorithm != plain && !older) return std::nullopt;
  }
  if (!fields.rest().empty()) return std::nullopt;
  return request;
}

std::string unanswerable_request(const std::string& user) {
  std::string payload;
  put_string(payload, user);
  put_string(payload, "ssh-connection");
  put_string(payload, "refused");
  return payload;
}

}  // namespace slipway::sftp
