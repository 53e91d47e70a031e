// One connection to a database: statements with parameters, rows, transactions.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/accounts/store/sql/dialect.h"
#include "core/accounts/store/sql/failure.h"
#include "core/accounts/store/sql/value.h"

namespace slipway::sql {

// A row while it is visited; texts and blobs live until the visitor returns. Columns count from 0. NULL reads as 0, 0.0
// and empty.
class Row {
 public:
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual std::string_view text(int column) const = 0;
  virtual std::string_view blob(int column) const = 0;

  std::string string(int column) const { return std::string(text(column)); }

 protected:
  ~Row() = default;
};

using Parameters = std::initializer_list<Value>;

// Belongs to one thread at a time. Statements are prepared once and kept; their text is the key, so it must not carry
// values. No call throws anything but std::bad_alloc.
class Connection {
 public:
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Rows changed by an INSERT, UPDATE or DELETE.
  Outcome<std::int64_t> execute(std::string_view sql, Parameters parameters = {}) {
    return run(sql, {parameters.begin(), parameters.size()}, nullptr, nullptr);
  }
  // As execute, for an INSERT into a table with an {:id} column: the id given.
  virtual Outcome<std::int64_t> insert(std::string_view sql, Parameters parameters) = 0;

  // Calls visit(const Row&) for each row. No other statement may be run on this connection meanwhile.
  template <class Visit>
  Done query(std::string_view sql, Parameters parameters, Visit&& visit) {
    return query(sql, std::span<const Value>(parameters.begin(), parameters.size()), std::forward<Visit>(visit));
  }
  template <class Visit>
  Done query(std::string_view sql, std::span<const Value> parameters, Visit&& visit) {
    const auto call = [](void* target, const Row& row) {
      (*static_cast<std::remove_reference_t<Visit>*>(target))(row);
    };
    auto outcome = run(sql, parameters, call, const_cast<void*>(static_cast<const void*>(&visit)));
    if (!outcome) return std::move(outcome).error();
    return done();
  }
  // The first column of the only row; nothing when there is none, or when it is NULL.
  Outcome<std::optional<std::int64_t>> integer(std::string_view sql, Parameters parameters = {});
  Outcome<std::optional<std::string>> text(std::string_view sql, Parameters parameters = {});
  Outcome<std::vector<std::string>> texts(std::string_view sql, Parameters parameters = {});

  // Several statements without parameters, prepared for this call only: the data definition of migrations.
  virtual Done execute_script(std::string_view sql) = 0;

  // For writing: takes the write lock at once where the engine has one, so that a transaction never fails half-way
  // for being second.
  virtual Done begin_write() = 0;
  // One snapshot for several queries.
  virtual Done begin_read() = 0;
  virtual Done commit() = 0;
  virtual Done rollback() = 0;
  // Part of a transaction that can be undone alone. Names are nested, innermost first.
  virtual Done savepoint(std::string_view name) = 0;
  virtual Done release_savepoint(std::string_view name) = 0;
  virtual Done rollback_to_savepoint(std::string_view name) = 0;

 protected:
  Connection() = default;
  using Visitor = void (*)(void* target, const Row&);
  virtual Outcome<std::int64_t> run(std::string_view sql, std::span<const Value> parameters, Visitor visitor,
                                    void* target) = 0;
};

enum class Access { ReadWrite, ReadOnly };

// Makes connections to one database. Thread-safe.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string_view name() const noexcept = 0;  // "sqlite"
  virtual Outcome<std::unique_ptr<Connection>> connect(Access access) = 0;
  // How many connections may write side by side; the others wait in Database instead of in the engine.
  virtual std::size_t max_writers() const noexcept = 0;
};

}  // namespace slipway::sql
