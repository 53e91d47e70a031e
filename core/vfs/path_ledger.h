// What a quota domain counts for single files while they change, so that simultaneous changes of one path are counted
// once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

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

// What a change does to the file that was at its path.
enum class Identity : bool {
  Same,     // it is still that file
  Another,  // it was removed or replaced: whoever still writes into it writes into a file without a name
};

// Everybody who is about to change a path opens an entry first, then looks at the storage, says what was there
// (`assume`: the first one is believed), changes it, and commits what is there now. A commit yields the change to
// count, relative to what the last commit counted: two uploads of one new name are one file. Who writes into a file in
// place follows it: through a rename to its new path, and into nothing when it is removed. Thread-safe; an entry is
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

    // From here on the entry is about the file that is at the path now.
    void follow();
    // The followed file has another path now, or none: the path it had may be another file's.
    bool displaced() const;

    // Takes `seen` as what is counted unless somebody has said it before; returns what is counted. Also begin_change().
    // Waits while somebody else creates the file: what was seen may be his.
    CountedFile assume(CountedFile seen);
    // Instead of a look: the file is created next, if there is none. assume({}) says that it was, abandon_creation()
    // that it was not; no other call of this entry lies between.
    void begin_creation();
    void abandon_creation() noexcept;
    // The path is changed next: who follows it from later on follows what will be there then.
    void begin_change();
    // What is counted now.
    CountedFile counted() const;
    // Nobody else has had this path open since this entry was made, so our own view of it is complete.
    bool alone() const;
    // Changes with every commit.
    std::uint64_t version() const;
    // States what is there now. Nothing when somebody else has committed since `version` was read: look again. No
    // change when the followed file was removed.
    std::optional<QuotaUsage> commit(std::uint64_t version, CountedFile now, Identity identity);
    // After the commit of a rename's target, that of its source: who follows the file goes on at `target`.
    std::optional<QuotaUsage> commit_moved(std::uint64_t version, CountedFile now, Entry& target);

   private:
    friend class PathLedger;
    void close() noexcept;
    void end_creation(PathLedger& ledger) noexcept;
    std::optional<QuotaUsage> commit_locked(std::uint64_t version, CountedFile now);
    std::vector<Entry*> take_displaced();
    PathLedger* ledger_ = nullptr;
    Node* node_ = nullptr;  // with the ledger's mutex from here on; null: the followed file was removed
    const std::string* key_ = nullptr;
    bool following_ = false, displaced_ = false, creating_ = false;
    std::uint64_t followed_at_ = 0;  // Node::follows then
    std::uint64_t began_at_ = 0;     // Node::follows when the change began
  };

  // `key` names the file within the domain: storage and path.
  Entry open(std::string key);
  // A directory was renamed: who follows a file below it goes on at its new path.
  void move_directory(const std::string& from_key, const std::string& to_key);

 private:
  using Nodes = std::map<std::string, Node>;  // node addresses are stable
  static void move_followers(std::vector<Entry*> followers, Node& from, Nodes::value_type& to);

  struct Node {
    int users = 0;
    bool shared = false;  // has had two users at once
    bool known = false;
    int creators = 0;
    CountedFile counted;
    std::uint64_t version = 0;
    std::vector<Entry*> followers;
    std::uint64_t follows = 0;  // how often somebody began to follow
  };
  mutable std::mutex mutex_;
  std::condition_variable no_creators_;  // of some node
  Nodes nodes_;
};

}  // namespace slipway::vfs
