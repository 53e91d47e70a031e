// Login as a conversation, and the session that it ends in: what a protocol gets from the host.
//
//   admitted = sessions.admit(request)      bans, lists, connection caps, rate limits: cheap, on the accepting thread
//   attempt = admitted->begin(context)      on the connection's own thread, before its first byte is sent
//   step = attempt->submit(user, credential) until Accepted or Refused
//   session = step.login->open(...)          one for each channel, command connection or request
//   session->fs()                            everything the user may do, and nothing else
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "slipway/filesystem.h"

namespace slipway {

// An address as text, without brackets or zone ("192.0.2.1", "2001:db8::1"; IPv4-mapped addresses as IPv4).
struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

// ---- credentials, one at a time

struct PasswordCredential {
  std::string password;
};

// What an OpenSSH user certificate says, after the protocol has verified all of it: a trusted authority signed it, it
// names the user among its principals, it is valid now and from this address, and it is not revoked.
struct ProvedCertificate {
  std::string key_id;  // chosen by the authority; at most 1024 bytes
  std::uint64_t serial = 0;
  std::string authority_type;         // of the authority's key: "ssh-ed25519"
  std::string authority_fingerprint;  // "SHA256:..."
};

// An SSH key, RFC 4253 6.6 wire format. A client asks first whether a key would do (Probe), then signs.
struct PublicKeyCredential {
  enum class Proof : std::uint8_t { Probe, Signed };
  std::string blob;         // of the plain key, also when a certificate came with it
  std::string algorithm;    // of the signature: "rsa-sha2-256"
  std::string fingerprint;  // "SHA256:..."
  Proof proof = Proof::Probe;
  // With it, the key belongs to the user because an authority says so: it need not be stored with the account.
  std::optional<ProvedCertificate> certificate;

  // How logs name the key: its fingerprint, and what the certificate adds.
  std::string id() const {
    if (!certificate) return fingerprint;
    return fingerprint + ": ID: " + certificate->key_id + ", serial: " + std::to_string(certificate->serial) + ", CA " +
           certificate->authority_type + " " + certificate->authority_fingerprint;
  }
};

// RFC 4256: the answers to the prompts of the last Ask; empty at the start of the method.
struct InteractiveCredential {
  std::vector<std::string> answers;
};

using Credential = std::variant<PasswordCredential, PublicKeyCredential, InteractiveCredential>;

struct Prompt {
  std::string text;
  bool echo = false;
};

// ---- sessions

// One transport connection that asks to log in.
struct ConnectionRequest {
  std::string protocol;       // the login protocol of the account model: "SSH", "FTP", "DAV", "HTTP"
  std::string connection_id;  // unique in this server, chosen by the protocol
  Endpoint remote, local;
  std::string client_version;
  bool encrypted = true;
  // The program or URL of the protocol's configuration that asks keyboard-interactive questions; empty: none.
  std::string interactive_hook = {};
};

// A user's view of the server, for one channel. fs() may be used by several threads; destroy it after all its files.
class Session {
 public:
  virtual ~Session() = default;  // leaves the registry
  // The user's tree with permissions, patterns, quotas, limits, bandwidth, events and staged uploads behind it.
  virtual Filesystem& fs() noexcept = 0;
  virtual const std::string& id() const noexcept = 0;  // the connection id
  virtual const std::string& user() const noexcept = 0;
  // Where relative paths start; "/" unless the account says otherwise.
  virtual const VPath& start_directory() const noexcept = 0;
  // Requested when an administrator closes the connection or the server drains: end it soon.
  virtual std::stop_token stop_token() const noexcept = 0;
  // A context for calls made for this session; its views live as long as the session.
  virtual OpContext context() const noexcept = 0;
  // Shown by /connections; also marks activity.
  virtual void set_command(std::string_view command) = 0;
  // Time without a call of fs() and without a transfer that moves.
  virtual std::chrono::steady_clock::duration idle() const noexcept = 0;
  // After so much of it the session is closed; 0: never.
  virtual std::chrono::steady_clock::duration idle_limit() const noexcept { return {}; }
  // Nobody works on its open files at the moment, as between the requests of an upload in pieces: a server that drains
  // does not wait for them. Not parked at first.
  virtual void set_parked(bool parked) noexcept { (void)parked; }
};

// Optional, by File::query on a file of Session::fs() that is open for reading: its bytes may leave by sendfile or
// splice while limits, counters and cancellation go on working. File::native_fd() of such a file is -1.
class DirectReads {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.direct-reads.v1";
  // A descriptor that lives as long as the file; only reads by position. -1: use read_at.
  virtual int fd() const noexcept = 0;
  // After each piece (64 KiB to 1 MiB): counts it and waits as the bandwidth asks. An error ends the transfer.
  virtual Status sent(const OpContext&, std::size_t bytes) = 0;

 protected:
  ~DirectReads() = default;
};

// A client path (relative or absolute, '/' or '\\' between components) as a clean path of the session's tree.
// InvalidArgument for NUL bytes and paths longer than 4096 bytes.
class PathResolver {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.paths.v1";
  virtual Result<VPath> resolve(const VPath& base, std::string_view client_path) const = 0;

 protected:
  ~PathResolver() = default;
};

// An authenticated user on one transport connection. Sessions opened from it may outlive it.
class Login {
 public:
  virtual ~Login() = default;
  virtual const std::string& user() const noexcept = 0;
  // Fails with PermissionDenied beyond the user's session limit, with Unavailable while the server drains, and with the
  // storage's error when the home directory cannot be mounted.
  virtual Result<std::unique_ptr<Session>> open(std::string_view protocol /* "SFTP", "SCP", "FTP" */,
                                                std::string_view connection_id) = 0;
};

struct LoginStep {
  enum class Outcome : std::uint8_t {
    Accepted,  // `login` is set
    Partial,   // this factor was right; `methods` may follow
    Ask,       // `prompts` want answers
    Refused,   // `methods` may still be tried
  };
  Outcome outcome = Outcome::Refused;
  std::unique_ptr<Login> login;
  std::vector<std::string> methods;  // SSH names: "password", "publickey", "keyboard-interactive"
  std::string instruction;
  std::vector<Prompt> prompts;
  // Refused: what the user may be told, because the credential was right and something else forbids the login. One
  // sentence without a line end; empty: nothing.
  std::string notice;
  bool final = false;  // Refused: nothing that the client can try will do; the connection ends
};

// One connection's way to a login. One thread at a time. Destroying it without a login counts as "no credential tried"
// when none was.
class LoginAttempt {
 public:
  virtual ~LoginAttempt() = default;
  // The methods worth offering before the user is known.
  virtual std::vector<std::string> methods() const = 0;
  // Blocks for the cost of a password hash, a directory query or a configured login delay. The outcome and the time of
  // an unknown user and of a wrong password are alike. A Probe of a public key is never Accepted: Partial means "sign".
  virtual LoginStep submit(const OpContext&, std::string_view user, const Credential&) = 0;
  // What the client calls itself, for protocols that learn it after begin() (SSH: the identification line).
  virtual void set_client_version(std::string_view version) { (void)version; }
  // Client and server have no algorithm in common, so that nobody can log in; `reason` is for the log.
  virtual void negotiation_failed(std::string_view reason) { (void)reason; }
  // What is weak about the cryptography of this connection or of the next credential ("kex
  // diffie-hellman-group14-sha1"); empty: nothing. Accounts that demand secure algorithms are refused.
  virtual void set_weakness(std::string_view weakness) { (void)weakness; }
};

// A connection that may go on. It counts against the caps until this, and what begin() made of it, is gone.
class Admitted {
 public:
  virtual ~Admitted() = default;
  // Once. Waits as rate limits ask (at most ten seconds) and asks the configured hook, so it is not for the thread that
  // accepts. PermissionDenied: refuse the connection without an explanation; Cancelled as `context` asks.
  virtual Result<std::unique_ptr<LoginAttempt>> begin(const OpContext& context) = 0;
  // Instead of begin(), for a user who proved earlier who they are (by a token of the protocol's own): waits as rate
  // limits ask, then checks the account as a login would, without a credential, a login event or a hook. AuthFailed
  // when the account is gone; PermissionDenied with the reason when it may not log in here and now.
  virtual Result<std::unique_ptr<Login>> resume(const OpContext& context, std::string_view user) {
    (void)context;
    return Error(Errc::NotSupported, std::string(user), "this host resumes no logins");
  }
  // Instead of begin(), for requests that log no user in: waits as rate limits ask.
  virtual Status wait(const OpContext& context) { return check(context, "connection"); }
  virtual void* query(std::string_view interface_id) noexcept {
    (void)interface_id;
    return nullptr;
  }
  // resume() and Login::open() for a thread that must not wait: a session whose fs() has Capability::Immediate, or null
  // when anything could wait, or would fail: then they say more. May be followed by them. `writes`: files are uploaded.
  virtual std::unique_ptr<Session> open_at_once(std::string_view user, std::string_view protocol, bool writes) {
    (void)user, (void)protocol, (void)writes;
    return nullptr;
  }
};

class SessionService {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.sessions.v1";
  // Whether a connection may go on; never waits, so that a flood costs the thread that accepts as little as possible.
  // An error is already logged: close the connection without an explanation. PermissionDenied: a ban or a list;
  // retryable: a cap. Unavailable: the server drains; retryable: beyond a rate limit.
  virtual Result<std::unique_ptr<Admitted>> admit(const ConnectionRequest&) = 0;

  // Both steps, for protocols that accept and serve on one thread.
  Result<std::unique_ptr<LoginAttempt>> begin(const ConnectionRequest& request) {
    SLIPWAY_ASSIGN(auto admitted, admit(request));
    return admitted->begin(OpContext{.connection_id = request.connection_id});
  }

 protected:
  ~SessionService() = default;
};

}  // namespace slipway
