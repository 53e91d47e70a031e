#include "questions.h"

#include <algorithm>
#include <boost/json.hpp>

namespace slipway::auth_hook {
namespace {

namespace json = boost::json;

Error wrong(std::string what) { return {Errc::InvalidArgument, "keyboard-interactive hook", std::move(what)}; }

Result<std::int64_t> number(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return 0;
  if (value->is_int64()) return value->get_int64();
  return wrong(std::string(name) + " is no integer");
}

Result<std::string> text(const json::value& value, const char* name) {
  if (!value.is_string()) return wrong(std::string(name) + " is no text");
  const std::string_view text(value.get_string().data(), value.get_string().size());
  if (text.size() > kMaxQuestion) return wrong(std::string(name) + " is longer than 4096 bytes");
  // The questions travel as C strings.
  if (text.find('\0') != text.npos) return wrong(std::string(name) + " holds a NUL byte");
  return std::string(text);
}

const json::array* list(const json::object& object, const char* name) {
  static const json::array none;
  const json::value* value = object.if_contains(name);
  return value == nullptr || value->is_null() ? &none : value->if_array();
}

}  // namespace

Result<Step> parse_step(std::string_view text_of_step) {
  if (text_of_step.size() > kMaxStep) return wrong("its answer is longer than 64 KiB");
  json::error_code failure;
  json::parse_options options;
  options.max_depth = 8;
  const json::value document = json::parse(text_of_step, failure, {}, options);
  if (failure || !document.is_object()) return wrong("its answer is no JSON object");
  const json::object& object = document.get_object();

  Step step;
  if (const json::value* instruction = object.if_contains("instruction"); instruction && !instruction->is_null()) {
    SLIPWAY_ASSIGN(step.instruction, text(*instruction, "instruction"));
  }
  SLIPWAY_ASSIGN(const std::int64_t result, number(object, "auth_result"));
  if (result != 0) {
    step.kind = result == 1 ? Step::Kind::Accept : result == 2 ? Step::Kind::End : Step::Kind::Refuse;
    return step;
  }

  const json::array* questions = list(object, "questions");
  const json::array* echos = list(object, "echos");
  if (questions == nullptr || echos == nullptr) return wrong("questions and echos must be lists");
  if (questions->empty()) return wrong("it neither asks a question nor decides");
  if (questions->size() > kMaxQuestions) return wrong("it asks more than 16 questions at once");
  if (echos->size() != questions->size()) return wrong("questions and echos differ in length");
  for (std::size_t i = 0; i < questions->size(); ++i) {
    if (!(*echos)[i].is_bool()) return wrong("an element of echos is neither true nor false");
    SLIPWAY_ASSIGN(auto question, text((*questions)[i], "a question"));
    step.prompts.push_back({std::move(question), (*echos)[i].get_bool()});
  }
  SLIPWAY_ASSIGN(const std::int64_t check, number(object, "check_password"));
  if (check < 0 || check > 2) return wrong("check_password must be 0, 1 or 2");
  if (check != 0 && step.prompts.size() != 1) return wrong("with check_password there must be one question");
  step.check = static_cast<Step::Check>(check);
  step.kind = Step::Kind::Ask;
  return step;
}

}  // namespace slipway::auth_hook
