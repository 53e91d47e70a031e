#include "core/accounts/store/sql/connection.h"

namespace slipway::sql {

Outcome<std::optional<std::int64_t>> Connection::integer(std::string_view sql, Parameters parameters) {
  std::optional<std::int64_t> value;
  SLIPWAY_TRY(query(sql, parameters, [&](const Row& row) {
    if (!row.is_null(0)) value = row.integer(0);
  }));
  return value;
}

Outcome<std::optional<std::string>> Connection::text(std::string_view sql, Parameters parameters) {
  std::optional<std::string> value;
  SLIPWAY_TRY(query(sql, parameters, [&](const Row& row) {
    if (!row.is_null(0)) value = row.string(0);
  }));
  return value;
}

Outcome<std::vector<std::string>> Connection::texts(std::string_view sql, Parameters parameters) {
  std::vector<std::string> values;
  SLIPWAY_TRY(query(sql, parameters, [&](const Row& row) { values.push_back(row.string(0)); }));
  return values;
}

}  // namespace slipway::sql
