#include "core/accounts/store/sql/dialect.h"

#include <algorithm>
#include <utility>

namespace slipway::sql {
namespace {

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view word_of(std::string_view word, const Dialect& dialect) {
  const std::pair<std::string_view, std::string_view> words[] = {
      {":id", dialect.id},
      {":reference", dialect.reference},
      {":name", dialect.name},
      {":text", dialect.text},
      {":integer", dialect.integer},
      {":blob", dialect.blob},
      {":table_options", dialect.table_options},
  };
  for (const auto& [name, replacement] : words) {
    if (name == word) return replacement;
  }
  return word;
}

}  // namespace

bool is_valid_table_prefix(std::string_view prefix) {
  if (prefix.empty()) return true;
  return prefix.size() <= 32 && !(prefix[0] >= '0' && prefix[0] <= '9') &&
         std::all_of(prefix.begin(), prefix.end(), is_word_character);
}

std::string expand(std::string_view sql, std::string_view table_prefix, const Dialect& dialect) {
  std::string expanded;
  expanded.reserve(sql.size() + 64);
  for (;;) {
    const std::size_t open = sql.find('{');
    const std::size_t close = open == sql.npos ? open : sql.find('}', open);
    if (close == sql.npos) return expanded.append(sql);
    expanded.append(sql.substr(0, open));
    const std::string_view word = sql.substr(open + 1, close - open - 1);
    if (word.starts_with(':')) {
      expanded.append(word_of(word, dialect));
    } else {
      expanded += dialect.identifier_quote;
      expanded.append(table_prefix).append(word);
      expanded += dialect.identifier_quote;
    }
    sql.remove_prefix(close + 1);
  }
}

}  // namespace slipway::sql
