// Mail in the background: what an action module that sends mail does for the rest of the server.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slipway/result.h"

namespace slipway {

// A mail whose words an administrator may replace by a file.
struct MailFromTemplate {
  std::string name;             // "reset-password", "share-code": <templates_path>/email/<name>.html
  std::vector<std::string> to;  // addresses: "ann@example.org"
  std::string subject;          // one line of UTF-8
  std::vector<std::pair<std::string, std::string>> values;  // {"Code", "…"}: written {{.Code}}, escaped for HTML
};

// Optional, by Module::query of an action module. Thread-safe.
class Mailer {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.mailer.v1";
  // Whether there is a mail server to send to.
  virtual bool is_configured() const noexcept = 0;
  // Keeps the mail until it is sent, at most until the module stops; what comes of it is in the log. Does not wait.
  // NotSupported: no mail server is configured; InvalidArgument: an address or a subject that is none; Unavailable,
  // retryable: too many wait already.
  virtual Status post(MailFromTemplate mail) = 0;

 protected:
  ~Mailer() = default;
};

}  // namespace slipway
