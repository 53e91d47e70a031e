#include "core/module/option_table_check.h"

#include <cstring>
#include <span>
#include <string>

#include "core/base/text.h"
#include "core/config/options.h"

namespace slipway::module {
namespace {

constexpr std::size_t kMaxOptions = 1000;
constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMaxText = 4096;

bool is_bounded(const char* text, std::size_t max_size) { return ::strnlen(text, max_size + 1) <= max_size; }

}  // namespace

Status check_option_table(const OptionSpec* table, std::size_t count, const char* which) {
  const auto refuse = [&](const std::string& cause) {
    return Error(Errc::InvalidArgument, {}, "its table of " + std::string(which) + " is wrong: " + cause);
  };
  if (count == 0) return ok();
  if (table == nullptr) return refuse("it says " + std::to_string(count) + " entries and has none");
  if (count > kMaxOptions) return refuse("it has more than " + std::to_string(kMaxOptions) + " entries");
  for (const OptionSpec& option : std::span(table, count)) {
    if (option.name == nullptr || !is_bounded(option.name, kMaxName))
      return refuse("an option has no name, or a long one");
    const std::string name = printable(option.name);
    if (static_cast<unsigned>(option.type) > static_cast<unsigned>(OptionType::SecretList)) {
      return refuse("option '" + name + "' has an unknown type");
    }
    if (option.help == nullptr || !is_bounded(option.help, kMaxText))
      return refuse("option '" + name + "' has no help");
    for (const char* text : {option.default_value, option.choices}) {
      if (text != nullptr && !is_bounded(text, kMaxText))
        return refuse("option '" + name + "' has a text that is too long");
    }
    if (option.minimum > option.maximum) return refuse("option '" + name + "' has a minimum above its maximum");
  }
  if (auto checked = config::check_options({table, count}); !checked) return refuse(checked.error().message());
  return ok();
}

}  // namespace slipway::module
