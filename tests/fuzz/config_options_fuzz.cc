// ROOMS: config base
// The environment overlay: lines of NAME=value over a table with nested lists; a second reading of the dump agrees.
#include <boost/json.hpp>

#include "core/base/text.h"
#include "core/config/options.h"

namespace {

constexpr slipway::OptionSpec kTable[] = {
    {"bindings[]", slipway::OptionType::Integer, "1", "", 0, 8},
    {"bindings[].port", slipway::OptionType::Integer, "2022", "", 0, 65535},
    {"bindings[].overrides[].ip", slipway::OptionType::String, "", ""},
    {"bindings[].overrides[].networks", slipway::OptionType::StringList, "", ""},
    {"timeout", slipway::OptionType::Duration, "30s", "", 0, 3'600'000},
    {"size", slipway::OptionType::Bytes, "64M", ""},
    {"ratio", slipway::OptionType::Number, "0.5", ""},
    {"flag", slipway::OptionType::Boolean, "true", ""},
    {"cors.names", slipway::OptionType::StringList, "", "", INT64_MIN, INT64_MAX, "a,b"},
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace slipway;
  using namespace slipway::config;
  Environment environment;
  for (const std::string& line : split({reinterpret_cast<const char*>(data), size}, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals != std::string::npos) environment["SLIPWAY_X__" + line.substr(0, equals)] = line.substr(equals + 1);
  }
  std::vector<Problem> problems, again;
  const auto dump =
      read_options(kTable, {.environment = &environment, .environment_section = "X", .where = "x"}, problems)
          .redacted();
  for (const Problem& problem : problems)
    if (problem.message.empty() || !problem.where.starts_with("x")) __builtin_trap();
  const auto reread = read_options(kTable, {.document = &dump, .where = "x"}, again).redacted();
  bool too_many = false;
  for (const Problem& problem : problems)
    too_many = too_many || problem.message.find("number of elements") != std::string::npos;
  if (!too_many && (!again.empty() || reread != dump)) __builtin_trap();
  return 0;
}
