// Whether mail goes out.
#include <boost/json.hpp>
#include <chrono>

#include "core/base/json.h"
#include "core/management/operation.h"

namespace slipway::management {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kPatience{25};  // less than whoever asks has

Result<json::value> send_test(const Call& call) {
  SLIPWAY_ASSIGN(const std::string recipient, call.text("recipient"));
  if (call.rooms.actions == nullptr) return needs_server("mail.test");
  const json::object mail{
      {"recipients", json::array{recipient}},
      {"subject", "Slipway: test of the mail settings"},
      {"body", "This mail was sent to see whether the mail settings of a Slipway server work. They do."}};
  OpContext ctx = call.ctx;
  ctx.deadline = std::min(ctx.deadline, std::chrono::steady_clock::now() + kPatience);
  SLIPWAY_TRY(call.rooms.actions->run(ctx, "email", serialize_json(mail), Event{}));
  return json::value(json::object());
}

constexpr Operation kOperations[] = {
    {{"mail.test", "*", "", "", "Sends a mail to the address \"recipient\" and says what came of it."}, send_test},
};

}  // namespace

std::span<const Operation> mail_operations() { return kOperations; }

}  // namespace slipway::management
