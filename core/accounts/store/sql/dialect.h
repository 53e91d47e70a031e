// What differs between the SQL of SQLite, PostgreSQL and MySQL, in one place.
#pragma once

#include <string>
#include <string_view>

namespace slipway::sql {

// Statements are written once, with '?' for parameters and words in braces: {users} is a table with the configured
// prefix, {:id} one of the words below. An engine expands them when it first prepares a statement.
struct Dialect {
  char identifier_quote;       // around table names: "groups" is a word of some dialects
  std::string_view id;         // column type of a key that the database counts up
  std::string_view reference;  // column type that refers to an id
  std::string_view name;       // text that can be a key, compared byte by byte
  std::string_view text;       // text of any length
  std::string_view integer;    // 64 bits
  std::string_view blob;
  std::string_view table_options;  // behind the closing parenthesis of CREATE TABLE
};

// "A letter or underscore, then letters, digits, underscores", at most 32 characters; empty is fine.
bool is_valid_table_prefix(std::string_view prefix);
// `sql` with its words replaced. An unknown {:word} is left as it is, for the database to complain about.
std::string expand(std::string_view sql, std::string_view table_prefix, const Dialect& dialect);

}  // namespace slipway::sql
