#include "core/accounts/store/sql/database.h"

#include <algorithm>
#include <string>

namespace slipway::sql {
namespace {

std::string savepoint_name(int depth) { return "slipway_" + std::to_string(depth); }

}  // namespace

Outcome<std::unique_ptr<Connection>> ConnectionPool::take() {
  {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty() || made_ < limit_; });
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
    ++made_;
  }
  auto made = engine_.connect(access_);
  if (made) return made;
  {
    std::lock_guard lock(mutex_);
    --made_;
  }
  returned_.notify_one();
  return made;
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection) {
  {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

Database::Database(std::unique_ptr<Engine> engine, std::size_t max_readers)
    : engine_(std::move(engine)),
      writers_(*engine_, Access::ReadWrite, engine_->max_writers()),
      readers_(*engine_, Access::ReadOnly, std::max<std::size_t>(max_readers, 1)) {}

thread_local Database::Scope* Database::Scope::innermost_ = nullptr;

Database::Scope::Scope(Database& database, Access access) : database_(database), access_(access), outer_(innermost_) {
  innermost_ = this;
  Scope* enclosing = outer_;
  // A read joins whatever is open; a write joins a write only, for a reader's connection cannot write.
  while (enclosing && (&enclosing->database_ != &database || !enclosing->connection_ ||
                       (access == Access::ReadWrite && enclosing->access_ != Access::ReadWrite))) {
    enclosing = enclosing->outer_;
  }
  if (enclosing) {
    connection_ = enclosing->connection_;
    depth_ = enclosing->depth_ + 1;
    if (access == Access::ReadOnly) return;
    kind_ = Kind::Savepoint;
    begun_ = connection_->savepoint(savepoint_name(depth_));
  } else {
    kind_ = Kind::Transaction;
    auto taken = (access == Access::ReadWrite ? database.writers_ : database.readers_).take();
    if (!taken) {
      begun_ = std::move(taken).error();
      return;
    }
    lent_ = *std::move(taken);
    connection_ = lent_.get();
    begun_ = access == Access::ReadWrite ? connection_->begin_write() : connection_->begin_read();
  }
  open_ = begun_.ok();
}

Database::Scope::~Scope() {
  if (open_ && kind_ == Kind::Transaction) (void)connection_->rollback();
  if (open_ && kind_ == Kind::Savepoint) (void)connection_->rollback_to_savepoint(savepoint_name(depth_));
  if (lent_) (access_ == Access::ReadWrite ? database_.writers_ : database_.readers_).give_back(std::move(lent_));
  innermost_ = outer_;
}

Done Database::Scope::finish() {
  if (!open_) return done();
  auto finished =
      kind_ == Kind::Transaction ? connection_->commit() : connection_->release_savepoint(savepoint_name(depth_));
  // A commit that failed leaves the transaction open; the destructor rolls it back.
  if (finished) open_ = false;
  // A failure may come after the change was made.
  if (kind_ == Kind::Transaction && access_ == Access::ReadWrite)
    database_.commits_.fetch_add(1, std::memory_order_acq_rel);
  return finished;
}

bool Database::Scope::writes(const Database& database) noexcept {
  for (const Scope* scope = innermost_; scope; scope = scope->outer_)
    if (&scope->database_ == &database && scope->access_ == Access::ReadWrite) return true;
  return false;
}

bool Database::is_in_write() const noexcept { return Scope::writes(*this); }

}  // namespace slipway::sql
