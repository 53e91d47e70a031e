#include "smtp_client.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string_view>
#include <vector>

namespace slipway::email {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kConnectTime = std::chrono::seconds(15), kTotalTime = std::chrono::seconds(60);
constexpr long kAnswerSeconds = 30;

struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListDeleter>;

struct Upload {
  std::string_view rest;
};

std::size_t read_message(char* target, std::size_t size, std::size_t count, void* source) {
  auto& upload = *static_cast<Upload*>(source);
  const std::size_t take = std::min(size * count, upload.rest.size());
  std::memcpy(target, upload.rest.data(), take);
  upload.rest.remove_prefix(take);
  return take;
}

// The socket of a call, for whoever wants to end it: libcurl waits for some answers without asking whether to go on.
class Socket {
 public:
  static curl_socket_t open(void* self, curlsocktype, curl_sockaddr* address) {
    const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) return CURL_SOCKET_BAD;
    Socket& socket = *static_cast<Socket*>(self);
    std::lock_guard lock(socket.mutex_);
    socket.fds_.push_back(fd);
    if (socket.ended_) ::shutdown(fd, SHUT_RDWR);
    return fd;
  }
  static int close(void* self, curl_socket_t fd) {
    Socket& socket = *static_cast<Socket*>(self);
    std::lock_guard lock(socket.mutex_);
    std::erase(socket.fds_, fd);
    return ::close(fd);
  }
  void end() {
    std::lock_guard lock(mutex_);
    ended_ = true;
    for (const int fd : fds_) ::shutdown(fd, SHUT_RDWR);
  }

 private:
  std::mutex mutex_;
  std::vector<int> fds_;  // two while IPv6 and IPv4 are tried at once
  bool ended_ = false;
};

// Between the waits, so that nothing new begins.
int ask_to_go_on(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return check(*static_cast<const OpContext*>(context), "mail") ? 0 : 1;
}

// What is listened for in the dialogue.
struct Dialogue {
  Logger* logger = nullptr;  // null: it is not written down
  bool has_login = false;    // the server was asked to let us in
};

// The dialogue for the log. Commands that carry credentials, and their continuations, are not shown.
int follow_dialogue(CURL*, curl_infotype type, char* data, std::size_t size, void* target) {
  constexpr std::array<std::string_view, 9> kShown = {"EHLO",     "HELO", "MAIL", "RCPT", "DATA",
                                                      "STARTTLS", "RSET", "QUIT", "NOOP"};
  auto& dialogue = *static_cast<Dialogue*>(target);
  if (type != CURLINFO_HEADER_OUT && type != CURLINFO_HEADER_IN) return 0;
  std::string_view line(data, size);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  const bool out = type == CURLINFO_HEADER_OUT;
  const std::string_view verb = line.substr(0, line.find(' '));
  if (out && verb == "AUTH") dialogue.has_login = true;
  if (dialogue.logger == nullptr) return 0;
  if (out && std::find(kShown.begin(), kShown.end(), verb) == kShown.end())
    line = verb == "AUTH" ? "AUTH ***" : "***";
  else if (!out && line.starts_with("334"))
    line = "334 ***";
  std::string text(line.substr(0, 512));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  dialogue.logger->debug("SMTP dialogue", {{"direction", out ? "client" : "server"}, {"line", text}});
  return 0;
}

milliseconds time_for(const OpContext& ctx) {
  if (ctx.deadline == std::chrono::steady_clock::time_point::max()) return kTotalTime;
  const auto left = std::chrono::ceil<milliseconds>(ctx.deadline - std::chrono::steady_clock::now());
  return std::clamp(left, milliseconds(1), kTotalTime);
}

// In a URL an IPv6 address stands in brackets.
std::string url_of(const MailSettings& settings) {
  const bool bare_v6 = settings.host.find(':') != std::string::npos && !settings.host.starts_with('[');
  return (settings.encryption == MailSettings::Encryption::Tls ? "smtps://" : "smtp://") +
         (bare_v6 ? "[" + settings.host + "]" : settings.host) + ":" + std::to_string(settings.port) + "/" +
         (settings.domain.empty() ? "localhost" : settings.domain);
}

Error error_of(CURLcode code, const OpContext& ctx, const std::string& server, const char* message) {
  if (auto going = check(ctx, server); !going) return going.error();
  std::string cause = *message != 0 ? message : curl_easy_strerror(code);
  switch (code) {
    case CURLE_LOGIN_DENIED:
    case CURLE_SEND_ERROR:  // what libcurl calls a refused command
    case CURLE_RECV_ERROR:
    case CURLE_REMOTE_ACCESS_DENIED:
    case CURLE_AUTH_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:
      return {Errc::PermissionDenied, server, std::move(cause)};
    default:
      return {Errc::Unavailable, server, std::move(cause), true};
  }
}

}  // namespace

// libcurl counts these, under a lock of its own.
SmtpClient::SmtpClient(Logger& logger) : logger_(logger) { curl_global_init(CURL_GLOBAL_DEFAULT); }
SmtpClient::~SmtpClient() { curl_global_cleanup(); }

Status SmtpClient::send(const OpContext& ctx, const MailSettings& settings, const std::vector<std::string>& recipients,
                        const std::string& message, const std::string& token) const {
  constexpr std::array kLogins = {"AUTH=PLAIN", "AUTH=LOGIN", "AUTH=CRAM-MD5", "AUTH=XOAUTH2"};
  Attempt attempt{kLogins[static_cast<std::size_t>(settings.auth)]};
  Status sent = send(ctx, settings, recipients, message, token, attempt);
  if (token.empty() || sent.code() != Errc::AuthFailed || attempt.was_made) return sent;
  // It does not know the name that the large providers use, so it may know that of RFC 7628.
  attempt = {"AUTH=OAUTHBEARER"};
  sent = send(ctx, settings, recipients, message, token, attempt);
  if (sent.code() != Errc::AuthFailed || attempt.was_made) return sent;
  return Error(Errc::PermissionDenied, sent.error().subject(),
               "the mail server offers neither XOAUTH2 nor OAUTHBEARER; set another smtp.auth_type");
}

Status SmtpClient::send(const OpContext& ctx, const MailSettings& settings, const std::vector<std::string>& recipients,
                        const std::string& message, const std::string& token, Attempt& attempt) const {
  const std::string server = settings.host + ":" + std::to_string(settings.port);
  SLIPWAY_TRY(check(ctx, server));
  std::unique_ptr<CURL, EasyDeleter> handle(curl_easy_init());
  List list;
  for (const std::string& address : recipients) {
    curl_slist* const longer = curl_slist_append(list.get(), ("<" + address + ">").c_str());
    if (longer == nullptr) return Error(Errc::Internal, server, "out of memory");
    (void)list.release();
    list.reset(longer);
  }
  if (!handle) return Error(Errc::Internal, server, "libcurl gives no handle");

  const std::string url = url_of(settings), from = "<" + settings.from.address + ">";
  std::array<char, CURL_ERROR_SIZE> text{};
  Upload upload{message};
  const auto set = [&](CURLoption option, auto value) { return curl_easy_setopt(handle.get(), option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_PROXY, "");  // the environment's proxies are for the web
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, text.data());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnectTime.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(time_for(ctx).count()));
  set(CURLOPT_SERVER_RESPONSE_TIMEOUT, kAnswerSeconds);
  Socket socket;
  set(CURLOPT_OPENSOCKETFUNCTION, &Socket::open);
  set(CURLOPT_OPENSOCKETDATA, &socket);
  set(CURLOPT_CLOSESOCKETFUNCTION, &Socket::close);
  set(CURLOPT_CLOSESOCKETDATA, &socket);
  set(CURLOPT_MAIL_FROM, from.c_str());
  set(CURLOPT_MAIL_RCPT, list.get());
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, &read_message);
  set(CURLOPT_READDATA, &upload);
  set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(message.size()));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &ask_to_go_on);
  set(CURLOPT_XFERINFODATA, const_cast<OpContext*>(&ctx));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_USE_SSL,
      static_cast<long>(settings.encryption == MailSettings::Encryption::None ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  if (!settings.ca_file.empty()) {
    set(CURLOPT_CAINFO, settings.ca_file.c_str());
    set(CURLOPT_CAPATH, nullptr);
  }
  if (!settings.user.empty()) {
    set(CURLOPT_USERNAME, settings.user.c_str());
    if (token.empty())
      set(CURLOPT_PASSWORD, settings.password.c_str());
    else
      set(CURLOPT_XOAUTH2_BEARER, token.c_str());
    set(CURLOPT_LOGIN_OPTIONS, attempt.options);
  }
  Dialogue dialogue{settings.debug ? &logger_ : nullptr};
  if (settings.debug || !token.empty()) {
    set(CURLOPT_VERBOSE, 1L);
    set(CURLOPT_DEBUGFUNCTION, &follow_dialogue);
    set(CURLOPT_DEBUGDATA, &dialogue);
  }
  CURLcode code = CURLE_OK;
  {
    const std::stop_callback on_stop(ctx.stop, [&socket] { socket.end(); });
    code = curl_easy_perform(handle.get());
    handle.reset();  // says goodbye, and uses the socket for it
  }
  attempt.was_made = dialogue.has_login;
  if (code == CURLE_LOGIN_DENIED && !token.empty())
    return Error(Errc::AuthFailed, server, *text.data() != 0 ? text.data() : "the login is denied");
  if (code != CURLE_OK) return error_of(code, ctx, server, text.data());
  return ok();
}

}  // namespace slipway::email
