// What a session's filesystem does inside the server when a client asks for it: whole trees, hashes, ranges, and the
// notice of a command. Each is optional, by query() of Session::fs() or of one of its files; a filesystem without one
// answers null, and the protocol does without.
#pragma once

#include "slipway/filesystem.h"

namespace slipway {

// By Filesystem::query: whole trees in one call, entry by entry, so that every permission, quota and event is that of
// the single operations.
class TreeOperations {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.trees.v1";
  // "copy `from` `to`" as it was written: inside `to` when that is an existing directory or has a trailing slash,
  // except that a `from` with a trailing slash means its contents, and then `to` is meant.
  struct CopyRequest {
    VPath from, to;
    bool contents = false;  // `from` had a trailing slash
    bool into = false;      // `to` had one
  };
  // Missing parents of the target are made; existing directories are merged into, existing files overwritten; links and
  // special files inside are left out, as is what vanishes meanwhile. NotSupported: `from` is a link, a directory meets
  // a file or a file a directory, one contains the other. Stops at the first error; what was copied until then stays.
  virtual Status copy_tree(const OpContext&, const CopyRequest& request) = 0;
  // A file or link, or a directory with everything below it that the user sees, deepest first. Nothing is removed when
  // the directory is a root, a mount point or contains one. Stops at the first error.
  virtual Status remove_tree(const OpContext&, const VPath& path) = 0;
  // Filesystem::rename within one storage. From one storage to another: copied whole, and then removed. In a directory
  // everything must be a file or a directory then (NotSupported), and nothing may be at its target (Exists). What was
  // copied until an error stays; nothing is removed before everything is copied.
  virtual Status move_tree(const OpContext&, const VPath& from, const VPath& to) = 0;

 protected:
  ~TreeOperations() = default;
};

// By Filesystem::query: content that is read for a hash and does not leave the server.
class DigestReads {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.digest-reads.v1";
  // Needs what a download needs by permission and pattern, but is no transfer: no event, no transfer quota, no
  // bandwidth. The errors of Filesystem::open.
  virtual Result<std::unique_ptr<File>> open_for_digest(const OpContext&, const VPath& path) = 0;

 protected:
  ~DigestReads() = default;
};

// By File::query of a file of Session::fs() that is open for writing: content of another open file of the same session
// goes into it inside the server, in the kernel where both are local.
class RangeCopy {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.range-copy.v1";
  struct Range {
    std::uint64_t source_offset = 0, target_offset = 0;
    std::uint64_t length = 0;
  };
  // How many bytes were copied: at most 16 MiB a call, so that the caller can look at its context between two; 0 only
  // at or past the end of `source`, or for a length of 0. Quota and size limits are those of write_at; transfer quota
  // and bandwidth are not touched. PermissionDenied when `source` may not be read; InvalidArgument when it is no file
  // of a session. The ranges must not overlap in one file.
  virtual Result<std::uint64_t> copy_range(const OpContext&, File& source, const Range& range) = 0;

 protected:
  ~RangeCopy() = default;
};

// By Filesystem::query: tells subscribers and the log of a command that a client had executed.
class CommandNotices {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.command-notices.v1";
  struct Command {
    std::string_view name;           // "md5sum"
    std::string_view line;           // as the client sent it
    VPath path;                      // what it worked on
    std::optional<VPath> target;     // of a copy
    std::optional<Error> failure{};  // nothing: it succeeded
    std::chrono::milliseconds elapsed{0};
  };
  // The event "ssh_cmd", and for a success the log line "SSHCommand". Errors of synchronous handlers are theirs.
  virtual void command_ended(const OpContext&, const Command& command) = 0;

 protected:
  ~CommandNotices() = default;
};

// By Filesystem::query: the numbers that the account's files are given, where it was given any.
class AccountIds {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.account-ids.v1";
  virtual std::optional<std::uint32_t> uid() const noexcept = 0;
  virtual std::optional<std::uint32_t> gid() const noexcept = 0;

 protected:
  ~AccountIds() = default;
};

}  // namespace slipway
