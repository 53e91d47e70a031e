#include "core/vfs/path_ledger.h"

#include <utility>

namespace slipway::vfs {

PathLedger::Entry PathLedger::open(std::string key) {
  std::lock_guard lock(mutex_);
  const auto at = nodes_.try_emplace(std::move(key)).first;
  Node& node = at->second;
  node.shared = node.users > 0;
  ++node.users;
  Entry entry;
  entry.ledger_ = this;
  entry.node_ = &node;
  entry.key_ = &at->first;
  return entry;
}

PathLedger::Entry::Entry(Entry&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)), node_(other.node_), key_(other.key_) {}

PathLedger::Entry& PathLedger::Entry::operator=(Entry&& other) noexcept {
  if (this != &other) {
    close();
    ledger_ = std::exchange(other.ledger_, nullptr);
    node_ = other.node_;
    key_ = other.key_;
  }
  return *this;
}

PathLedger::Entry::~Entry() { close(); }

void PathLedger::Entry::close() noexcept {
  if (!ledger_) return;
  PathLedger& ledger = *std::exchange(ledger_, nullptr);
  std::lock_guard lock(ledger.mutex_);
  if (--node_->users == 0) ledger.nodes_.erase(ledger.nodes_.find(*key_));
}

CountedFile PathLedger::Entry::assume(CountedFile seen) {
  std::lock_guard lock(ledger_->mutex_);
  if (!std::exchange(node_->known, true)) node_->counted = seen;
  return node_->counted;
}

bool PathLedger::Entry::alone() const {
  std::lock_guard lock(ledger_->mutex_);
  return !node_->shared;
}

std::uint64_t PathLedger::Entry::version() const {
  std::lock_guard lock(ledger_->mutex_);
  return node_->version;
}

std::optional<QuotaUsage> PathLedger::Entry::commit(std::uint64_t version, CountedFile now) {
  std::lock_guard lock(ledger_->mutex_);
  if (node_->version != version) return std::nullopt;
  const QuotaUsage before = node_->counted.usage();
  const QuotaUsage after = now.usage();
  node_->counted = now;
  node_->known = true;
  ++node_->version;
  return QuotaUsage{after.size - before.size, after.files - before.files};
}

}  // namespace slipway::vfs
