// Checks that several entities share. `at` is the JSON pointer of what is checked, and the subject of the error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/accounts/filesystem_config.h"
#include "core/accounts/user_filters.h"
#include "core/accounts/validate.h"
#include "core/accounts/virtual_folder.h"
#include "slipway/result.h"

namespace slipway::accounts {

inline Error invalid(std::string_view at, std::string_view message) {
  return {Errc::InvalidArgument, std::string(at), std::string(message)};
}

// ---- text (checks.cc)

// GAPS-DATA 3.1. `any` is for names that the naming rules leave alone: shares, API keys.
enum class NameKind { Rules, Any };
Status check_name(std::string_view name, NameKind kind, const ValidationSettings&, std::string_view at);
Status check_email(std::string_view email, std::string_view at);
// Each a CIDR network; duplicates are dropped.
Status check_networks(std::vector<std::string>& networks, std::string_view at);
// Each one of `known`; duplicates are dropped. Messages call an element a `what`.
Status check_words(std::vector<std::string>& words, const std::vector<std::string_view>& known, std::string_view what,
                   std::string_view at);
Status check_status(int status);
void drop_duplicates(std::vector<std::string>& list);
// No NUL byte, at most 4096 bytes.
Status check_path_text(std::string_view path, std::string_view at);
// A client's path as an absolute one: '\' separates too, relative paths start at "/".
std::string virtual_path(std::string_view path);
// "/a" and 3: "/a/3".
std::string at_index(std::string_view at, std::size_t index);

// ---- secrets and passwords (secrets.cc)

enum class SecretStrength { Any, Strong };  // Strong: secret_min_entropy applies
// Seals a Plain secret with `additional_data`; an empty one stays empty. What a client sends instead of a secret that
// it could not read is refused.
Status seal(crypto::Secret& secret, SecretStrength strength, std::string_view additional_data, const ValidationContext&,
            std::string_view at);
Status seal_all(JsonText& document, std::string_view additional_data, const ValidationContext&, std::string_view at);
Status check_recovery_codes(std::vector<RecoveryCode>& codes, const std::string& owner, const ValidationContext&);
// The formats that this server makes: those of the passwords of administrators, shares and API keys.
bool is_native_hash(std::string_view password);

// ---- parts of entities

// filesystem.cc; `additional_data`: whose secrets these are.
Status check_filesystem(FilesystemConfig&, std::string_view additional_data, const ValidationContext&,
                        std::string_view at);
// folders.cc
Status check_mappings(std::vector<FolderMapping>&, const ValidationSettings&);
// permissions.cc
enum class RootPermissions { Required, Optional };
Status check_permissions(PermissionLists&, RootPermissions, std::string_view at);
// filters.cc
Status check_filters(BaseUserFilters&, const ValidationSettings&, std::string_view at);
Status check_totp(TotpConfig&, bool with_protocols, const std::string& owner, const ValidationContext&);

}  // namespace slipway::accounts
