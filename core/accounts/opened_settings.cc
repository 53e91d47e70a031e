#include "core/accounts/opened_settings.h"

#include <boost/json.hpp>

#include "core/accounts/json_secrets.h"
#include "core/base/json.h"

namespace slipway::accounts {

Result<std::string> OpenedSettings::section(std::string_view name) {
  SLIPWAY_ASSIGN(const ServerConfigs configs, accounts_.configs());
  const JsonText* text = name == "sftpd"      ? &configs.sftpd
                         : name == "smtp"     ? &configs.smtp
                         : name == "acme"     ? &configs.acme
                         : name == "branding" ? &configs.branding
                                              : nullptr;
  if (text == nullptr) return Error(Errc::NotFound, std::string(name), "the server keeps no such settings");
  if (text->empty()) return std::string("{}");
  SLIPWAY_ASSIGN(boost::json::value document, parse_json(text->text));
  SLIPWAY_TRY(open_secrets(document, secrets_));
  return serialize_json(document);
}

}  // namespace slipway::accounts
