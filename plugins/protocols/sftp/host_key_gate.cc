#include "host_key_gate.h"

#include <cstdlib>
#include <cstring>

#include "algorithms.h"
#include "public_key.h"

#ifdef SLIPWAY_SFTP_WRAPPED_LIBSSH
// Functions inside libssh; the linker's --wrap sends its own calls of x to __wrap_x.
extern "C" {
char* __real_ssh_find_all_matching(const char* available, const char* preferred);
int __real_ssh_key_type_from_signature_name(const char* name);
int __real_ssh_key_hash_from_name(const char* name);
int __real_ssh_dh_import_next_pubkey_blob(ssh_session session, ssh_string blob);
}
#else
static char* __real_ssh_find_all_matching(const char*, const char*) { return nullptr; }
#endif

namespace slipway::sftp {
namespace {

thread_local HostKeyGate* current = nullptr;

void append(std::string& list, std::string_view name) {
  if (!list.empty()) list += ',';
  list += name;
}

}  // namespace

HostKeyOffer HostKeyOffer::make(const std::vector<HostKey>& keys, std::string_view allowed) {
  HostKeyOffer offer;
  for (const auto* label : {"ED25519", "ECDSA", "RSA"}) {  // libssh's order
    for (const auto& key : keys) {
      if (key.label != label) continue;
      const std::string_view type(key.blob.data() + 4, static_cast<unsigned char>(key.blob[3]));
      const bool rsa = key.label == "RSA";
      if (rsa) {
        append(offer.plain, "rsa-sha2-512");
        append(offer.plain, "rsa-sha2-256");
      }
      append(offer.plain, type);
      if (key.certificate.empty()) continue;
      const auto add = [&](const std::string& plain) {
        if (!is_listed(allowed, plain)) return;
        const auto algorithm = plain + "-cert-v01@openssh.com";
        append(offer.certificates, algorithm);
        offer.blobs.emplace(algorithm, key.certificate);
      };
      if (rsa) {
        add("rsa-sha2-512");
        add("rsa-sha2-256");
      } else {
        add(std::string(type));
      }
    }
  }
  return offer;
}

HostKeyGate::Use::Use(HostKeyGate& gate) noexcept { current = &gate; }
HostKeyGate::Use::~Use() { current = nullptr; }

// libssh makes its list of host key algorithms: those of its keys that are allowed.
char* HostKeyGate::matching(const char* available, const char* preferred) noexcept {
  char* plain = __real_ssh_find_all_matching(available, preferred);
  if (plain == nullptr || offer_.certificates.empty() || available == nullptr || offer_.plain != available)
    return plain;
  const std::size_t size = offer_.certificates.size() + 1 + std::strlen(plain) + 1;
  char* both = static_cast<char*>(std::malloc(size));  // libssh frees it
  if (both == nullptr) return plain;
  std::memcpy(both, offer_.certificates.data(), offer_.certificates.size());
  both[offer_.certificates.size()] = ',';
  std::strcpy(both + offer_.certificates.size() + 1, plain);
  std::free(plain);
  return both;
}

// libssh chooses its key by the negotiated name.
const char* HostKeyGate::chosen(const char* algorithm) noexcept {
  return without_exceptions(
      [&] {
        negotiated_ = algorithm == nullptr ? "" : algorithm;
        plain_ = plain_algorithm(negotiated_);
        return plain_.c_str();
      },
      algorithm);
}

const std::string* HostKeyGate::certificate() const noexcept {
  const auto found = offer_.blobs.find(negotiated_);
  return found == offer_.blobs.end() ? nullptr : &found->second;
}

}  // namespace slipway::sftp

#ifdef SLIPWAY_SFTP_WRAPPED_LIBSSH
extern "C" {

char* __wrap_ssh_find_all_matching(const char* available, const char* preferred) {
  auto* gate = slipway::sftp::current;
  return gate == nullptr ? __real_ssh_find_all_matching(available, preferred) : gate->matching(available, preferred);
}

int __wrap_ssh_key_type_from_signature_name(const char* name) {
  auto* gate = slipway::sftp::current;
  return __real_ssh_key_type_from_signature_name(gate == nullptr ? name : gate->chosen(name));
}

int __wrap_ssh_key_hash_from_name(const char* name) {
  auto* gate = slipway::sftp::current;
  return __real_ssh_key_hash_from_name(gate == nullptr ? name : gate->chosen(name));
}

// libssh takes the public half of its key as what goes to the client.
int __wrap_ssh_dh_import_next_pubkey_blob(ssh_session session, ssh_string blob) {
  auto* gate = slipway::sftp::current;
  const auto* certificate = gate == nullptr ? nullptr : gate->certificate();
  if (certificate == nullptr) return __real_ssh_dh_import_next_pubkey_blob(session, blob);
  const slipway::sftp::StringPtr shown(ssh_string_new(certificate->size()));
  if (!shown || ssh_string_fill(shown.get(), certificate->data(), certificate->size()) != 0) return -1;
  return __real_ssh_dh_import_next_pubkey_blob(session, shown.get());
}

}  // extern "C"
#endif
