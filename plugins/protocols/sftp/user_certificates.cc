#include "user_certificates.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

#include "files.h"
#include "json_documents.h"
#include "public_key.h"
#include "sftp_codec.h"

namespace slipway::sftp {
namespace {

constexpr std::size_t kMaxAuthorityFile = 1024 * 1024, kMaxRevokedFile = 5 * 1024 * 1024;
constexpr std::size_t kMaxAuthorities = 1024, kMaxNetworks = 256;

Error refused(std::string why) { return {Errc::PermissionDenied, "certificate", std::move(why)}; }

std::string_view next_word(std::string_view& line) {
  const auto begin = line.find_first_not_of(" \t");
  line.remove_prefix(std::min(begin, line.size()));
  const auto word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

Result<PublicKey> authority_of(std::string_view line) {
  const auto type = next_word(line);
  std::string blob;
  if (!decode_base64(next_word(line), blob))
    return Error(Errc::InvalidArgument, "", "a line is a key's type, the key in base64 and a comment");
  SLIPWAY_ASSIGN(auto key, parse_public_key(blob));
  if (key.type != type) return Error(Errc::InvalidArgument, "", "the type and the key differ");
  return key;
}

using Address = std::array<unsigned char, 16>;

// IPv4 as its mapped form. Nothing for text that is no address.
std::optional<Address> address_of(std::string_view text, bool& v4) {
  const std::string copy(text);
  Address address{};
  v4 = copy.find(':') == std::string::npos;
  if (!v4) return ::inet_pton(AF_INET6, copy.c_str(), address.data()) == 1 ? std::optional(address) : std::nullopt;
  address[10] = address[11] = 0xff;
  return ::inet_pton(AF_INET, copy.c_str(), address.data() + 12) == 1 ? std::optional(address) : std::nullopt;
}

struct Network {
  Address address{};
  unsigned bits = 0;
};

std::optional<Network> network_of(std::string_view text) {
  const auto slash = text.find('/');
  bool v4 = false;
  const auto address = address_of(text.substr(0, slash), v4);
  if (!address) return std::nullopt;
  Network network{*address, 128};
  if (slash == std::string_view::npos) return network;
  const auto length = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), network.bits);
  if (error != std::errc() || end != length.data() + length.size() || network.bits > (v4 ? 32u : 128u))
    return std::nullopt;
  if (v4) network.bits += 96;
  return network;
}

bool holds(const Network& network, const Address& address) {
  for (unsigned bit = 0; bit < network.bits; ++bit) {
    const unsigned mask = 0x80u >> (bit % 8);
    if (((network.address[bit / 8] ^ address[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

// The value of an option is a string within the string (PROTOCOL.certkeys, "Critical options").
std::optional<std::string> option_text(std::string_view packed) {
  FieldReader fields(std::as_bytes(std::span(packed)));
  std::string text(fields.string());
  return fields.ok() && fields.rest().empty() ? std::optional(std::move(text)) : std::nullopt;
}

}  // namespace

bool source_address_allows(std::string_view list, std::string_view address) {
  bool v4 = false, allowed = false;
  const auto client = address_of(address, v4);
  if (!client) return false;
  for (std::size_t count = 0; count < kMaxNetworks; ++count) {
    const auto network = network_of(list.substr(0, list.find(',')));
    if (!network) return false;
    allowed |= holds(*network, *client);
    if (list.find(',') == std::string_view::npos) return allowed;
    list.remove_prefix(list.find(',') + 1);
  }
  return false;
}

Result<std::shared_ptr<const UserCertificates>> UserCertificates::load(const std::string& config_dir,
                                                                       const std::vector<std::string>& authority_files,
                                                                       const std::string& revoked_file) {
  std::shared_ptr<UserCertificates> loaded(new UserCertificates);
  for (const auto& name : authority_files) {
    const auto file = path_in(config_dir, name);
    SLIPWAY_ASSIGN(const auto text, read_file(file, kMaxAuthorityFile));
    std::size_t found = 0, number = 0;
    for (std::string_view rest = text; !rest.empty();) {
      auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      ++number;
      if (line.ends_with('\r')) line.remove_suffix(1);
      const auto first = line.find_first_not_of(" \t");
      if (first == std::string_view::npos || line[first] == '#') continue;
      auto key = authority_of(line);
      if (!key) return Error(Errc::InvalidArgument, file + ", line " + std::to_string(number), key.error().cause());
      loaded->authorities_.insert_or_assign(key->blob, Authority{key->type, fingerprint_of(key->blob)});
      ++found;
    }
    if (found == 0) return Error(Errc::InvalidArgument, file, "it holds no key of an authority");
    if (loaded->authorities_.size() > kMaxAuthorities)
      return Error(Errc::TooLarge, file, "there are more than 1024 authorities");
  }
  SLIPWAY_TRY(loaded->load_revoked(config_dir, revoked_file));
  return std::shared_ptr<const UserCertificates>(std::move(loaded));
}

Result<std::shared_ptr<const UserCertificates>> UserCertificates::load(const std::string& config_dir,
                                                                       std::shared_ptr<const KeyVerifier> verifier,
                                                                       const std::string& revoked_file) {
  std::shared_ptr<UserCertificates> loaded(new UserCertificates);
  loaded->verifier_ = std::move(verifier);
  SLIPWAY_TRY(loaded->load_revoked(config_dir, revoked_file));
  return std::shared_ptr<const UserCertificates>(std::move(loaded));
}

Status UserCertificates::load_revoked(const std::string& config_dir, const std::string& revoked_file) {
  if (revoked_file.empty()) return ok();
  const auto file = path_in(config_dir, revoked_file);
  SLIPWAY_ASSIGN(const auto text, read_file(file, kMaxRevokedFile));
  auto fingerprints = parse_strings(text);
  if (!fingerprints) return Error(Errc::InvalidArgument, file, fingerprints.error().cause());
  for (auto& fingerprint : *fingerprints) {
    // "SHA256:" and 32 bytes in base64 without padding
    if (!fingerprint.starts_with("SHA256:") || fingerprint.size() != 50)
      return Error(Errc::InvalidArgument, file, "\"" + fingerprint.substr(0, 100) + "\" is no SHA256 fingerprint");
    revoked_.insert(std::move(fingerprint));
  }
  return ok();
}

Status UserCertificates::ask(const OpContext& op, const Certificate& certificate, std::string_view certificate_blob,
                             std::string_view user) const {
  SLIPWAY_ASSIGN(const auto vouched, verifier_->ask(op, std::string(user), certificate_blob, certificate.algorithm));
  if (vouched.blob != certificate.authority_blob) return refused("the verifying program vouches for another key");
  const auto& named = certificate.principals;
  if (named.empty()) return ok();
  const auto wanted = vouched.principals.value_or(std::vector<std::string>{std::string(user)});
  if (std::find_first_of(named.begin(), named.end(), wanted.begin(), wanted.end()) == named.end())
    return refused("the user is not among its principals");
  return ok();
}

Result<ProvedCertificate> UserCertificates::check(const Certificate& certificate, std::string_view certificate_blob,
                                                  std::string_view user, std::string_view address, std::uint64_t now,
                                                  const OpContext& op) const {
  if (certificate.type != Certificate::Type::User) return refused("it is a host's certificate");
  const auto authority = authorities_.find(certificate.authority_blob);
  if (!verifier_ && authority == authorities_.end()) return refused("its authority is not trusted");
  if (!signed_by_authority(certificate)) return refused("its authority's signature is wrong, or made with SHA-1");
  if (revoked_.contains(fingerprint_of(certificate.key_blob)) || revoked_.contains(fingerprint_of(certificate_blob)))
    return refused("it is revoked");
  if (now < certificate.valid_after) return refused("it is not valid yet");
  if (now >= certificate.valid_before) return refused("it is no longer valid");
  // Without principals it would be good for every user.
  const auto& principals = certificate.principals;
  if (!verifier_ && principals.empty()) return refused("it names no principal");
  if (!verifier_ && std::find(principals.begin(), principals.end(), user) == principals.end())
    return refused("the user is not among its principals");
  for (const auto& [name, value] : certificate.critical_options) {
    if (name != "source-address") return refused("its critical option " + name.substr(0, 64) + " is not supported");
    const auto networks = option_text(value);
    if (!networks || !source_address_allows(*networks, address)) return refused("it is not for this source address");
  }
  if (!verifier_)
    return ProvedCertificate{certificate.key_id, certificate.serial, authority->second.type,
                             authority->second.fingerprint};
  SLIPWAY_TRY(ask(op, certificate, certificate_blob, user));
  SLIPWAY_ASSIGN(const auto signer, parse_public_key(certificate.authority_blob));
  return ProvedCertificate{certificate.key_id, certificate.serial, signer.type, fingerprint_of(signer.blob)};
}

}  // namespace slipway::sftp
