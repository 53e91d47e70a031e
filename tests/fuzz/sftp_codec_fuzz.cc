// TARGETS: sftp_engine
//
// An SFTP client's bytes, cut in two ways: the packets must not depend on where the network cut them, and a session on
// a small file system must answer without harm whatever they ask for.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "packet_parser.h"
#include "sftp_channel.h"

namespace {

using namespace slipway;
using namespace slipway::sftp;

using Files = std::map<std::string, std::string>;
constexpr std::size_t kMaxFile = 64 * 1024;

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
  Result<FileInfo> stat(const OpContext&, const VPath& path, Follow) override {
    if (path.is_root()) return FileInfo("", FileType::Directory);
    if (path.name() == "link") return FileInfo("link", FileType::Symlink);
    const auto found = files_.find(path.str());
    if (found == files_.end()) return Error(Errc::NotFound, path.str());
    return FileInfo(std::string(path.name()), FileType::Regular, found->second.size());
  }
  Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath& path) override {
    if (!path.is_root()) return Error(Errc::NotDirectory, path.str());
    struct Cursor final : DirCursor {
      Result<bool> next(const OpContext&, std::size_t, std::vector<FileInfo>& out) override {
        out.emplace_back("entry");
        return --left > 0;
      }
      int left = 3;
    };
    return std::make_unique<Cursor>();
  }
  Result<std::unique_ptr<File>> open(const OpContext&, const VPath& path, const OpenOptions& options) override {
    if (!options.create && !files_.contains(path.str())) return Error(Errc::NotFound, path.str());
    if (files_.size() > 100) return Error(Errc::NoSpace, path.str());
    return std::make_unique<MemoryFile>(files_[path.str()]);
  }
  Result<std::string> read_link(const OpContext&, const VPath&) override { return std::string("../link"); }

 private:
  Files files_{{"/f", "content"}};
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

class FuzzSession final : public Session {
 public:
  Filesystem& fs() noexcept override { return fs_; }
  const std::string& id() const noexcept override { return id_; }
  const std::string& user() const noexcept override { return id_; }
  const VPath& start_directory() const noexcept override { return start_; }
  std::stop_token stop_token() const noexcept override { return {}; }
  OpContext context() const noexcept override { return {}; }
  void set_command(std::string_view) override {}
  std::chrono::steady_clock::duration idle() const noexcept override { return {}; }

 private:
  MemoryFilesystem fs_;
  std::string id_ = "fuzz";
  VPath start_;
};

void require(bool condition) {
  if (!condition) std::abort();
}

// Everything a parser says about `input` in pieces of `piece` bytes, with neighbouring data joined.
std::string parse(std::span<const std::byte> input, std::size_t piece) {
  PacketParser parser;
  std::string seen;
  std::uint64_t promised = 0, delivered = 0;
  const auto text = [](std::span<const std::byte> bytes) {
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  for (std::size_t at = 0; at < input.size(); at += piece) {
    auto part = input.subspan(at, std::min(piece, input.size() - at));
    while (!part.empty()) {
      const auto step = parser.next(part, true);
      require(step.consumed <= part.size());
      part = part.subspan(step.consumed);
      switch (step.event) {
        case PacketParser::Event::NeedMore:
          require(part.empty());
          break;
        case PacketParser::Event::Packet:
          require(promised == delivered && step.bytes.size() <= kMaxPacket);
          seen += "P" + text(step.bytes);
          break;
        case PacketParser::Event::WriteBegin:
          require(promised == delivered);
          promised += step.write.length;
          seen += "W" + std::to_string(step.write.id) + std::string(step.write.handle) +
                  std::to_string(step.write.offset) + "D";
          break;
        case PacketParser::Event::WriteData:
          delivered += step.bytes.size();
          require(delivered <= promised);
          seen += text(step.bytes);
          break;
        case PacketParser::Event::Malformed:
          return seen + "!";
      }
    }
  }
  return seen;
}

void converse(std::span<const std::byte> input, std::size_t piece) {
  static const Paths paths;
  SftpChannel channel(std::make_unique<FuzzSession>(), paths, std::stop_token(), ChannelSettings{});
  for (std::size_t at = 0; at < input.size(); at += piece) {
    require(channel.receive(input.subspan(at, std::min(piece, input.size() - at))));
    channel.work();
    while (true) {
      const auto output = channel.to_send();
      if (output.empty()) break;
      const auto length = FieldReader(output).u32();
      require(output.size() >= 4 + std::size_t{length} && length <= kMaxPacket);
      channel.sent(4 + length);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  const auto input = std::as_bytes(std::span(data + 1, size - 1));
  require(parse(input, input.size() + 1) == parse(input, piece));
  converse(input, 4096);
  converse(input, piece);
  return 0;
}
