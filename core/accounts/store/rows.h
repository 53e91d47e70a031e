// What the store's statements have in common: errors that name the entity, documents, pages of a list.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/accounts/entity_json.h"
#include "core/accounts/store/sql/connection.h"
#include "core/accounts/store/store.h"

namespace slipway::accounts::rows {

// user "bob": does not exist
Error not_found(std::string_view kind, std::string_view name);
Error exists(std::string_view kind, std::string_view name);
// For something that an entity refers to.
Error missing_reference(std::string_view kind, std::string_view name);
// A pair that may be there once only: a group that is listed twice.
Error listed_twice(std::string_view kind, std::string_view name);

struct Users {
  std::string_view what;  // "users"
  const std::vector<std::string>& names;
};
// Conflict: folder "x": is used by users a, b and 3 more, groups c
Error still_used(std::string_view kind, std::string_view name, std::initializer_list<Users> by);

// Conflict: a stored hash is not the one that was to be replaced.
Error password_changed(std::string_view kind, std::string_view name);

// From the changes that a statement with a key made: 0 is not_found.
Status changed(const sql::Outcome<std::int64_t>& outcome, std::string_view kind, std::string_view name);

// The change is one of the definitions (AccountStore::definitions_version).
Status bump_definitions(sql::Connection& connection);

// NULL for an empty name; InvalidArgument when there is none with this name. `table` is "{roles}" or the like.
Result<std::optional<std::int64_t>> reference_id(sql::Connection& connection, std::string_view find_sql,
                                                 std::string_view kind, std::string_view name);

constexpr std::size_t kMaxDocument = 4 * 1024 * 1024;  // what entity_json reads

template <class Entity>
Result<std::string> document_of(const Entity& entity, std::string_view kind) {
  std::string document = to_json_text(entity, Rendering::Full);
  if (document.size() > kMaxDocument) return Error(Errc::TooLarge, std::string(kind), "more than 4 MiB of settings");
  return document;
}

template <class Entity>
Result<Entity> entity_of(std::string_view document, std::string_view kind, std::string_view name) {
  auto entity = from_json_text<Entity>(document, Unknown::Keep);
  if (!entity) {
    return Error(Errc::Internal, std::string(kind) + " \"" + std::string(name) + "\"",
                 "stored document cannot be read: " + entity.error().message());
  }
  return entity;
}

// One page of a table as a statement. `columns` are selected from `table` under the alias t, with `joins` behind it, in
// the order of `key`. The ids of the page are found first, in an index alone, so that a far offset does not read
// documents.
class Page {
 public:
  struct Table {
    std::string_view table;        // "{users}"
    std::string_view key;          // "username"
    std::string_view columns;      // "t.id, t.username, r.name"
    std::string_view joins = {};   // "LEFT JOIN {roles} r ON r.id = t.role_id"
    std::string_view before = {};  // another key column, ordered by before `key`; empty: none
  };
  Page(const Table& table, const ListRequest& request);
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  // A condition on the table's own columns, with its parameter.
  Page& where(std::string_view condition, sql::Value parameter);
  Page& where(std::string_view condition, sql::Value first, sql::Value second);

  template <class Visit>
  sql::Done query(sql::Connection& connection, Visit&& visit) {
    const std::string sql = finish();
    return connection.query(sql, parameters_, std::forward<Visit>(visit));
  }
  // How many rows to make room for: never more than a page that the API gives.
  std::size_t expected() const { return std::min<std::size_t>(request_.limit, 500); }
  // How SQLite would find the page; for tests.
  template <class Visit>
  sql::Done explain(sql::Connection& connection, Visit&& visit) {
    const std::string sql = "EXPLAIN QUERY PLAN " + finish();
    return connection.query(sql, parameters_, std::forward<Visit>(visit));
  }

 private:
  std::string finish();

  const Table table_;
  const ListRequest& request_;
  std::string prefix_end_;
  std::string conditions_;
  std::vector<sql::Value> parameters_;
};

std::string select_by_key(const Page::Table& table);

struct LoadNothing {
  template <class Entity>
  Status operator()(sql::Connection&, Entity&) const {
    return ok();
  }
};

// The entities of a page: read(row) makes a Result<Entity> of each, load(connection, entity) adds its relations.
template <class Entity, class Read, class Load = LoadNothing>
Result<std::vector<Entity>> read_page(sql::Connection& connection, Page& page, Read read, Load load = {}) {
  std::vector<Entity> entities;
  entities.reserve(page.expected());
  Status problem = ok();
  SLIPWAY_TRY(page.query(connection, [&](const sql::Row& row) {
    if (!problem) return;
    if (Result<Entity> entity = read(row)) {
      entities.push_back(*std::move(entity));
    } else {
      problem = std::move(entity).error();
    }
  }));
  SLIPWAY_TRY(std::move(problem));
  for (Entity& entity : entities) SLIPWAY_TRY(load(connection, entity));
  return entities;
}

template <class Entity, class Read, class Load = LoadNothing>
Result<std::vector<Entity>> list(sql::Connection& connection, const Page::Table& table, const ListRequest& request,
                                 Read read, Load load = {}) {
  Page page(table, request);
  return read_page<Entity>(connection, page, read, load);
}

// As list, for a table with a role_id and ListRequest::role. Nobody has a role that does not exist.
template <class Entity, class Read, class Load>
Result<std::vector<Entity>> list_of_role(sql::Connection& connection, const Page::Table& table,
                                         const ListRequest& request, Read read, Load load) {
  Page page(table, request);
  if (!request.role.empty()) {
    SLIPWAY_ASSIGN(const auto role, connection.integer("SELECT id FROM {roles} WHERE name = ?", {request.role}));
    if (!role) return std::vector<Entity>();
    page.where("role_id = ?", *role);
  }
  return read_page<Entity>(connection, page, read, load);
}

// The entity with this name, with its relations; NotFound.
template <class Entity, class Read, class Load = LoadNothing>
Result<Entity> find(sql::Connection& connection, const Page::Table& table, std::string_view kind, std::string_view name,
                    Read read, Load load = {}) {
  Result<Entity> found = not_found(kind, name);
  SLIPWAY_TRY(connection.query(select_by_key(table), {name}, [&](const sql::Row& row) { found = read(row); }));
  if (found) SLIPWAY_TRY(load(connection, *found));
  return found;
}

// Those of `names` that find(connection, name) finds; a name that is given twice comes once.
template <class Entity, class Find>
Result<std::vector<Entity>> by_name(sql::Connection& connection, const std::vector<std::string>& names, Find find) {
  std::vector<Entity> entities;
  for (const std::string& name : std::set<std::string>(names.begin(), names.end())) {
    auto entity = find(connection, name);
    if (entity) {
      entities.push_back(*std::move(entity));
    } else if (entity.code() != Errc::NotFound) {
      return std::move(entity).error();
    }
  }
  return entities;
}

}  // namespace slipway::accounts::rows
