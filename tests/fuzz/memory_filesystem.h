// A small file system in memory and the paths in it, for the fuzzers of protocol-sftp.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>

#include "slipway/filesystem.h"
#include "slipway/session.h"

namespace slipway::sftp::fuzz {

using Files = std::map<std::string, std::string>;
inline constexpr std::size_t kMaxFile = 64 * 1024;

class MemoryFile final : public File {
 public:
  explicit MemoryFile(std::string& content) : content_(content) {}
  Result<std::size_t> read_at(const OpContext&, std::uint64_t offset, std::span<std::byte> out) override {
    if (offset >= content_.size()) return std::size_t{0};
    const auto count = std::min<std::size_t>(out.size(), content_.size() - offset);
    std::memcpy(out.data(), content_.data() + offset, count);
    return count;
  }
  Status write_at(const OpContext&, std::uint64_t offset, std::span<const std::byte> data) override {
    if (offset + data.size() > kMaxFile) return Error(Errc::QuotaExceeded, "file");
    if (content_.size() < offset + data.size()) content_.resize(offset + data.size());
    std::memcpy(content_.data() + offset, data.data(), data.size());
    return ok();
  }
  Result<FileInfo> stat(const OpContext&) override { return FileInfo("file", FileType::Regular, content_.size()); }

 private:
  std::string& content_;
};

class MemoryFilesystem final : public Filesystem {
 public:
  Capabilities capabilities() const noexcept override { return Capability::RandomWrite | Capability::Symlinks; }
  Result<FileInfo> stat(const OpContext&, const VPath& path, Follow follow) override {
    if (path.is_root()) return FileInfo("", FileType::Directory);
    if (directories_.contains(path.str())) return FileInfo(std::string(path.name()), FileType::Directory);
    if (path.name() == "link" && follow == Follow::No) return FileInfo("link", FileType::Symlink);
    const auto found = files_.find(path.str());
    if (found == files_.end()) return Error(Errc::NotFound, path.str());
    return FileInfo(std::string(path.name()), FileType::Regular, found->second.size());
  }
  Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath& path) override {
    if (!path.is_root() && !directories_.contains(path.str())) return Error(Errc::NotDirectory, path.str());
    struct Cursor final : DirCursor {
      Result<bool> next(const OpContext&, std::size_t, std::vector<FileInfo>& out) override {
        out.emplace_back("entry");
        if (left == 2) out.emplace_back("link", FileType::Symlink);
        return --left > 0;
      }
      int left = 3;
    };
    return std::make_unique<Cursor>();
  }
  Result<std::unique_ptr<File>> open(const OpContext&, const VPath& path, const OpenOptions& options) override {
    if (!options.create && !files_.contains(path.str())) return Error(Errc::NotFound, path.str());
    if (files_.size() > 100) return Error(Errc::NoSpace, path.str());
    if (path.is_root() || directories_.contains(path.str())) return Error(Errc::IsDirectory, path.str());
    touched_.insert(path.str());
    return std::make_unique<MemoryFile>(files_[path.str()]);
  }
  Status make_dir(const OpContext&, const VPath& path, std::uint32_t) override {
    if (directories_.size() > 1000) return Error(Errc::NoSpace, path.str());
    touched_.insert(path.str());
    return directories_.insert(path.str()).second ? ok() : Status(Error(Errc::Exists, path.str()));
  }
  Status set_attributes(const OpContext&, const VPath& path, const FileAttributes&, Follow) override {
    touched_.insert(path.str());
    return ok();
  }
  Result<std::string> read_link(const OpContext&, const VPath&) override { return std::string("../link"); }

  // What was opened, made or changed.
  const std::set<std::string>& touched() const noexcept { return touched_; }

 private:
  Files files_{{"/f", "content"}};
  std::set<std::string> directories_{"/in"}, touched_;
};

class Paths final : public PathResolver {
 public:
  Result<VPath> resolve(const VPath& base, std::string_view text) const override {
    if (text.size() > 4096 || text.find('\0') != text.npos) return Error(Errc::InvalidArgument, "path");
    VPath path = text.starts_with('/') ? VPath() : base;
    while (!text.empty()) {
      const auto part = text.substr(0, text.find('/'));
      text.remove_prefix(std::min(part.size() + 1, text.size()));
      if (part.empty() || part == ".") continue;
      path = part == ".." ? path.parent() : path.child(part);
    }
    return path;
  }
};

}  // namespace slipway::sftp::fuzz
