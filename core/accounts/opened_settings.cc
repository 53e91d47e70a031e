#include "core/accounts/opened_settings.h"

#include <boost/json.hpp>

#include "core/accounts/json_secrets.h"
#include "core/base/json.h"
#include "core/crypto/passwords.h"

namespace slipway::accounts {

namespace {

JsonText* find(ServerConfigs& configs, std::string_view name) {
  return name == "sftpd"      ? &configs.sftpd
         : name == "smtp"     ? &configs.smtp
         : name == "acme"     ? &configs.acme
         : name == "branding" ? &configs.branding
                              : nullptr;
}

Error no_section(std::string_view name) {
  return {Errc::NotFound, std::string(name), "the server keeps no such settings"};
}

}  // namespace

Result<std::string> OpenedSettings::section(std::string_view name) {
  SLIPWAY_ASSIGN(ServerConfigs configs, accounts_.configs());
  const JsonText* text = find(configs, name);
  if (text == nullptr) return no_section(name);
  if (text->empty()) return std::string("{}");
  SLIPWAY_ASSIGN(boost::json::value document, parse_json(text->text));
  SLIPWAY_TRY(open_secrets(document, secrets_));
  return serialize_json(document);
}

Status OpenedSettings::replace_secret(std::string_view section, std::string_view pointer, std::string_view old,
                                      std::string_view fresh) {
  AccountStore& store = accounts_.store();
  const std::string subject = std::string(section) + std::string(pointer);
  // Of two servers that replace the same secret, the second one finds another.
  return store.in_transaction([&]() -> Status {
    SLIPWAY_ASSIGN(ServerConfigs configs, store.configs());
    JsonText* text = find(configs, section);
    if (text == nullptr) return no_section(section);
    bool is_found = false;
    SLIPWAY_TRY(visit_secrets(*text, [&](const std::string& at, crypto::Secret& secret) -> Status {
      if (at != pointer) return ok();
      is_found = true;
      SLIPWAY_ASSIGN(const std::string now, secrets_.open(secret));
      if (!crypto::constant_time_equal(now, old)) return Error(Errc::Conflict, subject, "is another one by now");
      secret = {.status = "Plain", .payload = std::string(fresh), .key = {}, .additional_data = {}};
      return secrets_.seal(secret, section);
    }));
    if (!is_found) return Error(Errc::NotFound, subject, "there is no such secret");
    configs.updated_at = now_ms();
    return store.update_configs(configs);
  });
}

}  // namespace slipway::accounts
