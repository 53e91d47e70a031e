// The one interface that files are reached through: below the guard it is a storage backend, above it a user's view.
//
// Everything here may block and may be called from many threads at once, except where a comment says otherwise.
// Paths are VPath: absolute, clean, made by the core only. Names are bytes: any byte but '/' and NUL.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/module.h"

namespace slipway {

// "/" or "/a/b": absolute, no empty, "." or ".." component, no trailing slash, no NUL. Only the core makes one from
// outside input, so a backend need not check.
class VPath {
 public:
  VPath() : text_("/") {}
  explicit VPath(std::string normalised) : text_(std::move(normalised)) {}

  const std::string& str() const noexcept { return text_; }
  bool is_root() const noexcept { return text_.size() == 1; }
  std::string_view name() const noexcept { return std::string_view(text_).substr(text_.rfind('/') + 1); }
  // The root's parent is the root.
  VPath parent() const {
    const auto slash = text_.rfind('/');
    return slash == 0 ? VPath() : VPath(text_.substr(0, slash));
  }
  // `name` is one component.
  VPath child(std::string_view name) const {
    std::string text = is_root() ? std::string() : text_;
    text += '/';
    text += name;
    return VPath(std::move(text));
  }
  // Whether this is `ancestor` or lies below it.
  bool is_within(const VPath& ancestor) const noexcept {
    if (ancestor.is_root()) return true;
    return text_.starts_with(ancestor.text_) &&
           (text_.size() == ancestor.text_.size() || text_[ancestor.text_.size()] == '/');
  }
  bool operator==(const VPath&) const = default;
  auto operator<=>(const VPath&) const = default;

 private:
  std::string text_;
};

using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

enum class FileType : std::uint8_t { Regular, Directory, Symlink, Other };

struct FileInfo {
  FileInfo() = default;
  explicit FileInfo(std::string file_name, FileType file_type = FileType::Regular, std::uint64_t file_size = 0)
      : name(std::move(file_name)), type(file_type), size(file_size) {}

  bool is_directory() const noexcept { return type == FileType::Directory; }
  bool is_regular() const noexcept { return type == FileType::Regular; }

  std::string name;  // the last component only; empty for the root
  FileType type = FileType::Regular;
  std::uint64_t size = 0;     // bytes, of regular files
  std::uint32_t mode = 0644;  // permission bits, 07777
  std::uint32_t uid = 0, gid = 0;
  std::uint32_t links = 1;
  Timestamp mtime{}, atime{};
  std::string etag;  // empty if the backend has none
};

// What to change; what is not set stays.
struct FileAttributes {
  std::optional<std::uint64_t> size;
  std::optional<std::uint32_t> mode;  // 07777
  std::optional<std::uint32_t> uid, gid;
  std::optional<Timestamp> atime, mtime;
};

struct FilesystemSpace {
  std::uint64_t block_size = 4096;
  std::uint64_t total_blocks = 0, free_blocks = 0, available_blocks = 0;
  std::uint64_t total_files = 0, free_files = 0;
  std::uint64_t max_name = 255;
};

// What a filesystem can do. A claimed ability is exercised by the conformance kit; a call of one that is not claimed
// answers NotSupported and changes nothing.
enum class Capability : std::uint32_t {
  RandomWrite = 1u << 0,   // write_at anywhere; without it each write starts where the last one ended
  ReadWrite = 1u << 1,     // one File may both read and write
  Resume = 1u << 2,        // an existing file can be opened for writing without truncating it
  NativeFd = 1u << 3,      // File::native_fd() is a descriptor good for sendfile and copy_file_range
  AtomicRename = 1u << 4,  // rename replaces, and nobody sees a state in between
  ServerCopy = 1u << 5,    // copy() moves no bytes through this process
  Symlinks = 1u << 6,
  Mode = 1u << 7,              // set_attributes: mode
  Owner = 1u << 8,             // set_attributes: uid, gid
  Times = 1u << 9,             // set_attributes: atime, mtime
  Truncate = 1u << 10,         // set_attributes: size; File::truncate
  RealDirectories = 1u << 11,  // an empty directory persists, and a file needs its parent
  Space = 1u << 12,            // space()
  Immediate = 1u << 13,        // calls normally end without waiting for a network: protocols may call them inline
  CommitOnFinish = 1u << 14,   // a new file appears only at finish(): the core need not stage uploads
};
using Capabilities = std::uint32_t;
constexpr Capabilities operator|(Capability a, Capability b) { return Capabilities(a) | Capabilities(b); }
constexpr Capabilities operator|(Capabilities a, Capability b) { return a | Capabilities(b); }
constexpr bool has(Capabilities set, Capability c) noexcept { return (set & Capabilities(c)) != 0; }

// At least one of read and write; create and truncate want write, exclusive wants create: what is not valid() is
// answered with InvalidArgument.
struct OpenOptions {
  bool read = false;
  bool write = false;
  bool create = false;          // make it when absent
  bool exclusive = false;       // with create: Exists when present
  bool truncate = false;        // with write: drop what is there
  std::uint32_t mode = 0666;    // of a created file, before the server's umask
  std::uint64_t size_hint = 0;  // bytes to come; 0 = unknown
  bool valid() const noexcept { return (read || write) && (write || (!create && !truncate)) && (create || !exclusive); }
  static OpenOptions reading() { return {.read = true}; }
  static OpenOptions replacing() { return {.write = true, .create = true, .truncate = true}; }
};

// An open file. read_at may be called from several threads at once; so may write_at on disjoint ranges with
// RandomWrite. Reading a file that was not opened for it, or writing one, is PermissionDenied. Files and cursors are
// destroyed before the Filesystem they came from.
class File {
 public:
  // Dropping a File that was opened for writing without a successful finish() abandons the transfer: a store uploads
  // nothing; what local data stays is the upload mode's decision.
  virtual ~File() = default;

  // Fills `out` unless the end of file is met; 0 only at or past the end. The buffer is the caller's and is not kept.
  virtual Result<std::size_t> read_at(const OpContext&, std::uint64_t offset, std::span<std::byte> out) {
    (void)offset, (void)out;
    return unsupported("read");
  }
  // Writes all of `data` or fails; a failed write may have written a part. The buffer is not kept. A gap left behind
  // the old end reads as zeros; without RandomWrite a write that leaves one, or goes back, is NotSupported.
  virtual Status write_at(const OpContext&, std::uint64_t offset, std::span<const std::byte> data) {
    (void)offset, (void)data;
    return unsupported("write");
  }
  virtual Result<FileInfo> stat(const OpContext&) = 0;
  virtual Status truncate(const OpContext&, std::uint64_t size) {
    (void)size;
    return unsupported("truncate");
  }
  // Mode, owner and times; `size` is truncate's.
  virtual Status set_attributes(const OpContext&, const FileAttributes&) { return unsupported("set attributes"); }
  // What was written survives a crash of the machine.
  virtual Status sync(const OpContext&) { return unsupported("sync"); }
  // The transfer is complete: new content becomes visible. Called once, by one thread, after all other calls returned.
  virtual Status finish(const OpContext&) { return ok(); }
  // With Capability::NativeFd a descriptor that lives as long as this object; else -1.
  virtual int native_fd() const noexcept { return -1; }
  virtual void* query(std::string_view interface_id) noexcept {
    (void)interface_id;
    return nullptr;
  }

 protected:
  static Error unsupported(std::string_view operation) {
    return {Errc::NotSupported, std::string(operation), "this storage does not support it"};
  }
};

// A listing in progress; one thread at a time.
class DirCursor {
 public:
  virtual ~DirCursor() = default;
  // Appends up to `max` entries in any order, without "." and ".."; false once there is no more.
  virtual Result<bool> next(const OpContext&, std::size_t max, std::vector<FileInfo>& out) = 0;
};

enum class Follow : bool { No, Yes };  // the last component, if it is a symbolic link

// Every call looks at its context first: one that was stopped before it began changes nothing. Storage that claims
// Immediate may leave that to its caller. The root can be neither removed nor renamed nor replaced.
class Filesystem {
 public:
  virtual ~Filesystem() = default;
  virtual Capabilities capabilities() const noexcept = 0;
  // What hooks and logs call this file: the path on a local disk, the key in a bucket. Never blocks.
  virtual std::string location(const VPath& path) const { return path.str(); }

  // NotFound when absent, or NotDirectory when what should hold it is a file. The root always exists.
  virtual Result<FileInfo> stat(const OpContext&, const VPath&, Follow) = 0;
  // NotFound, or NotDirectory.
  virtual Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath&) = 0;
  // NotFound without `create`; Exists with `exclusive`; IsDirectory. Symbolic links are followed, within the root.
  virtual Result<std::unique_ptr<File>> open(const OpContext&, const VPath&, const OpenOptions&) = 0;

  // Removes a file or a symbolic link itself; IsDirectory for a directory.
  virtual Status remove(const OpContext&, const VPath&) { return unsupported("remove"); }
  // Exists when anything is there; NotFound when the parent is absent and directories are real.
  virtual Status make_dir(const OpContext&, const VPath&, std::uint32_t mode = 0777) {
    (void)mode;
    return unsupported("mkdir");
  }
  // NotEmpty, NotDirectory.
  virtual Status remove_dir(const OpContext&, const VPath&) { return unsupported("rmdir"); }
  // NotFound for the source, or for a real target directory. An existing target file or link is replaced by a file or
  // link; a directory replaces nothing: NotDirectory or Exists. An existing target directory, empty or not, is Exists,
  // IsDirectory or NotEmpty. A directory does not move below itself: InvalidArgument.
  virtual Status rename(const OpContext&, const VPath& from, const VPath& to) {
    (void)from, (void)to;
    return unsupported("rename");
  }
  // One regular file; an existing target file is replaced, and stays as it was when the copy fails. IsDirectory when
  // either is a directory.
  virtual Status copy(const OpContext&, const VPath& from, const VPath& to) {
    (void)from, (void)to;
    return unsupported("copy");
  }
  // All or nothing is not promised: applied in the order size, mode, owner, times, up to the first error; NotSupported
  // for the first that is not claimed.
  virtual Status set_attributes(const OpContext&, const VPath&, const FileAttributes&, Follow) {
    return unsupported("set attributes");
  }
  // `target` is stored as it is; a link that leads outside the root, as every absolute one does, is PermissionDenied
  // when it is followed. Exists when anything is at `link`.
  virtual Status symlink(const OpContext&, std::string_view target, const VPath& link) {
    (void)target, (void)link;
    return unsupported("symlink");
  }
  // The stored text; InvalidArgument for what is not a link.
  virtual Result<std::string> read_link(const OpContext&, const VPath&) { return unsupported("readlink"); }
  virtual Result<FilesystemSpace> space(const OpContext&, const VPath&) { return unsupported("space"); }

  virtual void* query(std::string_view interface_id) noexcept {
    (void)interface_id;
    return nullptr;
  }

 protected:
  static Error unsupported(std::string_view operation) {
    return {Errc::NotSupported, std::string(operation), "this storage does not support it"};
  }
};

}  // namespace slipway
