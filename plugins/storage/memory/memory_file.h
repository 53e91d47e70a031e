// An open file in memory.
#pragma once

#include "memory_node.h"

namespace slipway::memory {

class MemoryFile final : public File {
 public:
  MemoryFile(std::shared_ptr<Node> node, VPath path, const OpenOptions& options)
      : node_(std::move(node)), path_(std::move(path)), readable_(options.read), writable_(options.write) {}

  Result<std::size_t> read_at(const OpContext&, std::uint64_t offset, std::span<std::byte> out) override;
  Status write_at(const OpContext&, std::uint64_t offset, std::span<const std::byte> data) override;
  Result<FileInfo> stat(const OpContext&) override;
  Status truncate(const OpContext&, std::uint64_t size) override;
  Status set_attributes(const OpContext&, const FileAttributes&) override;
  // Memory survives no crash, and says so.
  Status sync(const OpContext&) override { return unsupported("sync"); }

 private:
  const std::shared_ptr<Node> node_;
  const VPath path_;
  const bool readable_, writable_;
};

// Mode and times; NotSupported for an owner, InvalidArgument for the size of a directory or one beyond all limits.
Status apply(Node& node, const FileAttributes& attributes, std::string_view subject);

}  // namespace slipway::memory
