#include "core/accounts/store/rows.h"

#include <algorithm>
#include <limits>

#include "core/base/text.h"

namespace slipway::accounts::rows {
namespace {

std::string named(std::string_view kind, std::string_view name) {
  return std::string(kind) + " \"" + printable(name) + "\"";
}

std::int64_t clamped(std::size_t number) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return number > static_cast<std::size_t>(kMost) ? kMost : static_cast<std::int64_t>(number);
}

}  // namespace

Error not_found(std::string_view kind, std::string_view name) {
  return {Errc::NotFound, named(kind, name), "does not exist"};
}
Error exists(std::string_view kind, std::string_view name) {
  return {Errc::Exists, named(kind, name), "exists already"};
}
Error missing_reference(std::string_view kind, std::string_view name) {
  return {Errc::InvalidArgument, named(kind, name), "does not exist"};
}
Error listed_twice(std::string_view kind, std::string_view name) {
  return {Errc::InvalidArgument, named(kind, name), "is listed twice"};
}

Error password_changed(std::string_view kind, std::string_view name) {
  return {Errc::Conflict, named(kind, name), "the password has been changed meanwhile"};
}

Error still_used(std::string_view kind, std::string_view name, std::initializer_list<Users> by) {
  constexpr std::size_t kNamed = 5;
  std::string cause = "is used by";
  bool first = true;
  for (const Users& users : by) {
    if (users.names.empty()) continue;
    cause += (first ? " " : ", ") + std::string(users.what) + " ";
    first = false;
    const std::size_t count = std::min(users.names.size(), kNamed);
    for (std::size_t i = 0; i < count; ++i) cause += (i ? ", " : "") + printable(users.names[i]);
    if (users.names.size() > count) cause += " and " + std::to_string(users.names.size() - count) + " more";
  }
  return {Errc::Conflict, named(kind, name), std::move(cause)};
}

Status changed(const sql::Outcome<std::int64_t>& outcome, std::string_view kind, std::string_view name) {
  if (!outcome) return outcome.error();
  if (*outcome == 0) return not_found(kind, name);
  return ok();
}

Status bump_definitions(sql::Connection& connection) {
  SLIPWAY_TRY(connection.execute("UPDATE {definitions} SET version = version + 1"));
  return ok();
}

Result<std::optional<std::int64_t>> reference_id(sql::Connection& connection, std::string_view find_sql,
                                                 std::string_view kind, std::string_view name) {
  if (name.empty()) return std::optional<std::int64_t>();
  SLIPWAY_ASSIGN(auto id, connection.integer(find_sql, {name}));
  if (!id) return missing_reference(kind, name);
  return id;
}

Page::Page(const Table& table, const ListRequest& request) : table_(table), request_(request) {
  const std::string key(table_.key);
  if (!request.after.empty()) where(key + (request.descending ? " < ?" : " > ?"), request.after);
  if (!request.prefix.empty()) {
    // U+10FFFF, beyond every text that goes on otherwise; a range, so that the index finds it.
    prefix_end_ = request.prefix + "\xF4\x8F\xBF\xBF";
    where(key + " >= ?", request.prefix);
    where(key + " < ?", prefix_end_);
  }
}

Page& Page::where(std::string_view condition, sql::Value parameter) {
  conditions_.append(conditions_.empty() ? " WHERE " : " AND ").append(condition);
  parameters_.push_back(parameter);
  return *this;
}

Page& Page::where(std::string_view condition, sql::Value first, sql::Value second) {
  where(condition, first);
  parameters_.push_back(second);
  return *this;
}

std::string select_by_key(const Page::Table& table) {
  return "SELECT " + std::string(table.columns) + " FROM " + std::string(table.table) + " t " +
         std::string(table.joins) + " WHERE t." + std::string(table.key) + " = ?";
}

std::string Page::finish() {
  const auto order = [this](std::string_view alias) {
    const std::string_view direction = request_.descending ? " DESC" : "";
    std::string columns;
    if (!table_.before.empty()) columns.append(alias).append(table_.before).append(direction).append(", ");
    return columns.append(alias).append(table_.key).append(direction);
  };
  const std::string table(table_.table);
  std::string sql = "SELECT " + std::string(table_.columns) + " FROM (SELECT id AS page_id FROM " + table +
                    conditions_ + " ORDER BY " + order("") + " LIMIT ? OFFSET ?) page JOIN " + table +
                    " t ON t.id = page.page_id " + std::string(table_.joins) + " ORDER BY " + order("t.");
  parameters_.emplace_back(clamped(request_.limit));
  parameters_.emplace_back(clamped(request_.offset));
  return sql;
}

}  // namespace slipway::accounts::rows
