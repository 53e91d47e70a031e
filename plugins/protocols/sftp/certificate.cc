#include "certificate.h"

#include <array>
#include <span>

#include "public_key.h"
#include "sftp_codec.h"

namespace slipway::sftp {
namespace {

constexpr std::size_t kMaxBlob = 64 * 1024;
constexpr std::size_t kMaxPrincipals = 256, kMaxOptions = 64, kMaxKeyId = 1024;

// How many fields the plain key has after its type.
struct KeyShape {
  std::string_view algorithm;
  int fields;
};
constexpr std::array kShapes = {
    KeyShape{"ssh-rsa-cert-v01@openssh.com", 2},
    KeyShape{"ssh-ed25519-cert-v01@openssh.com", 1},
    KeyShape{"ecdsa-sha2-nistp256-cert-v01@openssh.com", 2},
    KeyShape{"ecdsa-sha2-nistp384-cert-v01@openssh.com", 2},
    KeyShape{"ecdsa-sha2-nistp521-cert-v01@openssh.com", 2},
    KeyShape{"sk-ssh-ed25519-cert-v01@openssh.com", 2},
    KeyShape{"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", 3},
};

FieldReader reader(std::string_view text) { return FieldReader(std::as_bytes(std::span(text))); }

void put_string(std::string& out, std::string_view value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value.size() >> shift & 0xff);
  out += value;
}

Error malformed(std::string_view what) { return {Errc::InvalidArgument, "certificate", std::string(what)}; }

// Pairs of name and value, in the order of their names, which also means without repetition.
Status read_options(std::string_view packed, std::vector<std::pair<std::string, std::string>>& options) {
  auto fields = reader(packed);
  while (!fields.rest().empty()) {
    const auto name = fields.string();
    const auto value = fields.string();
    if (!fields.ok() || name.empty() || options.size() == kMaxOptions)
      return malformed("its options are not well formed");
    if (!options.empty() && options.back().first >= name) return malformed("its options repeat or are not in order");
    options.emplace_back(name, value);
  }
  return ok();
}

}  // namespace

Result<Certificate> parse_certificate(std::string_view blob) {
  if (blob.size() > kMaxBlob) return malformed("it is too large");
  auto fields = reader(blob);
  Certificate certificate;
  certificate.algorithm = fields.string();
  const KeyShape* shape = nullptr;
  for (const auto& known : kShapes) {
    if (known.algorithm == certificate.algorithm) shape = &known;
  }
  if (shape == nullptr) return malformed("its type is unknown");
  fields.string();  // nonce
  put_string(certificate.key_blob, plain_algorithm(certificate.algorithm));
  for (int i = 0; i < shape->fields; ++i) put_string(certificate.key_blob, fields.string());

  certificate.serial = fields.u64();
  const auto type = fields.u32();
  certificate.key_id = fields.string();
  const auto principals = fields.string();
  certificate.valid_after = fields.u64();
  certificate.valid_before = fields.u64();
  const auto critical = fields.string();
  const auto extensions = fields.string();
  fields.string();  // reserved
  certificate.authority_blob = fields.string();
  if (!fields.ok()) return malformed("it ends too early");
  certificate.signed_part = blob.substr(0, blob.size() - fields.rest().size());
  certificate.signature = fields.string();
  if (!fields.ok() || !fields.rest().empty()) return malformed("it ends too early or too late");

  if (type != 1 && type != 2) return malformed("it is neither for a user nor for a host");
  certificate.type = static_cast<Certificate::Type>(type);
  if (certificate.key_id.size() > kMaxKeyId) return malformed("its key id is too long");
  for (auto names = reader(principals); !names.rest().empty();) {
    const auto name = names.string();
    if (!names.ok() || certificate.principals.size() == kMaxPrincipals)
      return malformed("its principals are not well formed");
    certificate.principals.emplace_back(name);
  }
  SLIPWAY_TRY(read_options(critical, certificate.critical_options));
  std::vector<std::pair<std::string, std::string>> ignored;  // extensions grant what this server does not offer
  SLIPWAY_TRY(read_options(extensions, ignored));
  if (is_certificate_algorithm(reader(certificate.authority_blob).string()))
    return malformed("its authority is a certificate itself");
  return certificate;
}

bool signed_by_authority(const Certificate& certificate) {
  const auto authority = parse_public_key(certificate.authority_blob);
  return authority && verify_signature(*authority, certificate.signature, certificate.signed_part);
}

}  // namespace slipway::sftp
