#include "group_moduli.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <utility>

namespace slipway::sftp {
namespace {

struct Group {
  int bits;
  BIGNUM* (*prime)(BIGNUM*);
};
constexpr Group kGroups[] = {
    {2048, BN_get_rfc3526_prime_2048}, {3072, BN_get_rfc3526_prime_3072}, {4096, BN_get_rfc3526_prime_4096},
    {6144, BN_get_rfc3526_prime_6144}, {8192, BN_get_rfc3526_prime_8192},
};

// moduli(5): time, type 2 (safe prime), tests 6, trials, size less one, generator, modulus.
std::string line_of(const Group& group) {
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> prime(group.prime(nullptr), BN_free);
  if (!prime) return {};
  const std::unique_ptr<char, void (*)(char*)> hex(BN_bn2hex(prime.get()), [](char* text) { OPENSSL_free(text); });
  if (!hex) return {};
  return "20030501000000 2 6 100 " + std::to_string(group.bits - 1) + " 2 " + hex.get() + "\n";
}

Error unavailable(const char* why) { return {Errc::Unavailable, "min_dh_group_exchange_key_size", why}; }

}  // namespace

GroupModuli::GroupModuli(int fd) : fd_(fd), path_("/proc/self/fd/" + std::to_string(fd)) {}
GroupModuli::GroupModuli(GroupModuli&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
GroupModuli& GroupModuli::operator=(GroupModuli&& other) noexcept {
  std::swap(fd_, other.fd_);
  path_.swap(other.path_);
  return *this;
}
GroupModuli::~GroupModuli() {
  if (fd_ >= 0) ::close(fd_);
}

Result<GroupModuli> GroupModuli::make(int least_bits) {
  std::string text;
  for (const auto& group : kGroups) {
    if (group.bits < least_bits) continue;
    const auto line = line_of(group);
    if (line.empty()) return unavailable("out of memory");
    text += line;
  }
  const int fd = ::memfd_create("slipway-moduli", MFD_CLOEXEC);
  if (fd < 0) return unavailable("the groups need a file in memory, and the system gives none");
  GroupModuli moduli(fd);
  if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return unavailable("the groups need a file in memory, and it cannot be written");
  // libssh opens it by name, so that every exchange reads from its beginning.
  const std::unique_ptr<FILE, int (*)(FILE*)> again(std::fopen(moduli.path().c_str(), "re"), std::fclose);
  if (!again) return unavailable("the groups need /proc, which is not mounted here");
  return moduli;
}

}  // namespace slipway::sftp
