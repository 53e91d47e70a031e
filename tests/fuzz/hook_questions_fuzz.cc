// TARGETS: auth_hook_questions
//
// A keyboard-interactive hook's step: whatever it holds, what is asked of a client is within the limits.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plugins/auth/hook/questions.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slipway::auth_hook;
  const auto step = parse_step({reinterpret_cast<const char*>(data), size});
  if (!step) {
    if (step.error().message().empty()) std::abort();
    return 0;
  }
  if (step->instruction.size() > kMaxQuestion) std::abort();
  if (step->kind != Step::Kind::Ask) return 0;
  if (step->prompts.empty() || step->prompts.size() > kMaxQuestions) std::abort();
  if (step->check != Step::Check::Hook && step->prompts.size() != 1) std::abort();
  for (const auto& prompt : step->prompts)
    if (prompt.text.size() > kMaxQuestion || prompt.text.find('\0') != prompt.text.npos) std::abort();
  return 0;
}
