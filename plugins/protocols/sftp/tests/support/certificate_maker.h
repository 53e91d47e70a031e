// Makes user certificates with any content, signed by an Ed25519 authority of the test's own.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::sftp::testing {

inline std::string packed(std::string_view value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value.size() >> shift & 0xff);
  return out.append(value);
}

inline std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}

class CertificateMaker {
 public:
  CertificateMaker() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free) {}

  // What the next certificate says.
  std::string algorithm = "ssh-ed25519-cert-v01@openssh.com";
  std::uint32_t type = 1;
  std::string key_id = "id";
  std::vector<std::string> principals{"anna"};
  std::uint64_t valid_after = 1000, valid_before = 2000;
  std::vector<std::pair<std::string, std::string>> critical_options;  // the value as it stands in the option
  std::string extensions, reserved;
  std::string authority_override, behind;

  std::string authority() const {
    std::string point(32, '\0');
    std::size_t size = point.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(point.data()), &size);
    return packed("ssh-ed25519") + packed(point);
  }

  std::string make() const {
    std::string names, options;
    for (const auto& principal : principals) names += packed(principal);
    for (const auto& [name, value] : critical_options) options += packed(name) + packed(value);
    std::string blob = packed(algorithm) + packed("nonce") + packed(std::string(32, 'k')) + number(42, 8) +
                       number(type, 4) + packed(key_id) + packed(names) + number(valid_after, 8) +
                       number(valid_before, 8) + packed(options) + packed(extensions) + packed(reserved) +
                       packed(authority_override.empty() ? authority() : authority_override);
    return blob + packed(sign(blob)) + behind;
  }

  std::string sign(std::string_view data) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::string signature(64, '\0');
    std::size_t size = signature.size();
    EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(data.data()), data.size());
    return packed("ssh-ed25519") + packed(signature);
  }

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace slipway::sftp::testing
