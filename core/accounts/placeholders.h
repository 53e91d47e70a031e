// %username%, %role% and %custom1%..%custom10% in the settings of groups.
#pragma once

#include <string>
#include <string_view>

#include "core/accounts/user.h"

namespace slipway::accounts {

// "/a//b/../c/" -> "/a/c"; relative paths stay relative, "" stays "". ".." never climbs above "/".
std::string clean_path_text(std::string_view path);

// The values of one user. A placeholder without a value (no role, no custom value) stays as it is: what it stands in
// for must never silently become the folder above.
class Placeholders {
 public:
  explicit Placeholders(const User& user);

  // All in one pass. Separators and control bytes in values become '_'.
  std::string expand(std::string_view text) const;
  // As expand, for paths: a component never becomes "." or ".." by its values. Not cleaned; empty stays empty.
  std::string expand_path(std::string_view path) const;
  // As expand, inside the strings of a JSON text.
  std::string expand_json(std::string_view json) const;
  // Whether every placeholder in `text` has a value.
  bool complete(std::string_view text) const;

 private:
  // The value of the placeholder at the start of `text`, its length there in `length`; null: there is none.
  const std::string* match(std::string_view text, std::size_t& length) const;

  std::string username_, role_;
  std::vector<std::string> custom_;
};

}  // namespace slipway::accounts
