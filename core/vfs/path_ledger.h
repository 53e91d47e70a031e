// What a quota domain counts for single files while they change, so that simultaneous changes of one path are counted
// once.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace slipway::vfs {

struct QuotaUsage {
  std::int64_t size = 0, files = 0;  // bytes, regular files
  QuotaUsage& operator+=(QuotaUsage other) noexcept {
    size += other.size;
    files += other.files;
    return *this;
  }
  bool operator==(const QuotaUsage&) const = default;
};

// One path as quota sees it: a regular file, or nothing (directories and links are not counted).
struct CountedFile {
  bool exists = false;
  std::int64_t size = 0;
  QuotaUsage usage() const noexcept { return exists ? QuotaUsage{size, 1} : QuotaUsage{}; }
};

// Everybody who is about to change a path opens an entry first, then looks at the storage, says what was there
// (`assume`: the first one is believed), changes it, and commits what is there now. A commit yields the change to
// count, relative to what the last commit counted: two uploads of one new name are one file. Thread-safe; an entry is
// used by one thread at a time.
class PathLedger {
  struct Node;

 public:
  class Entry {
   public:
    Entry() = default;
    Entry(Entry&& other) noexcept;
    Entry& operator=(Entry&& other) noexcept;
    ~Entry();

    // Takes `seen` as what is counted unless somebody has said it before; returns what is counted.
    CountedFile assume(CountedFile seen);
    // Nobody else has had this path open since this entry was made, so our own view of it is complete.
    bool alone() const;
    // Changes with every commit.
    std::uint64_t version() const;
    // States what is there now. Nothing when somebody else has committed since `version` was read: look again.
    std::optional<QuotaUsage> commit(std::uint64_t version, CountedFile now);

   private:
    friend class PathLedger;
    void close() noexcept;
    PathLedger* ledger_ = nullptr;
    Node* node_ = nullptr;
    const std::string* key_ = nullptr;
  };

  // `key` names the file within the domain: storage and path.
  Entry open(std::string key);

 private:
  struct Node {
    int users = 0;
    bool shared = false;  // has had two users at once
    bool known = false;
    CountedFile counted;
    std::uint64_t version = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Node> nodes_;  // node addresses are stable
};

}  // namespace slipway::vfs
