#include "core/accounts/validation/keys.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/json.h"
#include "core/base/text.h"
#include "slipway/base64.h"

namespace slipway::accounts {

namespace {

constexpr int kLeastRsaBits = 2048;
constexpr std::array kKeyTypes = {std::string_view("ssh-ed25519"),
                                  std::string_view("ssh-rsa"),
                                  std::string_view("ecdsa-sha2-nistp256"),
                                  std::string_view("ecdsa-sha2-nistp384"),
                                  std::string_view("ecdsa-sha2-nistp521"),
                                  std::string_view("sk-ssh-ed25519@openssh.com"),
                                  std::string_view("sk-ecdsa-sha2-nistp256@openssh.com"),
                                  std::string_view("ssh-dss")};

Error refuse(std::string_view what, std::string_view why) {
  return {Errc::InvalidArgument, std::string(what), std::string(why)};
}

Error too_short(std::string_view what, int bits) {
  return refuse(what, "an RSA key of " + std::to_string(bits) + " bits is too short, use at least 2048");
}

// The fields of an SSH wire format blob (RFC 4251 5).
class Blob {
 public:
  explicit Blob(std::string_view bytes) : rest_(bytes) {}
  std::optional<std::uint32_t> number() {
    if (rest_.size() < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
    rest_.remove_prefix(4);
    return value;
  }
  std::optional<std::string_view> text() {
    const auto length = number();
    if (!length || *length > rest_.size()) return std::nullopt;
    const auto out = rest_.substr(0, *length);
    rest_.remove_prefix(*length);
    return out;
  }
  bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

int bits_of(std::string_view mpint) {
  while (!mpint.empty() && mpint.front() == '\0') mpint.remove_prefix(1);
  if (mpint.empty()) return 0;
  int bits = static_cast<int>(mpint.size()) * 8;
  for (unsigned lead = static_cast<unsigned char>(mpint.front()); (lead & 0x80) == 0; lead <<= 1) --bits;
  return bits;
}

// Checks a public key blob whose type is `type`.
Status check_blob(std::string_view bytes, std::string_view type) {
  constexpr std::string_view kWhat = "public key";
  Blob blob(bytes);
  if (blob.text() != type) return refuse(kWhat, "its type does not fit its content");
  if (type == "ssh-dss") return refuse(kWhat, "DSA keys are not secure, use Ed25519, ECDSA or RSA");
  if (type == "ssh-rsa") {
    const auto exponent = blob.text();
    const auto modulus = blob.text();
    if (!exponent || !modulus || !blob.at_end()) return refuse(kWhat, "it is damaged");
    const int bits = bits_of(*modulus);
    return bits < kLeastRsaBits ? Status(too_short(kWhat, bits)) : ok();
  }
  const std::size_t fields = type.starts_with("sk-ecdsa") ? 3 : type.starts_with("ssh-ed25519") ? 1 : 2;
  for (std::size_t i = 0; i < fields; ++i) {
    const auto field = blob.text();
    if (!field || field->empty()) return refuse(kWhat, "it is damaged");
    if (type == "ssh-ed25519" && field->size() != 32) return refuse(kWhat, "it is damaged");
  }
  return blob.at_end() ? ok() : Status(refuse(kWhat, "it is damaged"));
}

// The next word of a line, up to white space outside of double quotes.
std::string_view next_word(std::string_view& line) {
  line = trim(line);
  bool quoted = false;
  std::size_t end = 0;
  for (; end < line.size(); ++end) {
    if (line[end] == '\\' && quoted && end + 1 < line.size()) {
      ++end;
    } else if (line[end] == '"') {
      quoted = !quoted;
    } else if (!quoted && (line[end] == ' ' || line[end] == '\t')) {
      break;
    }
  }
  const auto word = line.substr(0, end);
  line.remove_prefix(word.size());
  return word;
}

bool is_key_type(std::string_view word) {
  return std::find(kKeyTypes.begin(), kKeyTypes.end(), word) != kKeyTypes.end();
}

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<BIO> reader_of(std::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(std::min<std::size_t>(text.size(), 1 << 20))));
}

Status check_strength(const EVP_PKEY* key, std::string_view what) {
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return ok();
  const int bits = EVP_PKEY_get_bits(key);
  return bits < kLeastRsaBits ? Status(too_short(what, bits)) : ok();
}

int no_passphrase(char*, int, int, void*) { return -1; }

// The public part of an OpenSSH private key file stands in the clear (PROTOCOL.key in OpenSSH's sources).
Status check_openssh_key(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN OPENSSH PRIVATE KEY-----";
  constexpr std::string_view kEnd = "-----END OPENSSH PRIVATE KEY-----";
  const auto damaged = [] { return refuse("private key", "it is damaged"); };
  const auto begin = text.find(kBegin), end = text.find(kEnd);
  if (end == std::string_view::npos || end < begin) return damaged();
  std::string body(text.substr(begin + kBegin.size(), end - begin - kBegin.size()));
  std::erase_if(body, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  const auto bytes = base64_decode(body);
  constexpr std::string_view kMagic("openssh-key-v1\0", 15);
  if (!bytes || !bytes->starts_with(kMagic)) return damaged();
  Blob blob(std::string_view(*bytes).substr(kMagic.size()));
  const auto cipher = blob.text(), kdf = blob.text(), kdf_options = blob.text();
  const auto keys = blob.number();
  const auto public_key = blob.text();
  if (!cipher || !kdf || !kdf_options || !keys || !public_key) return damaged();
  Blob header(*public_key);
  const auto type = header.text();
  if (!type || !is_key_type(*type)) return refuse("private key", "its type is not supported");
  return check_blob(*public_key, *type);
}

}  // namespace

Result<std::string> parse_authorized_key(std::string_view text) {
  constexpr std::string_view kWhat = "public key";
  if (text.size() > 64 * 1024 || text.find('\0') != std::string_view::npos) {
    return refuse(kWhat, "it is not a line of an authorized_keys file");
  }
  std::string_view rest;
  while (!text.empty()) {
    const auto line = trim(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (line.empty() || line.starts_with('#')) continue;
    if (!rest.empty()) return refuse(kWhat, "it is more than one key; put each into an element of its own");
    rest = line;
  }
  std::string_view type = next_word(rest);
  if (!is_key_type(type)) type = next_word(rest);  // options stood first
  if (!is_key_type(type))
    return refuse(kWhat, "it is not a line of an authorized_keys file, or its type is not supported");
  const auto encoded = next_word(rest);
  const auto bytes = base64_decode(encoded);
  if (!bytes) return refuse(kWhat, "its base64 text is damaged");
  SLIPWAY_TRY(check_blob(*bytes, type));
  return std::string(type) + " " + std::string(encoded);
}

Status check_certificate(std::string_view pem) {
  constexpr std::string_view kWhat = "certificate";
  const auto reader = reader_of(pem);
  const Owned<X509> certificate(reader ? PEM_read_bio_X509(reader.get(), nullptr, no_passphrase, nullptr) : nullptr);
  if (!certificate) return refuse(kWhat, "it is not a certificate in PEM form");
  const auto* key = X509_get0_pubkey(certificate.get());
  if (key == nullptr) return refuse(kWhat, "its public key cannot be read");
  return check_strength(key, kWhat);
}

Status check_private_key(std::string_view text) {
  if (text.find("-----BEGIN OPENSSH PRIVATE KEY-----") != std::string_view::npos) return check_openssh_key(text);
  if (text.find("-----BEGIN ") == std::string_view::npos)
    return refuse("private key", "it is not in PEM or OpenSSH form");
  const auto reader = reader_of(text);
  const Owned<EVP_PKEY> key(reader ? PEM_read_bio_PrivateKey(reader.get(), nullptr, no_passphrase, nullptr) : nullptr);
  return key ? check_strength(key.get(), "private key") : ok();
}

}  // namespace slipway::accounts
