// What a keyboard-interactive hook says: one JSON object a step.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slipway/auth.h"

namespace slipway::auth_hook {

inline constexpr std::size_t kMaxStep = 64 * 1024;  // bytes of JSON
inline constexpr std::size_t kMaxQuestions = 16;
inline constexpr std::size_t kMaxQuestion = 4096;  // bytes of a question, and of the instruction

struct Step {
  enum class Kind {
    Ask,     // `prompts` want answers
    Accept,  // the hook is content
    Refuse,  // it is not
    End,     // it is not, the client is shown `instruction`, and the connection ends
  };
  // Who checks the answer of an Ask: the hook itself, or the server, which then needs one question only.
  enum class Check { Hook, Password, Passcode };
  Kind kind = Kind::Refuse;
  Check check = Check::Hook;
  std::string instruction;
  std::vector<Prompt> prompts;
};

// {"instruction", "questions", "echos", "check_password", "auth_result"}; other members are ignored. InvalidArgument
// says what is wrong with it.
Result<Step> parse_step(std::string_view json);

}  // namespace slipway::auth_hook
