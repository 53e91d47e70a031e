#include "email_action.h"

#include <random>

#include "mail_template.h"

namespace slipway::email {
namespace {

Error not_configured() { return {Errc::NotSupported, "smtp.host", "no mail server is configured"}; }

std::string message_id(const MailSettings& settings) {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (std::uint32_t bits = random(), k = 0; k < 8; ++k, bits >>= 4) id += kDigits[bits & 15];
  }
  const std::string& address = settings.from.address;
  return id + address.substr(address.rfind('@'));
}

}  // namespace

Status EmailAction::configure(const OptionView& options) {
  SLIPWAY_ASSIGN(file_, read_settings(options));
  // The database is asked once the server runs.
  MailSettings now = started_ ? effective(file_) : file_;
  if (now.exposes_password())
    host_.logger().warn("the password of the mail server crosses the network in the clear; set smtp.encryption",
                        {{"host", now.host}});
  std::lock_guard lock(mutex_);
  settings_ = std::make_shared<const MailSettings>(std::move(now));
  return ok();
}

Status EmailAction::start() {
  MailSettings now = effective(file_);
  {
    std::lock_guard lock(mutex_);
    settings_ = std::make_shared<const MailSettings>(std::move(now));
  }
  started_ = true;
  gate_.open();
  queue_.start([this](const std::stop_token& stop, const Mail& mail) { send_queued(stop, mail); });
  return ok();
}

void EmailAction::drain(std::chrono::steady_clock::time_point deadline) noexcept {
  queue_.drain(deadline);
  gate_.close(deadline);
}

void EmailAction::stop() noexcept {
  gate_.end();
  if (const std::size_t lost = queue_.stop(); lost > 0)
    host_.logger().warn("mails were not sent before the module stopped", {{"count", lost}});
}

void* EmailAction::query(std::string_view interface_id) noexcept {
  return interface_id == Mailer::kInterfaceId ? static_cast<Mailer*>(this) : nullptr;
}

EmailAction::SettingsPtr EmailAction::settings() const {
  std::lock_guard lock(mutex_);
  return settings_;
}

MailSettings EmailAction::effective(const MailSettings& file) {
  auto* stored = host_.service<ServerSettings>();
  if (stored == nullptr) return file;
  const auto section = stored->section("smtp");
  auto settings = section ? overlay(file, *section) : Result<MailSettings>(section.error());
  if (settings) return *std::move(settings);
  // Not the file's instead: that would be another server than the one which was chosen.
  host_.logger().error("the stored mail settings are of no use; no mail is sent",
                       {{"error", settings.error().message()}});
  return {};
}

Result<ActionReply> EmailAction::run(const OpContext& ctx, const ActionRequest& action) {
  const WorkGate::Pass pass(gate_);
  if (!pass) return Error(Errc::Unavailable, "email", "the module stops", true);
  const auto settings = this->settings();
  if (!settings->is_on()) return not_configured();
  const OptionView& use = action.options;
  Mail mail;
  for (std::size_t i = 0; i < use.count("recipients"); ++i) mail.to.emplace_back(use.item("recipients", i));
  for (std::size_t i = 0; i < use.count("bcc"); ++i) mail.bcc.emplace_back(use.item("bcc", i));
  mail.subject = use.string("subject");
  mail.body = use.string("body");
  mail.type = use.integer("content_type") == 1 ? Mail::Type::Html : Mail::Type::Text;
  SLIPWAY_TRY(check(mail));
  const EitherStop stop(ctx.stop, gate_.stop_token());
  OpContext both = ctx;
  both.stop = stop.token();
  SLIPWAY_TRY(send(both, *settings, mail));
  return ActionReply{250, {}};
}

Status EmailAction::post(MailFromTemplate wanted) {
  const auto settings = this->settings();
  if (!settings->is_on()) return not_configured();
  Mail mail;
  mail.type = Mail::Type::Html;
  mail.body = body_of(*settings, wanted);
  mail.to = std::move(wanted.to);
  mail.subject = std::move(wanted.subject);
  if (mail.body.empty()) return Error(Errc::InvalidArgument, "mail " + wanted.name, "there is no such template");
  SLIPWAY_TRY(check(mail));
  if (!queue_.push(std::move(mail))) return Error(Errc::Unavailable, "mail", "too many mails wait already", true);
  return ok();
}

std::string EmailAction::body_of(const MailSettings& settings, const MailFromTemplate& mail) {
  auto text = read_template(settings.templates_path, mail.name);
  auto body = text ? render(*text, mail.values) : Result<std::string>(text.error());
  if (body) return *std::move(body);
  if (body.code() != Errc::NotFound)
    host_.logger().warn("a mail template is of no use; the built-in one is sent",
                        {{"template", mail.name}, {"error", body.error().message()}});
  body = render(built_in_template(mail.name), mail.values);
  return body ? *std::move(body) : std::string();
}

Status EmailAction::send(const OpContext& ctx, const MailSettings& settings, const Mail& mail) {
  std::vector<std::string> recipients = mail.to;
  recipients.insert(recipients.end(), mail.bcc.begin(), mail.bcc.end());
  const std::string message = compose(mail, settings.from, std::chrono::system_clock::now(), message_id(settings));
  if (settings.auth == MailSettings::Auth::OAuth2) return send_with_token(ctx, settings, recipients, message);
  return client_.send(ctx, settings, recipients, message);
}

Status EmailAction::send_with_token(const OpContext& ctx, const MailSettings& settings,
                                    const std::vector<std::string>& recipients, const std::string& message) {
  Status sent = ok();
  // A token can end before its time; a fresh one cannot have.
  for (int i = 0; i < 2; ++i) {
    SLIPWAY_ASSIGN(const std::string token, tokens_.get(ctx, settings.oauth2));
    sent = client_.send(ctx, settings, recipients, message, token);
    if (sent.code() != Errc::AuthFailed) return sent;
    tokens_.drop(token);
  }
  return Error(Errc::PermissionDenied, sent.error().subject(),
               "the mail server refuses the access token; smtp.user must be the mailbox that smtp.oauth2.refresh_token "
               "was given for, with the right to send mail over SMTP (" +
                   sent.error().cause() + ")");
}

std::string EmailAction::latest_refresh_token(const std::string& known) {
  auto* stored = host_.service<ServerSettings>();
  if (stored == nullptr || !settings()->is_stored) return known;
  const auto section = stored->section("smtp");
  const auto now = section ? overlay({}, *section) : Result<MailSettings>(section.error());
  return now && now->is_stored ? now->oauth2.refresh_token : known;
}

void EmailAction::replace_refresh_token(const std::string& old, const std::string& fresh) {
  auto* stored = host_.service<ServerSettings>();
  if (stored == nullptr || !settings()->is_stored) {
    host_.logger().warn(
        "the mail provider has replaced smtp.oauth2.refresh_token; the new one is used until the server stops, as the "
        "settings are those of the configuration file",
        {});
    return;
  }
  const Status kept = stored->replace_secret("smtp", "/oauth2/refresh_token", old, fresh);
  if (kept)
    host_.logger().info("the mail provider has replaced smtp.oauth2.refresh_token; the new one is stored", {});
  else if (kept.code() != Errc::Conflict)  // another server was faster
    host_.logger().error("unable to store the new smtp.oauth2.refresh_token of the mail provider",
                         {{"error", kept.error().message()}});
}

void EmailAction::send_queued(const std::stop_token& stop, const Mail& mail) {
  const auto settings = this->settings();
  const Status sent = settings->is_on() ? send({.stop = stop}, *settings, mail) : Status(not_configured());
  if (sent)
    host_.logger().debug("mail sent", {{"recipients", mail.to.size()}});
  else
    host_.logger().error("unable to send a mail", {{"recipients", mail.to.size()}, {"error", sent.error().message()}});
}

}  // namespace slipway::email
