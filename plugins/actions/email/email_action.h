// The module's object: mails of event rules at once, mails of the server itself from a queue.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "access_tokens.h"
#include "mail_queue.h"
#include "mail_settings.h"
#include "slipway/action.h"
#include "slipway/mail.h"
#include "slipway/server_settings.h"
#include "slipway/work_gate.h"
#include "smtp_client.h"

namespace slipway::email {

class EmailAction final : public ActionModule, private Mailer {
 public:
  explicit EmailAction(Host& host)
      : host_(host),
        client_(host.logger()),
        tokens_({.latest = [this](const std::string& known) { return latest_refresh_token(known); },
                 .replace = [this](const std::string& old,
                                   const std::string& fresh) { replace_refresh_token(old, fresh); }}) {}

  Status configure(const OptionView& options) override;
  Status start() override;
  void drain(std::chrono::steady_clock::time_point deadline) noexcept override;
  void stop() noexcept override;
  void* query(std::string_view interface_id) noexcept override;
  Result<ActionReply> run(const OpContext&, const ActionRequest&) override;

 private:
  using SettingsPtr = std::shared_ptr<const MailSettings>;

  bool is_configured() const noexcept override { return settings()->is_on(); }
  Status post(MailFromTemplate mail) override;

  SettingsPtr settings() const;
  // What is in effect: of the file, or of the database where it has any.
  MailSettings effective(const MailSettings& file);
  std::string body_of(const MailSettings& settings, const MailFromTemplate& mail);
  Status send(const OpContext& ctx, const MailSettings& settings, const Mail& mail);
  Status send_with_token(const OpContext& ctx, const MailSettings& settings, const std::vector<std::string>& recipients,
                         const std::string& message);
  std::string latest_refresh_token(const std::string& known);
  void replace_refresh_token(const std::string& old, const std::string& fresh);
  void send_queued(const std::stop_token& stop, const Mail& mail);

  Host& host_;
  const SmtpClient client_;
  AccessTokens tokens_;
  MailSettings file_;     // by one thread at a time: configure() and start()
  bool started_ = false;  // the same
  WorkGate gate_;
  mutable std::mutex mutex_;
  SettingsPtr settings_ = std::make_shared<const MailSettings>();
  MailQueue queue_{1000};
};

}  // namespace slipway::email
