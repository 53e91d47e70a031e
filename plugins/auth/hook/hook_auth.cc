#include "hook_auth.h"

#include "slipway/base64.h"

#include <algorithm>
#include <boost/json.hpp>

namespace slipway::auth_hook {
namespace {

namespace json = boost::json;
using Answer = AuthVerdict::Answer;
using View = std::optional<AccountService::HookView>;

AuthVerdict verdict(Answer answer) {
  AuthVerdict v;
  v.answer = answer;
  return v;
}

bool blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

int scope_of(std::string_view factor) {
  return factor == "password" ? 1 : factor == "publickey" ? 2 : factor == "keyboard-interactive" ? 4 : 8;
}

int scope_of_protocol(std::string_view protocol) {
  return protocol == "SSH" ? 1 : protocol == "FTP" ? 2 : protocol == "DAV" ? 4 : 8;
}

// As in an authorized_keys file: the type stands at the start of the blob.
std::string key_line(const std::string& blob) {
  if (blob.size() < 4) return {};
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(blob[i]);
  if (length > blob.size() - 4) return {};
  return blob.substr(4, length) + " " + base64_encode(blob);
}

// The user's name in a document that a hook sent; empty when there is none.
Result<std::string> name_in(const std::string& document, std::string_view hook) {
  json::error_code failure;
  json::parse_options options;
  options.max_depth = 32;
  const json::value value = json::parse(document, failure, {}, options);
  if (failure || !value.is_object())
    return Error(Errc::InvalidArgument, std::string(hook), "its answer is no JSON object");
  const json::value* name = value.get_object().if_contains("username");
  return name != nullptr && name->is_string() ? std::string(name->get_string()) : std::string();
}

// What a hook did not allow is a verdict; that it could not be asked is not.
Result<AuthVerdict> refused_or(const Error& error) {
  if (error.code() == Errc::PermissionDenied) return verdict(Answer::Refused);
  return error;
}

}  // namespace

Result<View> HookAuth::view_of(std::string_view user) {
  auto view = accounts_.hook_view(user);
  if (view) return View(*std::move(view));
  if (view.code() == Errc::NotFound) return View();
  return view.error();
}

Result<AuthVerdict> HookAuth::authenticate(const OpContext& ctx, const AuthRequest& request, const Settings& settings) {
  const auto* interactive = std::get_if<InteractiveCredential>(&request.credential);
  if (interactive != nullptr && !request.conversation.empty()) return answer(ctx, request, settings, *interactive);

  const auto* password = std::get_if<PasswordCredential>(&request.credential);
  const int scope = scope_of(request.factor);
  // The host's question for a password belongs to a conversation whose beginning was seen before.
  const bool first = !request.account_stored && !(password != nullptr && scope == 4);
  if (first && !(settings.external_auth.empty() && settings.pre_login.empty())) {
    SLIPWAY_ASSIGN(const View view, view_of(request.user));
    const bool external = !settings.external_auth.empty() &&
                          (settings.external_auth_scope == 0 || (settings.external_auth_scope & scope) != 0);
    if (external && (!view || view->external_auth)) {
      SLIPWAY_ASSIGN(AuthVerdict decided, external_auth(ctx, request, settings, view));
      if (decided.answer != Answer::Unknown || !decided.account.empty()) return decided;
    } else if (!external && !settings.pre_login.empty() && (!view || view->pre_login)) {
      SLIPWAY_ASSIGN(AuthVerdict decided, pre_login(ctx, request, settings, view));
      if (decided.answer != Answer::Unknown || !decided.account.empty()) return decided;
    }
  }
  if (interactive != nullptr) return request.interactive_hook.empty() ? verdict(Answer::Unknown) : begin(ctx, request);
  if (password != nullptr) {
    SLIPWAY_ASSIGN(auto checked, check_password(ctx, request, settings, password->password));
    if (checked) return *std::move(checked);
  }
  return verdict(Answer::Unknown);
}

// ---- external authentication

Result<AuthVerdict> HookAuth::external_auth(const OpContext& ctx, const AuthRequest& request, const Settings& settings,
                                            const View& view) {
  const auto* password = std::get_if<PasswordCredential>(&request.credential);
  const auto* key = std::get_if<PublicKeyCredential>(&request.credential);
  const bool interactive = password == nullptr && key == nullptr;
  const std::string user = view ? view->document : std::string();
  const std::string typed = password != nullptr ? password->password : std::string();
  const std::string line = key != nullptr ? key_line(key->blob) : std::string();

  HookQuestion question{.hook = "external_auth", .target = settings.external_auth};
  if (is_url(question.target)) {
    json::object body{{"username", request.user},
                      {"ip", request.remote.address},
                      {"protocol", request.protocol},
                      {"password", typed},
                      {"public_key", line},
                      {"tls_cert", ""},
                      {"keyboard_interactive", interactive ? "1" : ""}};
    json::error_code failure;
    if (view) body["user"] = json::parse(user, failure);
    question.body = json::serialize(body);
  } else {
    question.variables = {{"SFTPGO_AUTHD_USERNAME", std::string(request.user)},
                          {"SFTPGO_AUTHD_USER", user},
                          {"SFTPGO_AUTHD_IP", request.remote.address},
                          {"SFTPGO_AUTHD_PROTOCOL", std::string(request.protocol)},
                          {"SFTPGO_AUTHD_PASSWORD", typed},
                          {"SFTPGO_AUTHD_PUBLIC_KEY", line},
                          {"SFTPGO_AUTHD_KEYBOARD_INTERACTIVE", interactive ? "1" : ""},
                          {"SFTPGO_AUTHD_TLS_CERT", ""}};
  }
  auto reply = ask(actions_, ctx, question);
  if (!reply) return refused_or(reply.error());

  AuthVerdict decided = verdict(interactive ? Answer::Unknown : Answer::Accepted);
  decided.store_credential = !interactive;
  if (blank(*reply)) {
    if (!view) return verdict(Answer::Refused);  // right, but nobody that is known here
    return decided;
  }
  SLIPWAY_ASSIGN(const std::string name, name_in(*reply, question.hook));
  if (name.empty()) return verdict(Answer::Refused);
  decided.user = name;
  decided.account = *std::move(reply);
  return decided;
}

// ---- before a login

Result<AuthVerdict> HookAuth::pre_login(const OpContext& ctx, const AuthRequest& request, const Settings& settings,
                                        const View& view) {
  HookQuestion question{.hook = "pre_login", .target = settings.pre_login};
  const std::string user = view ? view->document : json::serialize(json::object{{"id", 0}, {"username", request.user}});
  if (is_url(question.target)) {
    question.query = {{"login_method", std::string(request.factor)},
                      {"ip", request.remote.address},
                      {"protocol", std::string(request.protocol)}};
    question.body = user;
  } else {
    question.variables = {{"SFTPGO_LOGIND_USER", user},
                          {"SFTPGO_LOGIND_METHOD", std::string(request.factor)},
                          {"SFTPGO_LOGIND_IP", request.remote.address},
                          {"SFTPGO_LOGIND_PROTOCOL", std::string(request.protocol)}};
  }
  auto reply = ask(actions_, ctx, question, true);
  if (!reply) return refused_or(reply.error());
  AuthVerdict decided = verdict(Answer::Unknown);
  if (blank(*reply)) return decided;
  SLIPWAY_ASSIGN(const std::string name, name_in(*reply, question.hook));
  if (name.empty()) return Error(Errc::InvalidArgument, "pre_login", "its answer is a user without a username");
  decided.account = *std::move(reply);
  return decided;
}

// ---- passwords

Result<std::optional<AuthVerdict>> HookAuth::check_password(const OpContext& ctx, const AuthRequest& request,
                                                            const Settings& settings, const std::string& password) {
  using Maybe = std::optional<AuthVerdict>;
  const int scope = settings.check_password_scope;
  if (settings.check_password.empty() || (scope != 0 && (scope & scope_of_protocol(request.protocol)) == 0) ||
      blank(password))
    return Maybe();
  // Asked about strangers too: they must take as long as others.
  SLIPWAY_ASSIGN(const View view, view_of(request.user));
  if (view && !view->check_password) return Maybe();

  HookQuestion question{.hook = "check_password", .target = settings.check_password};
  if (is_url(question.target))
    question.body = json::serialize(json::object{{"username", request.user},
                                                 {"password", password},
                                                 {"ip", request.remote.address},
                                                 {"protocol", request.protocol}});
  else
    question.variables = {{"SFTPGO_AUTHD_USERNAME", std::string(request.user)},
                          {"SFTPGO_AUTHD_PASSWORD", password},
                          {"SFTPGO_AUTHD_IP", request.remote.address},
                          {"SFTPGO_AUTHD_PROTOCOL", std::string(request.protocol)}};
  const auto reply = ask(actions_, ctx, question);
  std::int64_t status = 0;
  std::string to_verify = password;
  if (!reply) {
    if (reply.code() != Errc::PermissionDenied) return reply.error();
  } else {
    json::error_code failure;
    const json::value document = json::parse(*reply, failure);
    const json::object* object = failure ? nullptr : document.if_object();
    const json::value* number = object != nullptr ? object->if_contains("status") : nullptr;
    if (number == nullptr || !number->is_int64())
      return Error(Errc::InvalidArgument, "check_password", "its answer is no JSON object with a status");
    status = number->get_int64();
    if (status == 2) {
      const json::value* text = object->if_contains("to_verify");
      to_verify = text != nullptr && text->is_string() ? std::string(text->get_string()) : std::string();
    }
  }
  if (!view) return Maybe();  // the next module takes the time that the next line takes
  if (status == 1) return Maybe(verdict(Answer::Accepted));
  SLIPWAY_ASSIGN(const bool right, accounts_.verify_password(request.user, to_verify));
  return Maybe(verdict(status == 2 && right ? Answer::Accepted : Answer::Refused));
}

}  // namespace slipway::auth_hook
