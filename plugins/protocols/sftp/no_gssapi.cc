// libssh's static library refers to GSSAPI, which this server does not offer. A client may still send a request for it
// before it is authenticated; with these, libssh finds no mechanism and refuses without entering the Kerberos library.
#include <cstddef>
#include <cstdint>

namespace {

constexpr std::uint32_t kComplete = 0;
constexpr std::uint32_t kFailure = 13u << 16;  // RFC 2744, 3.9.1

struct OidSet {
  std::size_t count;
  void* elements;
};
struct Buffer {
  std::size_t length;
  void* value;
};

OidSet no_mechanisms{0, nullptr};

std::uint32_t refuse(std::uint32_t* minor) {
  *minor = 0;
  return kFailure;
}

}  // namespace

extern "C" {

void* GSS_C_NT_HOSTBASED_SERVICE = nullptr;
void* GSS_C_NT_USER_NAME = nullptr;

std::uint32_t gss_indicate_mechs(std::uint32_t* minor, OidSet** set) {
  *minor = 0;
  *set = &no_mechanisms;
  return kComplete;
}
std::uint32_t gss_create_empty_oid_set(std::uint32_t* minor, OidSet** set) { return gss_indicate_mechs(minor, set); }
std::uint32_t gss_release_oid_set(std::uint32_t* minor, OidSet** set) {
  *minor = 0;
  *set = nullptr;
  return kComplete;
}
std::uint32_t gss_test_oid_set_member(std::uint32_t* minor, void*, OidSet*, int* present) {
  *minor = 0;
  *present = 0;
  return kComplete;
}
std::uint32_t gss_release_buffer(std::uint32_t* minor, Buffer* buffer) {
  *minor = 0;
  *buffer = {0, nullptr};
  return kComplete;
}
std::uint32_t gss_release_name(std::uint32_t* minor, void** name) {
  *minor = 0;
  *name = nullptr;
  return kComplete;
}
std::uint32_t gss_release_cred(std::uint32_t* minor, void** credential) { return gss_release_name(minor, credential); }
std::uint32_t gss_display_status(std::uint32_t* minor, std::uint32_t, int, void*, std::uint32_t* context,
                                 Buffer* text) {
  *context = 0;
  return gss_release_buffer(minor, text);
}

std::uint32_t gss_accept_sec_context(std::uint32_t* minor, ...) { return refuse(minor); }
std::uint32_t gss_acquire_cred(std::uint32_t* minor, ...) { return refuse(minor); }
std::uint32_t gss_add_oid_set_member(std::uint32_t* minor, ...) { return refuse(minor); }
std::uint32_t gss_display_name(std::uint32_t* minor, ...) { return refuse(minor); }
std::uint32_t gss_get_mic(std::uint32_t* minor, ...) { return refuse(minor); }
std::uint32_t gss_import_name(std::uint32_t* minor, ...) { return refuse(minor); }
std::uint32_t gss_init_sec_context(std::uint32_t* minor, ...) { return refuse(minor); }
std::uint32_t gss_inquire_cred(std::uint32_t* minor, ...) { return refuse(minor); }
std::uint32_t gss_inquire_cred_by_mech(std::uint32_t* minor, ...) { return refuse(minor); }
std::uint32_t gss_verify_mic(std::uint32_t* minor, ...) { return refuse(minor); }

}  // extern "C"
