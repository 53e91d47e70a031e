// Option values for modules under test, given as texts: "max_size=1M", "bindings[0].port=2022".
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "slipway/option.h"

namespace slipway::kit {

using Texts = std::map<std::string, std::string, std::less<>>;

// The table's defaults with `given` over them, checked as the server would. Immutable, so thread-safe.
class OptionTexts final : public OptionView {
 public:
  // Throws std::invalid_argument for a name that the table does not have, a value of the wrong type or out of range,
  // and a required option that is not given.
  OptionTexts(std::span<const OptionSpec> table, Texts given);

  bool is_set(std::string_view name) const override;
  std::string_view string(std::string_view name) const override;
  std::int64_t integer(std::string_view name) const override;
  double number(std::string_view name) const override;
  bool flag(std::string_view name) const override;
  std::size_t count(std::string_view list) const override;
  std::string_view item(std::string_view list, std::size_t index) const override;

 private:
  // The given text or the default. A name that the table does not have ends the test run: the module has a mistake.
  std::string_view text(std::string_view name) const;
  const OptionSpec* spec_of(std::string_view name) const;

  std::span<const OptionSpec> table_;
  Texts given_;
  std::map<std::string, std::vector<std::string>, std::less<>> lists_;
};

}  // namespace slipway::kit
