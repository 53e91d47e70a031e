// The groups of the Diffie-Hellman group exchange (RFC 4419), as libssh reads them: a file in the format of moduli(5).
#pragma once

#include <string>

#include "slipway/result.h"

namespace slipway::sftp {

// The groups of RFC 3526 from a least size on, in memory: the same ones on every machine, whether another server's
// package has put a file of moduli there or not. libssh takes the one nearest to what a client prefers within the
// client's bounds, and none where nothing is within them. Immutable.
class GroupModuli {
 public:
  static constexpr int kSmallest = 2048, kLargest = 8192;  // bits

  // Unavailable when the system gives no memory that has a name (memfd_create, /proc).
  static Result<GroupModuli> make(int least_bits);
  GroupModuli(GroupModuli&& other) noexcept;
  GroupModuli& operator=(GroupModuli&& other) noexcept;
  ~GroupModuli();

  // Can be opened while the object lives.
  const std::string& path() const noexcept { return path_; }

 private:
  explicit GroupModuli(int fd);

  int fd_;
  std::string path_;
};

}  // namespace slipway::sftp
