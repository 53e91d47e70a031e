// The section `smtp` as values: of the configuration file, or what administrators keep in the database instead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mail_message.h"
#include "oauth2_settings.h"
#include "slipway/option.h"
#include "slipway/result.h"

namespace slipway::email {

struct MailSettings {
  enum class Auth : std::uint8_t { Plain, Login, CramMd5, OAuth2 };
  enum class Encryption : std::uint8_t { None, Tls, StartTls };
  std::string host;  // empty: no mail
  std::uint16_t port = 587;
  Mailbox from;
  std::string user, password;  // without a user nobody logs in
  OAuth2Settings oauth2;       // in the place of the password where `auth` is OAuth2
  bool is_stored = false;      // the settings are those of the database
  Auth auth = Auth::Plain;
  Encryption encryption = Encryption::None;
  std::string domain;  // what this server calls itself
  std::string templates_path;
  std::string ca_file;  // PEM file; empty: the authorities of the system
  bool debug = false;   // the dialogue goes to the log, without credentials and messages

  bool is_on() const noexcept { return !host.empty(); }
  // Whether a password, or a token in its place, would cross a network in the clear.
  bool exposes_password() const noexcept;
};

// InvalidArgument for values that make no sense together.
Result<MailSettings> read_settings(const OptionView& options);
// `stored` is the JSON object of the database, secrets opened. When it names a host it replaces those of the file, but
// for what it does not have: templates, authorities and the token endpoint.
Result<MailSettings> overlay(const MailSettings& file, std::string_view stored);

}  // namespace slipway::email
