// Names of files and directories in an archive: whatever the store calls them, none leads out of where it is unpacked,
// and none is lost.
// TARGETS: http_api
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "fuzz_session.h"
#include "zip_stream.h"

namespace {

using namespace slipway;

void require(bool condition) {
  if (!condition) std::abort();
}

// A directory "d" within the root that holds the names: even ones are files of two bytes, the others empty directories.
class NamesFilesystem final : public Filesystem {
 public:
  explicit NamesFilesystem(const std::set<std::string>& names) {
    for (const auto& name : names) {
      FileInfo info(name, infos_.size() % 2 == 0 ? FileType::Regular : FileType::Directory);
      if (info.is_regular()) info.size = 2;
      infos_.push_back(std::move(info));
    }
  }
  Capabilities capabilities() const noexcept override { return {}; }
  Result<FileInfo> stat(const OpContext&, const VPath& path, Follow) override {
    if (path.is_root() || path.str() == "/d") return FileInfo(std::string(path.name()), FileType::Directory);
    for (const FileInfo& info : infos_)
      if (info.name == path.name()) return info;
    return Error(Errc::NotFound, path.str());
  }
  Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath& path) override {
    struct Cursor final : DirCursor {
      Result<bool> next(const OpContext&, std::size_t, std::vector<FileInfo>& out) override {
        out.insert(out.end(), infos.begin(), infos.end());
        return false;
      }
      std::vector<FileInfo> infos;
    };
    auto cursor = std::make_unique<Cursor>();
    if (path.is_root()) cursor->infos.emplace_back("d", FileType::Directory);
    if (path.str() == "/d") cursor->infos = infos_;
    return cursor;
  }
  Result<std::unique_ptr<File>> open(const OpContext& context, const VPath& path, const OpenOptions&) override {
    struct TwoBytes final : File {
      explicit TwoBytes(FileInfo its_info) : info(std::move(its_info)) {}
      Result<std::size_t> read_at(const OpContext&, std::uint64_t, std::span<std::byte> out) override {
        const auto count = std::min<std::size_t>(out.size(), 2);
        std::memset(out.data(), 'x', count);
        return count;
      }
      Result<FileInfo> stat(const OpContext&) override { return info; }
      FileInfo info;
    };
    SLIPWAY_ASSIGN(FileInfo info, stat(context, path, Follow::No));
    return std::make_unique<TwoBytes>(std::move(info));
  }

 private:
  std::vector<FileInfo> infos_;
};

void check_name(const std::string& name) {
  require(name.starts_with("d/"));
  require(name.find('\\') == name.npos);
  for (std::size_t at = 0; at < name.size();) {
    const auto part = name.substr(at, name.find('/', at) - at);
    require(!part.empty() && part != "." && part != "..");
    at += part.size() + 1;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  ::uselocale(utf8);
  std::set<std::string> names;
  std::string_view text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 4096));
  while (!text.empty() && names.size() < 50) {
    const std::string name(text.substr(0, text.find('\0')));
    text.remove_prefix(std::min(name.size() + 1, text.size()));
    // What no store gives: components of a path, not paths.
    if (name.empty() || name == "." || name == ".." || name.size() > 255 || name.find('/') != name.npos) continue;
    names.insert(name);
  }

  fuzz::FuzzSession<NamesFilesystem> session(names);
  std::string archive_text;
  httpd::ZipStream zip(session, [&](std::span<const std::byte> piece) {
    archive_text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return ok();
  });
  require(zip.add(VPath("/d"), VPath()).ok());
  require(zip.finish().ok());

  archive* reader = archive_read_new();
  archive_read_support_format_zip(reader);
  require(archive_read_open_memory(reader, archive_text.data(), archive_text.size()) == ARCHIVE_OK);
  std::size_t count = 0;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    const char* name = archive_entry_pathname_utf8(entry);
    require(name != nullptr);
    check_name(name);
    ++count;
  }
  archive_read_free(reader);
  require(count == names.size() + 1);
  return 0;
}
