// The connections of one database, shared by all threads: writers that wait for each other, readers that do not.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/accounts/store/sql/connection.h"

namespace slipway::sql {

// Connections that are lent to a thread at a time, made when first needed.
class ConnectionPool {
 public:
  ConnectionPool(Engine& engine, Access access, std::size_t limit) : engine_(engine), access_(access), limit_(limit) {}

  // Waits while all are lent.
  Outcome<std::unique_ptr<Connection>> take();
  void give_back(std::unique_ptr<Connection> connection);

 private:
  Engine& engine_;
  const Access access_;
  const std::size_t limit_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t made_ = 0;
};

// Thread-safe. Every access is a transaction; accesses inside one another on a thread share the outer connection, where
// an inner write is a savepoint: it can fail alone.
class Database {
 public:
  Database(std::unique_ptr<Engine> engine, std::size_t max_readers);

  // Runs work(Connection&), which returns a Result, Status or Outcome; commits when it succeeds. Returns its result, or
  // the failure to begin or commit.
  template <class Work>
  std::invoke_result_t<Work&, Connection&> write(Work&& work) {
    return within(Access::ReadWrite, work);
  }
  // One snapshot. Inside a write it sees what has been written so far.
  template <class Work>
  std::invoke_result_t<Work&, Connection&> read(Work&& work) {
    return within(Access::ReadOnly, work);
  }

  std::string_view engine_name() const noexcept { return engine_->name(); }
  // Writing transactions that have been committed here, which a thread that waited for one finds counted.
  std::uint64_t commits() const noexcept { return commits_.load(std::memory_order_acquire); }
  // Whether this thread is inside a writing transaction.
  bool is_in_write() const noexcept;

 private:
  class Scope;
  template <class Work>
  std::invoke_result_t<Work&, Connection&> within(Access access, Work& work);

  std::unique_ptr<Engine> engine_;
  ConnectionPool writers_, readers_;
  std::atomic<std::uint64_t> commits_{0};
};

// A transaction, or a savepoint in the one that this thread has open. Undone unless finished.
class Database::Scope {
 public:
  Scope(Database& database, Access access);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  const Done& begun() const noexcept { return begun_; }
  Connection& connection() noexcept { return *connection_; }
  Done finish();
  // Whether this thread is in a scope that writes.
  static bool writes(const Database& database) noexcept;

 private:
  enum class Kind { Transaction, Savepoint, Joined };

  static thread_local Scope* innermost_;

  Database& database_;
  const Access access_;
  Kind kind_ = Kind::Joined;
  Scope* const outer_;
  std::unique_ptr<Connection> lent_;
  Connection* connection_ = nullptr;
  int depth_ = 0;
  bool open_ = false;
  Done begun_ = done();
};

template <class Work>
std::invoke_result_t<Work&, Connection&> Database::within(Access access, Work& work) {
  Scope scope(*this, access);
  if (!scope.begun()) return scope.begun().error();
  auto result = work(scope.connection());
  if (!result) return result;
  if (auto finished = scope.finish(); !finished) return std::move(finished).error();
  return result;
}

}  // namespace slipway::sql
