// The SSH algorithm names of the configuration, as the lists that libssh takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slipway/result.h"

namespace slipway::sftp {

// As configured; an empty list means the defaults.
struct AlgorithmSettings {
  std::vector<std::string> host_keys, key_exchanges, ciphers, macs, public_keys;
  int min_group_exchange_bits = 2048;
};

// Comma separated, in order of preference.
struct AlgorithmLists {
  std::string host_keys, key_exchanges, ciphers, macs, public_keys;
  std::vector<std::string> warnings;  // what was asked for and cannot be had
};

// InvalidArgument for a name that nobody knows or that this libssh lacks (the message lists the possible ones), and for
// a list of which nothing can be had. Post-quantum exchanges that are lacking are left out with a warning; names of
// host certificates' algorithms are passed over.
Result<AlgorithmLists> choose_algorithms(const AlgorithmSettings& settings);

// `settings` with the names of `more` behind each list, or behind the defaults where a list is empty; names that nobody
// knows or that this libssh lacks go to `unknown`.
AlgorithmSettings extended(const AlgorithmSettings& settings, const AlgorithmSettings& more,
                           std::vector<std::string>& unknown);

// Whether `name` stands in a comma separated list.
bool is_listed(std::string_view list, std::string_view name);

// Whether an account that demands secure algorithms accepts it: nothing with SHA-1, CBC, RC4, DSA or a group below 2048
// bits. Unknown names are not secure.
bool is_secure_algorithm(std::string_view name);

}  // namespace slipway::sftp
