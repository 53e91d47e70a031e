#include "core/session/auth_chain.h"

namespace slipway::session {
namespace {

const PublicKeyCredential* key_of(const Credential& credential, PublicKeyCredential::Proof proof) {
  const auto* key = std::get_if<PublicKeyCredential>(&credential);
  return key != nullptr && key->proof == proof ? key : nullptr;
}

}  // namespace

bool AuthChain::was_probed(std::string_view user, const Credential& credential) const {
  const auto* key = key_of(credential, PublicKeyCredential::Proof::Signed);
  return key != nullptr && probed_ && probed_->user == user && probed_->key.blob == key->blob &&
         probed_->key.certificate.has_value() == key->certificate.has_value();
}

Result<AuthChain::Answer> AuthChain::ask(const OpContext& ctx, std::string_view user, const Credential& credential,
                                         std::string_view factor, std::span<const std::string> passed) {
  const auto* interactive = std::get_if<InteractiveCredential>(&credential);
  const std::string conversation = conversation_, asked_by = asking_;
  const bool answering = interactive != nullptr && conversing();
  if (!answering) end_conversation();

  if (was_probed(user, credential)) {
    Answer answer = std::exchange(probed_, std::nullopt)->answer;
    SLIPWAY_TRY(store(answer, credential));
    return answer;
  }
  probed_.reset();

  Answer answer{{}, std::string(user)};
  for (const auto& module : manager_.rooms().modules.auth_chain()) {
    if (answering && module.instance() != asked_by) continue;
    for (const bool again : {false, true}) {
      const AuthRequest question{.user = answer.user,
                                 .credential = credential,
                                 .protocol = request_.protocol,
                                 .remote = request_.remote,
                                 .passed = passed,
                                 .factor = factor,
                                 .conversation = answering ? std::string_view(conversation) : std::string_view(),
                                 .interactive_hook = request_.interactive_hook,
                                 .account_stored = again};
      auto verdict = module->authenticate(ctx, question);
      if (!verdict) {
        end_conversation();
        return Error(verdict.code(), "auth module " + module.instance(), verdict.error().message());
      }
      answer.verdict = *std::move(verdict);
      if (answer.verdict.answer != AuthVerdict::Answer::Unknown || answer.verdict.account.empty() || again) break;
      SLIPWAY_TRY(store(answer, credential));
    }
    if (answer.verdict.answer == AuthVerdict::Answer::Unknown) continue;
    if (answer.verdict.user) answer.user = *answer.verdict.user;
    const bool asks = answer.verdict.answer == AuthVerdict::Answer::Ask;
    asking_ = asks ? module.instance() : std::string();
    conversation_ = asks ? answer.verdict.conversation : std::string();
    if (answer.verdict.answer == AuthVerdict::Answer::Accepted) {
      if (const auto* key = key_of(credential, PublicKeyCredential::Proof::Probe))
        probed_ = Probed{std::string(user), *key, answer};
      else
        SLIPWAY_TRY(store(answer, credential));
    }
    return answer;
  }
  asking_.clear();
  conversation_.clear();
  answer.verdict = {};
  return answer;
}

Status AuthChain::store(Answer& answer, const Credential& credential) {
  accounts::FoundUsers& users = manager_.rooms().accounts.found_users();
  if (!answer.verdict.account.empty()) {
    auto name = users.store(answer.verdict.account);
    if (!name)
      return Error(name.code(), "the account that a login hook or directory sent" + name.error().subject(),
                   name.error().cause());
    answer.user = *std::move(name);
    answer.verdict.account.clear();
  }
  if (!answer.verdict.store_credential || answer.verdict.answer != AuthVerdict::Answer::Accepted) return ok();
  if (const auto* password = std::get_if<PasswordCredential>(&credential))
    return users.keep_password(answer.user, password->password);
  if (const auto* key = std::get_if<PublicKeyCredential>(&credential)) return users.keep_key(answer.user, key->blob);
  return ok();
}

void AuthChain::end_conversation() noexcept {
  if (asking_.empty()) return;
  const std::string asked_by = std::exchange(asking_, {}), conversation = std::exchange(conversation_, {});
  if (conversation.empty()) return;
  for (const auto& module : manager_.rooms().modules.auth_chain()) {
    if (module.instance() != asked_by) continue;
    if (auto* conversations = static_cast<Conversations*>(module->query(Conversations::kInterfaceId)))
      conversations->end(conversation);
  }
}

}  // namespace slipway::session
