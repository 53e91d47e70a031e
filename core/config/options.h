// Option tables applied to a JSON object and the environment: validated, defaulted, with every problem named at once.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/option.h"
#include "slipway/result.h"

namespace slipway::config {

// The variables that overlay configuration keys, upper case: "SLIPWAY_SFTPD__BINDINGS__0__PORT" -> "2022".
// Made of the process environment and env.d; see environment.h. A name is made of the prefix SLIPWAY_ (SFTPGO_ for
// people moving in; SLIPWAY_ wins), the section and the names of the key, joined by "__", with '_' for '-'; list
// elements are numbered from 0 without a gap.
using Environment = std::map<std::string, std::string, std::less<>>;

struct Problem {
  std::string where;    // "sftpd.bindings[0].port"
  std::string message;  // what is wrong and what to change
  bool fatal = true;    // false: a warning
};

// Values of one option table. Copyable; views stay valid as long as the object is neither changed nor destroyed.
class OptionValues final : public OptionView {
 public:
  OptionValues();
  ~OptionValues();
  OptionValues(const OptionValues&);
  OptionValues(OptionValues&&) noexcept;
  OptionValues& operator=(OptionValues) noexcept;

  bool is_set(std::string_view name) const override;
  std::string_view string(std::string_view name) const override;
  std::int64_t integer(std::string_view name) const override;
  double number(std::string_view name) const override;
  bool flag(std::string_view name) const override;
  std::size_t count(std::string_view list) const override;
  std::string_view item(std::string_view list, std::size_t index) const override;

  // As a JSON object, secrets that are not empty as "[**redacted**]"; for dumps and `describe`.
  boost::json::object redacted() const;

 private:
  friend struct OptionReader;
  struct Data;
  std::unique_ptr<Data> data_;
};

struct OptionSource {
  const boost::json::object* document = nullptr;  // null: nothing configured
  const Environment* environment = nullptr;
  std::string environment_section;  // "SFTPD": variables SLIPWAY_SFTPD__… and SFTPGO_SFTPD__… apply
  std::string where;                // "sftpd": how problems call it
  std::string config_dir;           // base of relative Path options
  bool any_bytes = false;           // texts of the document need not be UTF-8: they may be names of files
  // Keys that are accepted with a warning though the table does not have them: documented("sftpd", "bindings[].port").
  // True as well for the object or list that holds a documented key.
  bool (*documented)(std::string_view section, std::string_view key) = nullptr;
  // Members of the document that somebody else reads.
  std::span<const std::string_view> ignored = {};
};

// Reads `table` from `source`. Problems are appended, all of them; a value that has a fatal one is its default. A table
// that contradicts itself is one fatal problem, and every value is empty then.
OptionValues read_options(std::span<const OptionSpec> table, const OptionSource& source,
                          std::vector<Problem>& problems);

// What is wrong with a table (a module may bring any): names, defaults, limits.
Status check_options(std::span<const OptionSpec> table);

// The reference documentation of a table, as a Markdown table or aligned text; advanced options last.
std::string describe_markdown(std::span<const OptionSpec> table);
std::string describe_text(std::span<const OptionSpec> table);

}  // namespace slipway::config
