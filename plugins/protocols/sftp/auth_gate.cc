#include "auth_gate.h"

#include "ssh_handles.h"

#ifdef SLIPWAY_SFTP_WRAPPED_LIBSSH
// libssh's handler of packets of type 50; the linker's --wrap sends libssh's reference to __wrap_x.
extern "C" int __real_ssh_packet_userauth_request(ssh_session session, std::uint8_t type, ssh_buffer packet,
                                                  void* user);
#else
static int __real_ssh_packet_userauth_request(ssh_session, std::uint8_t, ssh_buffer, void*) { return 0; }
#endif

namespace slipway::sftp {
namespace {

thread_local AuthGate* current = nullptr;

constexpr int kPacketUsed = 1;  // SSH_PACKET_USED

std::span<const std::byte> content(ssh_buffer packet) {
  return {static_cast<const std::byte*>(ssh_buffer_get(packet)), ssh_buffer_get_len(packet)};
}

}  // namespace

AuthGate::Use::Use(AuthGate& gate) noexcept { current = &gate; }
AuthGate::Use::~Use() { current = nullptr; }

int AuthGate::request(ssh_session session, std::uint8_t type, ssh_buffer packet, void* user) noexcept {
  return without_exceptions(
      [&] {
        const auto parsed = parse_userauth_request(content(packet));
        answered_ = false;
        if (parsed && admit_(*parsed)) {
          __real_ssh_packet_userauth_request(session, type, packet, user);
          // GSSAPI requests are answered in a place of their own (no_gssapi.cc).
          if (answered_ || parsed->method == "gssapi-with-mic") return kPacketUsed;
        }
        const auto payload = unanswerable_request(parsed ? parsed->user : std::string());
        const std::unique_ptr<std::remove_pointer_t<ssh_buffer>, void (*)(ssh_buffer)> other(
            ssh_buffer_new(), [](ssh_buffer buffer) { ssh_buffer_free(buffer); });
        if (other && ssh_buffer_add_data(other.get(), payload.data(), static_cast<std::uint32_t>(payload.size())) == 0)
          __real_ssh_packet_userauth_request(session, type, other.get(), user);
        return kPacketUsed;
      },
      kPacketUsed);
}

bool auth_gate_available() noexcept {
#ifdef SLIPWAY_SFTP_WRAPPED_LIBSSH
  return true;
#else
  return false;
#endif
}

}  // namespace slipway::sftp

#ifdef SLIPWAY_SFTP_WRAPPED_LIBSSH
extern "C" int __wrap_ssh_packet_userauth_request(ssh_session session, std::uint8_t type, ssh_buffer packet,
                                                  void* user) {
  auto* gate = slipway::sftp::current;
  return gate == nullptr ? __real_ssh_packet_userauth_request(session, type, packet, user)
                         : gate->request(session, type, packet, user);
}
#endif
