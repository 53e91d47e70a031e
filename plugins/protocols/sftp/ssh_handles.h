// libssh's objects, each freed by its owner.
#pragma once

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#include <memory>
#include <string>
#include <utility>

namespace slipway::sftp {

struct SshDeleter {
  void operator()(ssh_session session) const noexcept { ssh_free(session); }
  void operator()(ssh_event event) const noexcept { ssh_event_free(event); }
  void operator()(ssh_key key) const noexcept { ssh_key_free(key); }
  void operator()(ssh_bind bind) const noexcept { ssh_bind_free(bind); }
  void operator()(ssh_string string) const noexcept { ssh_string_free(string); }
};

using SessionPtr = std::unique_ptr<std::remove_pointer_t<ssh_session>, SshDeleter>;
using EventPtr = std::unique_ptr<std::remove_pointer_t<ssh_event>, SshDeleter>;
using KeyPtr = std::unique_ptr<std::remove_pointer_t<ssh_key>, SshDeleter>;
using BindPtr = std::unique_ptr<std::remove_pointer_t<ssh_bind>, SshDeleter>;
using StringPtr = std::unique_ptr<std::remove_pointer_t<ssh_string>, SshDeleter>;

// Runs `call` on behalf of libssh, whose C code no exception may cross: `fallback` instead of one.
template <class Call, class Value>
Value without_exceptions(Call&& call, Value fallback) noexcept {
  try {
    return std::forward<Call>(call)();
  } catch (...) {
    return fallback;
  }
}

// The key in the form of RFC 4253, 6.6, base64 encoded as in authorized_keys; empty on failure.
std::string base64_of(ssh_key key);

}  // namespace slipway::sftp
