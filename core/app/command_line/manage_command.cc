// manage: any operation of the management service, through the running server or, without one, on the accounts.
#include <algorithm>
#include <boost/json.hpp>
#include <iomanip>
#include <iostream>
#include <iterator>

#include "core/app/command_line/offline.h"
#include "core/app/control_socket.h"
#include "core/base/json.h"
#include "core/management/management.h"

namespace slipway::app {
namespace {

constexpr std::size_t kMaxInput = 40u << 20;  // bytes

Result<std::string> read_input(const std::string& argument) {
  if (argument != "-") return argument;
  std::string text(std::istreambuf_iterator<char>(std::cin), {});
  if (text.size() > kMaxInput) return Error(Errc::TooLarge, "standard input", "the document is beyond 40 MiB");
  return text;
}

Result<std::string> call_offline(const Location& location, const std::string& operation, const std::string& input) {
  SLIPWAY_ASSIGN(const Offline offline, open_offline(location, Migrate::AsConfigured));
  management::Management management({*offline.rooms->accounts, offline.settings.data_provider.backups_path});
  Actor system;
  system.name = "__system__";
  SLIPWAY_ASSIGN(const std::string answer, management.call(OpContext{}, system, operation, input));
  SLIPWAY_ASSIGN(const auto document, parse_json(answer, {.max_bytes = std::size_t{1} << 30, .max_depth = 64}));
  return serialize_json(document, 2);
}

Result<std::string> call(const Location& location, const std::string& operation, const std::string& argument) {
  SLIPWAY_ASSIGN(const std::string input, read_input(argument));
  // Checked here, so that a mistake is told with its place and reaches nobody.
  if (!input.empty()) SLIPWAY_TRY(parse_json_object(input, {.max_bytes = kMaxInput}));
  auto answer = call_running_server(location.config_dir, operation, input);
  const bool no_server =
      !answer && answer.code() == Errc::Unavailable && answer.error().subject().ends_with("slipway.sock");
  if (answer || !no_server) return answer;
  return call_offline(location, operation, input);
}

}  // namespace

int manage(const Location& location, const std::string& operation, const std::string& argument) {
  const auto answer = call(location, operation, argument);
  if (!answer) return fail(answer.error());
  std::cout << *answer << '\n';
  return 0;
}

int list_operations() {
  std::size_t width = 0;
  const auto operations = management::Management::table();
  for (const auto& o : operations) width = std::max(width, o.name.size());
  for (const auto& o : operations)
    std::cout << std::left << std::setw(static_cast<int>(width) + 2) << o.name << o.summary << '\n';
  return 0;
}

}  // namespace slipway::app
