#include "algorithms.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "public_key.h"

namespace slipway::sftp {
namespace {

struct Algorithm {
  std::string_view name;
  bool in_library;  // libssh 0.10 has it, or we add it
  bool by_default;
};

// Ours, around libssh's functions (hybrid_exchange.h).
#ifdef SLIPWAY_SFTP_WRAPPED_LIBSSH
constexpr bool kHybridExchange = true;
#else
constexpr bool kHybridExchange = false;
#endif

// In order of preference. AES-GCM first: with AES instructions it costs a fifth of the others.
constexpr Algorithm kHostKeys[] = {
    {"rsa-sha2-256", true, true},
    {"rsa-sha2-512", true, true},
    {"ecdsa-sha2-nistp256", true, true},
    {"ecdsa-sha2-nistp384", true, true},
    {"ecdsa-sha2-nistp521", true, true},
    {"ssh-ed25519", true, true},
    {"ssh-rsa", true, false},
    {"ssh-dss", false, false},
};
constexpr Algorithm kKeyExchanges[] = {
    {"mlkem768x25519-sha256", kHybridExchange, true},
    {"sntrup761x25519-sha512@openssh.com", false, false},
    {"curve25519-sha256", true, true},
    {"curve25519-sha256@libssh.org", true, true},
    {"ecdh-sha2-nistp256", true, true},
    {"ecdh-sha2-nistp384", true, true},
    {"ecdh-sha2-nistp521", true, true},
    {"diffie-hellman-group14-sha256", true, true},
    {"diffie-hellman-group-exchange-sha256", true, true},
    {"diffie-hellman-group16-sha512", true, false},
    {"diffie-hellman-group18-sha512", true, false},
    {"diffie-hellman-group14-sha1", true, false},
    {"diffie-hellman-group1-sha1", true, false},
    {"diffie-hellman-group-exchange-sha1", true, false},
};
constexpr Algorithm kCiphers[] = {
    {"aes128-gcm@openssh.com", true, true},
    {"aes256-gcm@openssh.com", true, true},
    {"chacha20-poly1305@openssh.com", true, true},
    {"aes128-ctr", true, true},
    {"aes192-ctr", true, true},
    {"aes256-ctr", true, true},
    {"aes128-cbc", true, false},
    {"aes192-cbc", true, false},
    {"aes256-cbc", true, false},
    {"3des-cbc", true, false},
    {"arcfour256", false, false},
    {"arcfour128", false, false},
    {"arcfour", false, false},
};
constexpr Algorithm kMacs[] = {
    {"hmac-sha2-256-etm@openssh.com", true, true},
    {"hmac-sha2-256", true, true},
    {"hmac-sha2-512-etm@openssh.com", true, false},
    {"hmac-sha2-512", true, false},
    {"hmac-sha1", true, false},
    {"hmac-sha1-96", false, false},
};
constexpr Algorithm kPublicKeys[] = {
    {"ssh-ed25519", true, true},
    {"ecdsa-sha2-nistp256", true, true},
    {"ecdsa-sha2-nistp384", true, true},
    {"ecdsa-sha2-nistp521", true, true},
    {"rsa-sha2-512", true, true},
    {"rsa-sha2-256", true, true},
    {"sk-ssh-ed25519@openssh.com", true, true},
    {"sk-ecdsa-sha2-nistp256@openssh.com", true, true},
    {"ssh-rsa", true, false},
    {"ssh-dss", false, false},
};

std::string join(std::span<const std::string> names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ",") + name;
  return list;
}

void add(std::vector<std::string>& names, std::string_view name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

std::vector<std::string> default_names(std::span<const Algorithm> known) {
  std::vector<std::string> names;
  for (const auto& algorithm : known) {
    if (algorithm.by_default && algorithm.in_library) names.emplace_back(algorithm.name);
  }
  return names;
}

std::vector<std::string> possible_names(std::span<const Algorithm> known) {
  std::vector<std::string> names;
  for (const auto& algorithm : known) {
    if (algorithm.in_library) names.emplace_back(algorithm.name);
  }
  return names;
}

// Configurations of compatible servers name these exchanges as a matter of course, beside others.
bool may_be_missing(std::string_view name) { return name.starts_with("mlkem") || name.starts_with("sntrup"); }

Result<std::vector<std::string>> choose(std::string_view option, std::span<const std::string> wanted,
                                        std::span<const Algorithm> known, std::vector<std::string>& warnings) {
  if (wanted.empty()) return default_names(known);
  std::vector<std::string> chosen;
  for (const auto& name : wanted) {
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& a) { return a.name == name; });
    if (found == known.end()) {
      return Error(Errc::InvalidArgument, std::string(option),
                   "\"" + name + "\" is not an algorithm; possible are " + join(possible_names(known)));
    }
    if (found->in_library) {
      add(chosen, name);
    } else if (may_be_missing(name)) {
      warnings.push_back(std::string(option) + ": \"" + name + "\" is not available in this build and is left out");
    } else {
      return Error(Errc::InvalidArgument, std::string(option),
                   "\"" + name + "\" is not available; possible are " + join(possible_names(known)));
    }
  }
  if (chosen.empty()) {
    return Error(Errc::InvalidArgument, std::string(option),
                 "none of the listed algorithms is available in this build; remove the list or add another");
  }
  return chosen;
}

}  // namespace

AlgorithmSettings extended(const AlgorithmSettings& settings, const AlgorithmSettings& more,
                           std::vector<std::string>& unknown) {
  AlgorithmSettings all = settings;
  const auto extend = [&](std::vector<std::string>& list, const std::vector<std::string>& added,
                          std::span<const Algorithm> known) {
    std::vector<std::string> usable;
    for (const auto& name : added) {
      const bool possible =
          std::any_of(known.begin(), known.end(), [&](const auto& a) { return a.name == name && a.in_library; });
      (possible ? usable : unknown).push_back(name);
    }
    if (usable.empty()) return;
    if (list.empty()) list = default_names(known);
    for (const auto& name : usable) add(list, name);
  };
  extend(all.host_keys, more.host_keys, kHostKeys);
  extend(all.key_exchanges, more.key_exchanges, kKeyExchanges);
  extend(all.ciphers, more.ciphers, kCiphers);
  extend(all.macs, more.macs, kMacs);
  extend(all.public_keys, more.public_keys, kPublicKeys);
  return all;
}

Result<AlgorithmLists> choose_algorithms(const AlgorithmSettings& settings) {
  AlgorithmLists lists;
  // Certificates are offered where there are some, whether named or not.
  auto named_host_keys = settings.host_keys;
  std::erase_if(named_host_keys, [](const auto& name) { return is_certificate_algorithm(name); });
  SLIPWAY_ASSIGN(auto host_keys, choose("host_key_algorithms", named_host_keys, kHostKeys, lists.warnings));
  SLIPWAY_ASSIGN(auto exchanges, choose("kex_algorithms", settings.key_exchanges, kKeyExchanges, lists.warnings));
  SLIPWAY_ASSIGN(auto ciphers, choose("ciphers", settings.ciphers, kCiphers, lists.warnings));
  SLIPWAY_ASSIGN(auto macs, choose("macs", settings.macs, kMacs, lists.warnings));
  SLIPWAY_ASSIGN(auto public_keys, choose("public_key_algorithms", settings.public_keys, kPublicKeys, lists.warnings));

  // One algorithm under two names; clients know one of them.
  constexpr std::string_view kCurve = "curve25519-sha256", kCurveOld = "curve25519-sha256@libssh.org";
  for (auto at = exchanges.begin(); at != exchanges.end(); ++at) {
    if (*at != kCurve && *at != kCurveOld) continue;
    const auto other = *at == kCurve ? kCurveOld : kCurve;
    if (std::find(exchanges.begin(), exchanges.end(), other) == exchanges.end()) exchanges.emplace(at + 1, other);
    break;
  }
  lists.host_keys = join(host_keys);
  lists.key_exchanges = join(exchanges);
  lists.ciphers = join(ciphers);
  lists.macs = join(macs);
  lists.public_keys = join(public_keys);
  return lists;
}

bool is_listed(std::string_view list, std::string_view name) {
  while (true) {
    if (list.substr(0, list.find(',')) == name) return !name.empty();
    if (list.find(',') == std::string_view::npos) return false;
    list.remove_prefix(list.find(',') + 1);
  }
}

bool is_secure_algorithm(std::string_view name) {
  constexpr std::string_view kWeak[] = {"ssh-rsa",
                                        "ssh-dss",
                                        "diffie-hellman-group14-sha1",
                                        "diffie-hellman-group1-sha1",
                                        "diffie-hellman-group-exchange-sha1",
                                        "aes128-cbc",
                                        "aes192-cbc",
                                        "aes256-cbc",
                                        "3des-cbc",
                                        "arcfour256",
                                        "arcfour128",
                                        "arcfour",
                                        "hmac-sha1",
                                        "hmac-sha1-96"};
  if (std::find(std::begin(kWeak), std::end(kWeak), name) != std::end(kWeak)) return false;
  const auto known = [&](std::span<const Algorithm> table) {
    return std::any_of(table.begin(), table.end(), [&](const auto& algorithm) { return algorithm.name == name; });
  };
  return known(kHostKeys) || known(kKeyExchanges) || known(kCiphers) || known(kMacs) || known(kPublicKeys);
}

}  // namespace slipway::sftp
