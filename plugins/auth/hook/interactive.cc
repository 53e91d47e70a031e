// The conversations of HookAuth: a program that is spoken with in lines, or a URL that is asked step by step.
#include <algorithm>
#include <boost/json.hpp>

#include "hook_auth.h"

namespace slipway::auth_hook {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kTime{60};  // for all of a conversation
constexpr int kMaxSteps = 32;
constexpr std::size_t kMaxConversations = 1000;

json::value list(const std::vector<std::string>* texts) {
  if (texts == nullptr) return nullptr;
  json::array out;
  for (const auto& text : *texts) out.emplace_back(text);
  return out;
}

}  // namespace

Result<AuthVerdict> HookAuth::begin(const OpContext& ctx, const AuthRequest& request) {
  {
    std::lock_guard lock(mutex_);
    if (conversations_.size() >= kMaxConversations)
      return Error(Errc::Unavailable, "keyboard-interactive hook", "too many conversations at once", true);
  }
  const auto now = Clock::now();
  Conversation conversation{.id = std::to_string(now.time_since_epoch().count()) + "-" + std::to_string(++last_id_),
                            .hook = std::string(request.interactive_hook),
                            .user = std::string(request.user),
                            .program = nullptr,
                            .end = now + kTime};
  auto step = next_step(ctx, request, conversation, nullptr);
  return conclude(request, std::move(conversation), std::move(step));
}

Result<AuthVerdict> HookAuth::answer(const OpContext& ctx, const AuthRequest& request, const Settings& settings,
                                     const InteractiveCredential& credential) {
  AuthVerdict refused;
  refused.answer = AuthVerdict::Answer::Refused;
  Conversation conversation;
  {
    std::lock_guard lock(mutex_);
    const auto found = conversations_.find(request.conversation);
    if (found == conversations_.end() || found->second.user != request.user) return refused;
    conversation = std::move(found->second);
    conversations_.erase(found);
  }
  const auto& answers = credential.answers;
  const bool several_lines =
      std::ranges::any_of(answers, [](const std::string& text) { return text.find_first_of("\r\n") != text.npos; });
  if (answers.size() != conversation.asked.prompts.size() || several_lines) return refused;
  if (Clock::now() >= conversation.end) return refused;

  std::vector<std::string> told = answers;
  switch (conversation.asked.check) {
    case Step::Check::Hook:
      break;
    case Step::Check::Password: {
      SLIPWAY_ASSIGN(const auto checked, check_password(ctx, request, settings, answers.front()));
      bool right = checked && checked->answer == AuthVerdict::Answer::Accepted;
      if (!checked) {
        SLIPWAY_ASSIGN(right, accounts_.verify_password(request.user, answers.front()));
      }
      if (!right) return refused;
      told = {"OK"};
      break;
    }
    case Step::Check::Passcode: {
      SLIPWAY_ASSIGN(const bool right, accounts_.verify_passcode(request.user, request.protocol, answers.front()));
      if (!right) return refused;
      told = {"OK"};
      break;
    }
  }
  auto step = next_step(ctx, request, conversation, &told);
  return conclude(request, std::move(conversation), std::move(step));
}

Result<Step> HookAuth::next_step(const OpContext& ctx, const AuthRequest& request, Conversation& conversation,
                                 const std::vector<std::string>* answers) {
  if (++conversation.step > kMaxSteps)
    return Error(Errc::TooLarge, "keyboard-interactive hook", "the conversation has more than 32 steps");
  OpContext bounded = ctx;
  bounded.deadline = std::min(ctx.deadline, conversation.end);

  HookQuestion question{.hook = "keyboard_interactive", .target = conversation.hook};
  std::string hash;
  if (answers == nullptr || is_url(question.target)) {
    if (auto known = accounts_.credentials(request.user)) hash = known->password_hash;
  }
  if (is_url(question.target)) {
    std::vector<std::string> questions;
    for (const Prompt& prompt : conversation.asked.prompts) questions.push_back(prompt.text);
    question.body = json::serialize(json::object{{"request_id", conversation.id},
                                                 {"step", conversation.step},
                                                 {"username", request.user},
                                                 {"ip", request.remote.address},
                                                 {"password", hash},
                                                 {"answers", list(answers)},
                                                 {"questions", list(answers == nullptr ? nullptr : &questions)}});
    SLIPWAY_ASSIGN(const std::string reply, ask(actions_, bounded, question));
    return parse_step(reply);
  }
  if (answers == nullptr) {
    question.variables = {{"SFTPGO_AUTHD_USERNAME", std::string(request.user)},
                          {"SFTPGO_AUTHD_IP", request.remote.address},
                          {"SFTPGO_AUTHD_PASSWORD", hash}};
    SLIPWAY_ASSIGN(conversation.program,
                   actions_.converse("command", program_options(question, static_cast<int>(kTime.count()))));
  } else {
    for (const std::string& line : *answers) SLIPWAY_TRY(conversation.program->write_line(bounded, line));
  }
  SLIPWAY_ASSIGN(const std::string line, conversation.program->read_line(bounded));
  return parse_step(line);
}

Result<AuthVerdict> HookAuth::conclude(const AuthRequest& request, Conversation conversation, Result<Step> step) {
  AuthVerdict verdict;
  verdict.answer = AuthVerdict::Answer::Refused;
  if (!step) {
    if (step.code() == Errc::PermissionDenied) return verdict;
    return step.error();
  }
  switch (step->kind) {
    case Step::Kind::Refuse:
      return verdict;
    case Step::Kind::End:
      verdict.final = true;
      verdict.instruction = std::move(step->instruction);
      return verdict;
    case Step::Kind::Accept:
      // Only for an account that is there: a hook that says yes to all makes nobody.
      if (!accounts_.credentials(request.user)) return verdict;
      verdict.answer = AuthVerdict::Answer::Accepted;
      verdict.second_factor_done = true;
      return verdict;
    case Step::Kind::Ask:
      break;
  }
  verdict.answer = AuthVerdict::Answer::Ask;
  verdict.instruction = step->instruction;
  verdict.prompts = step->prompts;
  verdict.conversation = conversation.id;
  conversation.asked = *std::move(step);
  std::lock_guard lock(mutex_);
  conversations_.emplace(verdict.conversation, std::move(conversation));
  return verdict;
}

void HookAuth::end(std::string_view id) noexcept {
  Conversation ended;  // its program ends without the lock
  std::lock_guard lock(mutex_);
  const auto found = conversations_.find(id);
  if (found == conversations_.end()) return;
  ended = std::move(found->second);
  conversations_.erase(found);
}

void HookAuth::end_all() noexcept {
  std::map<std::string, Conversation, std::less<>> ended;
  std::lock_guard lock(mutex_);
  ended.swap(conversations_);
}

}  // namespace slipway::auth_hook
