#include "hybrid_exchange.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <span>

#include "algorithms.h"
#include "sftp_codec.h"
#include "ssh_handles.h"

#ifdef SLIPWAY_SFTP_WRAPPED_LIBSSH
// Functions inside libssh; the linker's --wrap sends its own calls of x to __wrap_x.
extern "C" {
int __real_ssh_packet_kexinit(ssh_session session, std::uint8_t type, ssh_buffer packet, void* user);
int __real_ssh_kex_select_methods(ssh_session session);
int __real_ssh_packet_kexdh_init(ssh_session session, std::uint8_t type, ssh_buffer packet, void* user);
int __real_ssh_buffer_add_ssh_string(ssh_buffer buffer, ssh_string text);
int __real_sha256(const unsigned char* data, std::size_t size, unsigned char* hash);
int __real_ssh_kdf(void* crypto, unsigned char* key, std::size_t key_size, std::uint8_t letter, unsigned char* out,
                   std::size_t size);
}
#endif

namespace slipway::sftp {
namespace {

thread_local HybridExchange* current = nullptr;

constexpr std::string_view kHybrid = "mlkem768x25519-sha256";
constexpr std::string_view kCurve = "curve25519-sha256";
// The curve's older name, under which libssh does the hybrid exchange's half; clients that mean the curve by it get
// the newer name.
constexpr std::string_view kStandIn = "curve25519-sha256@libssh.org";
constexpr std::size_t kPoint = 32;

std::string_view told(std::string_view name) { return name == kHybrid ? kStandIn : name == kStandIn ? kCurve : name; }

template <class Call>
void for_each_name(std::string_view list, Call&& call) {
  while (!list.empty()) {
    const auto name = list.substr(0, list.find(','));
    call(name);
    list.remove_prefix(std::min(name.size() + 1, list.size()));
  }
}

std::string told_list(std::string_view list) {
  std::string names;
  for_each_name(list, [&](std::string_view name) {
    if (!names.empty()) names += ',';
    names += told(name);
  });
  return names;
}

void put_string(std::string& out, std::string_view value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value.size() >> shift & 0xff);
  out += value;
}

std::string_view content(ssh_buffer packet) {
  return {static_cast<const char*>(ssh_buffer_get(packet)), ssh_buffer_get_len(packet)};
}

void replace(ssh_buffer packet, const std::string& bytes) {
  ssh_buffer_reinit(packet);
  ssh_buffer_add_data(packet, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
}

template <class Bytes>
std::string_view text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

KeyExchangeOffer KeyExchangeOffer::make(std::string_view offered) {
  KeyExchangeOffer offer{std::string(offered), std::string(offered), is_listed(offered, kHybrid)};
  if (!offer.hybrid) return offer;
  offer.internal.clear();
  for_each_name(offered, [&](std::string_view name) {
    if (is_listed(offer.internal, told(name))) return;
    if (!offer.internal.empty()) offer.internal += ',';
    offer.internal += told(name);
  });
  return offer;
}

HybridExchange::Use::Use(HybridExchange& exchange) noexcept { current = &exchange; }
HybridExchange::Use::~Use() { current = nullptr; }

void HybridExchange::forget() noexcept {
  OPENSSL_cleanse(secret_.data(), secret_.size());
  secret_.clear();
  forget_halves();
}

// An idle connection keeps none of it.
void HybridExchange::forget_halves() noexcept {
  std::string().swap(client_message_);
  std::string().swap(server_point_);
  std::string().swap(told_list_);
  std::string().swap(sent_list_);
  if (encapsulated_) OPENSSL_cleanse(encapsulated_->secret.data(), encapsulated_->secret.size());
  encapsulated_.reset();
}

// RFC 4253 7.1: a cookie of 16 bytes, the list of key exchanges, and more. libssh gets to see its own names.
void HybridExchange::kexinit(ssh_buffer packet) {
  constexpr std::size_t kCookie = 16;
  forget();
  negotiated_.clear();
  const auto bytes = content(packet);
  if (bytes.size() < kCookie) return;
  FieldReader fields(std::as_bytes(std::span(bytes.substr(kCookie))));
  client_list_ = fields.string();
  if (!fields.ok()) return client_list_.clear();
  for_each_name(client_list_, [&](std::string_view name) {
    if (negotiated_.empty() && is_listed(offer_.offered, name)) negotiated_ = name;
  });
  told_list_ = told_list(client_list_);
  if (!offer_.hybrid || told_list_ == client_list_) return client_list_.clear();
  std::string rewritten(bytes.substr(0, kCookie));
  put_string(rewritten, told_list_);
  rewritten += text_of(std::span(reinterpret_cast<const char*>(fields.rest().data()), fields.rest().size()));
  replace(packet, rewritten);
}

// With the names that both sides sent in the place of libssh's.
void HybridExchange::disagreed(std::string error) {
  const auto put_back = [&](std::string_view internal, std::string_view sent) {
    const auto at = error.find("[" + std::string(internal) + "]");
    if (!internal.empty() && at != std::string::npos) error.replace(at + 1, internal.size(), sent);
  };
  put_back(offer_.internal, offer_.offered);
  if (!sent_list_.empty()) put_back(told_list_, sent_list_);
  disagreement_ = std::move(error);
}

// SSH_MSG_KEX_HYBRID_INIT: ML-KEM's public key and the curve's point. Of anything else libssh gets a point that it
// refuses.
void HybridExchange::client_message(ssh_buffer packet) {
  if (!offer_.hybrid || negotiated_ != kHybrid) return;
  FieldReader fields(std::as_bytes(std::span(content(packet))));
  const auto message = fields.string();
  if (fields.ok() && fields.rest().empty() && message.size() == mlkem768::kPublicKey + kPoint) {
    const auto* key = reinterpret_cast<const std::uint8_t*>(message.data());
    auto made = mlkem768::encapsulate(std::span<const std::uint8_t, mlkem768::kPublicKey>(key, mlkem768::kPublicKey));
    if (made) encapsulated_ = std::make_unique<mlkem768::Encapsulated>(*made);
    if (made) OPENSSL_cleanse(made->secret.data(), made->secret.size());
  }
  if (encapsulated_) client_message_ = message;
  std::string point;
  put_string(point, encapsulated_ ? message.substr(mlkem768::kPublicKey) : std::string_view());
  replace(packet, point);
}

std::optional<std::string> HybridExchange::replacement(std::string_view text) {
  // The server's KEXINIT, into the packet and into what is hashed. Extensions may follow the list.
  if (offer_.hybrid && text.starts_with(offer_.internal) &&
      (text.size() == offer_.internal.size() || text[offer_.internal.size()] == ','))
    return offer_.offered + std::string(text.substr(offer_.internal.size()));
  // The client's, into what is hashed.
  if (!client_list_.empty() && text == told_list_) return sent_list_ = std::exchange(client_list_, {});
  // The server's half of the exchange.
  if (encapsulated_ && !server_point_.empty() && text == server_point_) {
    auto answer = std::string(text_of(encapsulated_->ciphertext)) + std::string(text);
    forget_halves();
    return answer;
  }
  return std::nullopt;
}

// The exchange hash (RFC 5656 4): V_C, V_S, I_C, I_S, K_S, then both halves of both sides, and the secret of both as a
// string.
std::optional<std::string> HybridExchange::hash_input(std::string_view input) {
  constexpr int kBefore = 5;
  if (!encapsulated_ || !server_point_.empty()) return std::nullopt;
  FieldReader fields(std::as_bytes(std::span(input)));
  std::string whole;
  for (int i = 0; i < kBefore; ++i) put_string(whole, fields.string());
  const auto client_point = fields.string();
  const auto server_point = fields.string();
  auto curve_secret = fields.string();  // as a number: without zeros in front, or with one that is no part of it
  if (curve_secret.size() == kPoint + 1 && curve_secret.front() == '\0') curve_secret.remove_prefix(1);
  if (!fields.ok() || !fields.rest().empty() || client_point != client_message_.substr(mlkem768::kPublicKey) ||
      server_point.size() != kPoint || curve_secret.size() > kPoint)
    return std::nullopt;
  std::string both(text_of(encapsulated_->secret));
  both.append(kPoint - curve_secret.size(), '\0').append(curve_secret);
  std::array<unsigned char, 32> secret{};
  unsigned length = 0;
  const bool hashed = EVP_Digest(both.data(), both.size(), secret.data(), &length, EVP_sha256(), nullptr) == 1;
  OPENSSL_cleanse(both.data(), both.size());
  if (!hashed) return std::nullopt;
  put_string(secret_, text_of(secret));
  OPENSSL_cleanse(secret.data(), secret.size());
  server_point_ = server_point;
  put_string(whole, client_message_);
  put_string(whole, std::string(text_of(encapsulated_->ciphertext)) + server_point_);
  whole += secret_;
  return whole;
}

}  // namespace slipway::sftp

#ifdef SLIPWAY_SFTP_WRAPPED_LIBSSH
extern "C" {

using slipway::sftp::current;
using slipway::sftp::without_exceptions;

int __wrap_ssh_packet_kexinit(ssh_session session, std::uint8_t type, ssh_buffer packet, void* user) {
  if (current != nullptr) without_exceptions([&] { return current->kexinit(packet), true; }, false);
  return __real_ssh_packet_kexinit(session, type, packet, user);
}

int __wrap_ssh_kex_select_methods(ssh_session session) {
  const int done = __real_ssh_kex_select_methods(session);
  if (current != nullptr && done < 0)
    without_exceptions([&] { return current->disagreed(ssh_get_error(session)), true; }, false);
  return done;
}

// libssh's handler for the first message of any exchange passes it on to the exchange's own, or drops it as a wrong
// guess.
int __wrap_ssh_packet_kexdh_init(ssh_session session, std::uint8_t type, ssh_buffer packet, void* user) {
  constexpr int kNotUsed = 2;  // SSH_PACKET_NOT_USED
  const int used = __real_ssh_packet_kexdh_init(session, type, packet, user);
  if (current != nullptr && used == kNotUsed)
    without_exceptions([&] { return current->client_message(packet), true; }, false);
  return used;
}

int __wrap_ssh_buffer_add_ssh_string(ssh_buffer buffer, ssh_string text) {
  if (current == nullptr || text == nullptr) return __real_ssh_buffer_add_ssh_string(buffer, text);
  return without_exceptions(
      [&] {
        const std::string_view bytes(static_cast<const char*>(ssh_string_data(text)), ssh_string_len(text));
        const auto other = current->replacement(bytes);
        if (!other) return __real_ssh_buffer_add_ssh_string(buffer, text);
        const slipway::sftp::StringPtr replaced(ssh_string_new(other->size()));
        if (!replaced || ssh_string_fill(replaced.get(), other->data(), other->size()) != 0) return -1;
        return __real_ssh_buffer_add_ssh_string(buffer, replaced.get());
      },
      -1);
}

int __wrap_sha256(const unsigned char* data, std::size_t size, unsigned char* hash) {
  if (current == nullptr) return __real_sha256(data, size, hash);
  return without_exceptions(
      [&] {
        auto whole = current->hash_input({reinterpret_cast<const char*>(data), size});
        if (!whole) return __real_sha256(data, size, hash);
        const int done = __real_sha256(reinterpret_cast<const unsigned char*>(whole->data()), whole->size(), hash);
        OPENSSL_cleanse(whole->data(), whole->size());
        return done;
      },
      -1);
}

int __wrap_ssh_kdf(void* crypto, unsigned char* key, std::size_t key_size, std::uint8_t letter, unsigned char* out,
                   std::size_t size) {
  if (current == nullptr || current->secret().empty()) return __real_ssh_kdf(crypto, key, key_size, letter, out, size);
  std::string secret = current->secret();
  const int done =
      __real_ssh_kdf(crypto, reinterpret_cast<unsigned char*>(secret.data()), secret.size(), letter, out, size);
  OPENSSL_cleanse(secret.data(), secret.size());
  return done;
}

}  // extern "C"
#endif
