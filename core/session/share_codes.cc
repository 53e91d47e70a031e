#include "core/session/share_codes.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/crypto/digest.h"
#include "core/crypto/passwords.h"
#include "core/log/log.h"
#include "slipway/mail.h"

namespace slipway::session {
namespace {

using accounts::Share;

constexpr std::string_view kSender = "sharecode";
constexpr std::chrono::minutes kLifetime{10};
constexpr std::chrono::hours kMailWindow{1};
constexpr std::size_t kMaxRequests = 20, kMaxWrongCodes = 10;  // of one visitor's address within kLifetime
constexpr std::size_t kMaxMails = 5;                           // to an address of a share, within kMailWindow
constexpr std::size_t kMaxMailsOfAddress = 20;                 // to an address, for whatever share
constexpr std::int64_t kMaxTries = 5;
constexpr MailedCodes::Limits kLimits{.of_owner = 5, .altogether = 10'000};
constexpr std::size_t kMaxRunning = 64;
constexpr std::size_t kMaxEmail = 254, kMaxCode = 64;  // bytes

// 40 bits: far more than the tries above can find. Without letters and digits that are taken for each other.
constexpr std::string_view kAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
constexpr std::size_t kLetters = 8;

std::string make_code() {
  std::string code = crypto::random_bytes(kLetters);
  for (char& letter : code) letter = kAlphabet[static_cast<unsigned char>(letter) % kAlphabet.size()];
  return code;
}

// A code that can be typed is short enough to be found from a plain digest by whoever reads the database.
constexpr int kIterations = 10'000;
constexpr std::size_t kDigest = 32;  // bytes

// As it is read aloud and typed: ABCD-EFGH.
std::string shown(const std::string& code) { return code.substr(0, kLetters / 2) + "-" + code.substr(kLetters / 2); }

std::string hex_of(std::string_view bytes) {
  return hex({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

// What a person made of it.
std::string typed(std::string_view text) {
  std::string code = to_upper(text.substr(0, kMaxCode));
  std::erase_if(code, [](char c) { return c == '-' || c == ' '; });
  return code;
}

// Stands for a mail address that is sent codes of a share, and fits into a column of the database.
Result<std::string> key_of(const Share& share, std::string_view address) {
  SLIPWAY_ASSIGN(const std::string key,
                 crypto::digest(crypto::DigestKind::Sha256, share.id + "\n" + to_lower(address)));
  return hex_of(key);
}

// Says of what address whose code it is, so that no digest serves twice.
Result<MailedCodes::Code> code_of(const Share& share, std::string_view address, std::string_view code) {
  MailedCodes::Code made;
  made.owner = MailedCodes::Owner::Visitor;
  SLIPWAY_ASSIGN(made.name, key_of(share, address));
  SLIPWAY_ASSIGN(const std::string bytes,
                 crypto::pbkdf2(crypto::DigestKind::Sha256, code, made.name, kIterations, kDigest));
  made.digest = hex_of(bytes);
  return made;
}

Error too_many(const char* what) { return {Errc::PermissionDenied, what, "too many of them, try again later", true}; }

Mailer* mailer_of(const module::ModuleRef<ActionModule>& module) {
  return module ? static_cast<Mailer*>(module->query(Mailer::kInterfaceId)) : nullptr;
}

}  // namespace

const std::string* address_of_share(const Share& share, std::string_view email) {
  const std::string wanted = to_lower(trim(email.substr(0, kMaxEmail + 1)));
  const auto& emails = share.options.emails;
  const auto found = std::ranges::find_if(emails, [&](const std::string& known) { return to_lower(known) == wanted; });
  return found == emails.end() ? nullptr : &*found;
}

ShareCodes::ShareCodes(const module::Registry& modules, ThreadPool& pool, MailedCodes& codes, Settings settings)
    : modules_(modules),
      pool_(pool),
      codes_(codes),
      settings_(std::move(settings)),
      requests_(kMaxRequests, kLifetime),
      wrong_codes_(kMaxWrongCodes, kLifetime),
      mails_(kMaxMails, kMailWindow),
      mails_of_address_(kMaxMailsOfAddress, kMailWindow) {}

ShareCodes::~ShareCodes() { wait_idle(); }

void ShareCodes::wait_idle() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return running_ == 0; });
}

bool ShareCodes::is_available() const {
  const auto module = modules_.action("email");
  const Mailer* mailer = mailer_of(module);
  return mailer != nullptr && mailer->is_configured();
}

// ---- a code is asked for

Status ShareCodes::request(const ConnectionRequest& visitor, const Share& share, std::string_view email) {
  if (!requests_.take(visitor.remote.address, settings_.now())) return too_many("requests");
  {
    std::lock_guard lock(mutex_);
    if (running_ >= kMaxRunning) return Error(Errc::Unavailable, "requests", "too many of them wait already", true);
    ++running_;
  }
  // Who is on the list shows neither in the answer nor in its time.
  pool_.post([this, visitor, share, email = std::string(email.substr(0, kMaxEmail + 1))] {
    send_code(visitor, share, email);
    std::lock_guard lock(mutex_);
    --running_;
    ended_.notify_all();
  });
  return ok();
}

void ShareCodes::send_code(const ConnectionRequest& visitor, const Share& share, const std::string& email) {
  const auto log_refusal = [&](std::string_view why) {
    log::write(LogLevel::Info, kSender, visitor.connection_id, "no code is sent",
               {{"share", share.id},
                {"username", share.username},
                {"email", printable(email)},
                {"ip", visitor.remote.address},
                {"reason", why}});
  };
  const std::string* address = address_of_share(share, email);
  if (address == nullptr) return log_refusal("the share is not for this address");
  const auto now = settings_.now();
  if (!mails_.take(share.id + "\n" + to_lower(*address), now) || !mails_of_address_.take(to_lower(*address), now))
    return log_refusal("the address has been sent as many codes as it may be");
  const auto module = modules_.action("email");
  Mailer* mailer = mailer_of(module);
  if (mailer == nullptr) return log_refusal("no module sends mail");

  const std::string code = make_code();
  auto made = code_of(share, *address, code);
  if (!made) return log_refusal(made.error().message());
  made->expires_at = codes_.now() + std::chrono::milliseconds(kLifetime).count();
  const auto kept = codes_.keep(*made, kLimits);
  if (!kept) return log_refusal(kept.error().message());
  if (!*kept) return log_refusal("the address, or this server, has as many valid codes as it may have");
  MailFromTemplate mail;
  mail.name = "share-code";
  mail.to = {*address};
  mail.subject = settings_.subject.empty() ? "One-time access code" : settings_.subject;
  mail.values = {{"Code", shown(code)}, {"Share", share.name}, {"Minutes", std::to_string(kLifetime.count())}};
  if (const Status posted = mailer->post(std::move(mail)); !posted) {
    if (const Status forgotten = codes_.forget(made->digest); !forgotten)
      log::error(kSender, "codes cannot be kept", {{"error", forgotten.error().message()}});
    log::write(LogLevel::Error, kSender, visitor.connection_id, "unable to send a code",
               {{"share", share.id}, {"username", share.username}, {"error", posted.error().message()}});
    return;
  }
  log::write(
      LogLevel::Info, kSender, visitor.connection_id, "a code is sent",
      {{"share", share.id}, {"username", share.username}, {"ext_username", *address}, {"ip", visitor.remote.address}});
}

// ---- a code comes back

Result<std::string> ShareCodes::take(const ConnectionRequest& visitor, const Share& share, std::string_view email,
                                     std::string_view code) {
  const auto now = settings_.now();
  if (!wrong_codes_.is_free(visitor.remote.address, now)) return too_many("wrong codes");
  // The same work for an address that is not on the list.
  SLIPWAY_ASSIGN(const MailedCodes::Code shown, code_of(share, trim(email.substr(0, kMaxEmail + 1)), typed(code)));
  SLIPWAY_ASSIGN(const bool is_right, codes_.try_code(shown, kMaxTries));
  const std::string* address = address_of_share(share, email);
  if (is_right && address != nullptr) return *address;
  wrong_codes_.take(visitor.remote.address, now);
  return Error(Errc::AuthFailed, "code", "invalid credentials");
}

}  // namespace slipway::session
