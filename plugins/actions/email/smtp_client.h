// Gives one message to a mail server, over libcurl.
#pragma once

#include <string>
#include <vector>

#include "mail_settings.h"
#include "slipway/module.h"

namespace slipway::email {

// Thread-safe: each call has a connection of its own.
class SmtpClient {
 public:
  explicit SmtpClient(Logger& logger);
  ~SmtpClient();
  SmtpClient(const SmtpClient&) = delete;
  SmtpClient& operator=(const SmtpClient&) = delete;

  // Ends within a minute and a half, and soon after ctx says so. PermissionDenied: the server refuses the login, the
  // sender, a recipient or the message; Unavailable (retryable): it could not be reached or its certificate is not
  // trusted; AuthFailed: it refuses `token`; Cancelled, TimedOut. With encryption nothing goes out without it.
  // `token`: what OAuth2 shows in place of a password; empty with other logins.
  Status send(const OpContext& ctx, const MailSettings& settings, const std::vector<std::string>& recipients,
              const std::string& message, const std::string& token = {}) const;

 private:
  // A login of libcurl, and whether the server offered it.
  struct Attempt {
    const char* options = nullptr;
    bool was_made = false;
  };
  Status send(const OpContext& ctx, const MailSettings& settings, const std::vector<std::string>& recipients,
              const std::string& message, const std::string& token, Attempt& attempt) const;

  Logger& logger_;
};

}  // namespace slipway::email
