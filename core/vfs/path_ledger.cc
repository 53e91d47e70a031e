#include "core/vfs/path_ledger.h"

#include <algorithm>
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

PathLedger::Entry::Entry(Entry&& other) noexcept { *this = std::move(other); }

PathLedger::Entry& PathLedger::Entry::operator=(Entry&& other) noexcept {
  if (this == &other) return *this;
  close();
  if (!other.ledger_) return *this;
  std::lock_guard lock(other.ledger_->mutex_);
  ledger_ = std::exchange(other.ledger_, nullptr);
  node_ = other.node_;
  key_ = other.key_;
  following_ = std::exchange(other.following_, false);
  creating_ = std::exchange(other.creating_, false);
  displaced_ = other.displaced_;
  followed_at_ = other.followed_at_;
  began_at_ = other.began_at_;
  if (following_ && node_) std::replace(node_->followers.begin(), node_->followers.end(), &other, this);
  return *this;
}

PathLedger::Entry::~Entry() { close(); }

void PathLedger::Entry::close() noexcept {
  if (!ledger_) return;
  PathLedger& ledger = *std::exchange(ledger_, nullptr);
  std::lock_guard lock(ledger.mutex_);
  if (!node_) return;
  end_creation(ledger);
  if (following_) std::erase(node_->followers, this);
  if (--node_->users == 0) ledger.nodes_.erase(ledger.nodes_.find(*key_));
}

void PathLedger::Entry::follow() {
  std::lock_guard lock(ledger_->mutex_);
  if (std::exchange(following_, true)) return;
  followed_at_ = ++node_->follows;
  node_->followers.push_back(this);
}

bool PathLedger::Entry::displaced() const {
  std::lock_guard lock(ledger_->mutex_);
  return displaced_;
}

void PathLedger::Entry::begin_creation() {
  std::lock_guard lock(ledger_->mutex_);
  if (std::exchange(creating_, true)) return;
  ++node_->creators;
}

void PathLedger::Entry::abandon_creation() noexcept {
  std::lock_guard lock(ledger_->mutex_);
  end_creation(*ledger_);
}

// With the ledger's mutex.
void PathLedger::Entry::end_creation(PathLedger& ledger) noexcept {
  if (!std::exchange(creating_, false)) return;
  if (--node_->creators == 0) ledger.no_creators_.notify_all();
}

CountedFile PathLedger::Entry::assume(CountedFile seen) {
  std::unique_lock lock(ledger_->mutex_);
  if (!creating_) ledger_->no_creators_.wait(lock, [&] { return node_->creators == 0; });
  end_creation(*ledger_);
  if (!std::exchange(node_->known, true)) node_->counted = seen;
  began_at_ = node_->follows;
  return node_->counted;
}

void PathLedger::Entry::begin_change() {
  std::lock_guard lock(ledger_->mutex_);
  if (node_) began_at_ = node_->follows;
}

CountedFile PathLedger::Entry::counted() const {
  std::lock_guard lock(ledger_->mutex_);
  return node_ ? node_->counted : CountedFile{};
}

bool PathLedger::Entry::alone() const {
  std::lock_guard lock(ledger_->mutex_);
  return !node_ || !node_->shared;
}

std::uint64_t PathLedger::Entry::version() const {
  std::lock_guard lock(ledger_->mutex_);
  return node_ ? node_->version : 0;
}

std::optional<QuotaUsage> PathLedger::Entry::commit_locked(std::uint64_t version, CountedFile now) {
  if (!node_) return QuotaUsage{};
  if (node_->version != version) return std::nullopt;
  const QuotaUsage before = node_->counted.usage();
  const QuotaUsage after = now.usage();
  node_->counted = now;
  node_->known = true;
  ++node_->version;
  return QuotaUsage{after.size - before.size, after.files - before.files};
}

// Those who follow the file that was there when this entry's change began.
std::vector<PathLedger::Entry*> PathLedger::Entry::take_displaced() {
  std::vector<Entry*> displaced;
  std::erase_if(node_->followers, [&](Entry* follower) {
    if (follower == this || follower->followed_at_ > began_at_) return false;
    displaced.push_back(follower);
    return true;
  });
  return displaced;
}

std::optional<QuotaUsage> PathLedger::Entry::commit(std::uint64_t version, CountedFile now, Identity identity) {
  std::lock_guard lock(ledger_->mutex_);
  const auto change = commit_locked(version, now);
  if (!change || !node_ || identity == Identity::Same) return change;
  for (Entry* follower : take_displaced()) {
    follower->node_ = nullptr;
    follower->displaced_ = true;
    --node_->users;  // not the last one: that is this entry
  }
  return change;
}

std::optional<QuotaUsage> PathLedger::Entry::commit_moved(std::uint64_t version, CountedFile now, Entry& target) {
  std::lock_guard lock(ledger_->mutex_);
  const auto change = commit_locked(version, now);
  if (!change || !node_ || !target.node_) return change;
  move_followers(take_displaced(), *node_, *ledger_->nodes_.find(*target.key_));
  return change;
}

void PathLedger::move_followers(std::vector<Entry*> followers, Node& from, Nodes::value_type& to) {
  for (Entry* follower : followers) {
    follower->node_ = &to.second;
    follower->key_ = &to.first;
    follower->displaced_ = true;
    --from.users;
    ++to.second.users;
    to.second.shared = true;
    follower->followed_at_ = ++to.second.follows;
    to.second.followers.push_back(follower);
  }
}

void PathLedger::move_directory(const std::string& from_key, const std::string& to_key) {
  const std::string below = from_key + '/';
  std::lock_guard lock(mutex_);
  for (auto at = nodes_.lower_bound(below); at != nodes_.end() && at->first.starts_with(below);) {
    Node& node = at->second;
    if (!node.followers.empty()) {
      const auto moved = nodes_.try_emplace(to_key + at->first.substr(from_key.size())).first;
      moved->second.counted = node.counted;
      moved->second.known = true;
      move_followers(std::exchange(node.followers, {}), node, *moved);
    }
    at = node.users == 0 ? nodes_.erase(at) : std::next(at);
  }
}

}  // namespace slipway::vfs
