#include "zip_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <algorithm>
#include <vector>

#include "utf8.h"

namespace slipway::httpd {
namespace {

constexpr std::size_t kBuffer = 256 << 10;  // bytes
constexpr std::size_t kMaxDepth = 1000;     // of nested directories
constexpr std::size_t kEntriesAtOnce = 256;

// libarchive marks names as UTF-8 only where the thread's locale says that they are.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = ::uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  const locale_t locale_;
  locale_t before_ = nullptr;
};

struct EntryDeleter {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Entry = std::unique_ptr<archive_entry, EntryDeleter>;

// A backslash is a letter here and separates directories where many archives are unpacked: "..\\x" would be a way out.
std::string name_in_archive(const VPath& path, const VPath& base) {
  std::string name = valid_utf8(path.str().substr(base.is_root() ? 1 : base.str().size() + 1));
  std::replace(name.begin(), name.end(), '\\', '_');
  return name;
}

}  // namespace

struct ZipStream::Archive {
  Archive(Session& its_session, Sink its_sink)
      : session(its_session), sink(std::move(its_sink)), writer(archive_write_new()), buffer(kBuffer) {
    if (writer == nullptr) return;
    archive_write_set_format_zip(writer);
    archive_write_set_bytes_per_block(writer, 0);  // nothing is kept back, nothing is padded
    archive_write_open(writer, this, nullptr, write, nullptr);
  }
  ~Archive() {
    if (writer == nullptr) return;
    // Freeing would write the directory of an archive that is not complete.
    if (!finished) archive_write_fail(writer);
    archive_write_free(writer);
  }

  static la_ssize_t write(archive*, void* self, const void* data, std::size_t size) {
    auto& me = *static_cast<Archive*>(self);
    Status sent = me.sink({static_cast<const std::byte*>(data), size});
    if (sent) return static_cast<la_ssize_t>(size);
    me.failure = sent.error();
    return -1;
  }

  // Of a call of libarchive.
  Status check(la_ssize_t result) {
    if (result >= ARCHIVE_WARN) return ok();
    if (failure) return *failure;
    const char* text = writer == nullptr ? nullptr : archive_error_string(writer);
    return Error(Errc::Internal, "zip", text == nullptr ? "the archive cannot be written" : text);
  }

  Status begin(const FileInfo& info, const std::string& name) {
    const Entry entry(archive_entry_new());
    if (writer == nullptr || !entry) return Error(Errc::Internal, "zip", "there is no memory for it");
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), info.is_directory() ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry.get(), info.is_directory() ? 0755 : 0644);
    if (info.is_regular()) archive_entry_set_size(entry.get(), static_cast<la_int64_t>(info.size));
    archive_entry_set_mtime(entry.get(),
                            std::chrono::floor<std::chrono::seconds>(info.mtime).time_since_epoch().count(), 0);
    return check(archive_write_header(writer, entry.get()));
  }

  Status add_file(const VPath& path, const std::string& name) {
    const OpContext context = session.context();
    SLIPWAY_ASSIGN(const auto file, session.fs().open(context, path, OpenOptions::reading()));
    SLIPWAY_ASSIGN(const FileInfo info, file->stat(context));
    SLIPWAY_TRY(begin(info, name));
    // A file that grows meanwhile is taken as long as it was; one that shrinks would leave the archive broken.
    for (std::uint64_t offset = 0; offset < info.size;) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), info.size - offset));
      SLIPWAY_ASSIGN(const std::size_t count, file->read_at(context, offset, std::span(buffer).first(wanted)));
      if (count == 0) return Error(Errc::IoError, path.str(), "the file became shorter while it was read");
      SLIPWAY_TRY(check(archive_write_data(writer, buffer.data(), count)));
      offset += count;
    }
    return file->finish(context);
  }

  Status add_directory(const VPath& path, const VPath& base, std::size_t depth) {
    if (depth > kMaxDepth) return Error(Errc::TooLarge, path.str(), "too many directories within one another");
    std::vector<FileInfo> entries;
    {
      SLIPWAY_ASSIGN(const auto cursor, session.fs().list(session.context(), path));
      for (bool more = true; more;) {
        SLIPWAY_ASSIGN(more, cursor->next(session.context(), kEntriesAtOnce, entries));
      }
    }
    for (const FileInfo& info : entries) SLIPWAY_TRY(add_entry(path.child(info.name), info, base, depth));
    return ok();
  }

  Status add_entry(const VPath& path, const FileInfo& info, const VPath& base, std::size_t depth) {
    if (info.is_regular()) return add_file(path, name_in_archive(path, base));
    if (!info.is_directory()) return ok();
    if (path != base) SLIPWAY_TRY(begin(info, name_in_archive(path, base) + "/"));
    return add_directory(path, base, depth + 1);
  }

  Session& session;
  const Sink sink;
  archive* const writer;
  std::vector<std::byte> buffer;
  std::optional<Error> failure;
  bool finished = false;
};

ZipStream::ZipStream(Session& session, Sink sink) : archive_(std::make_unique<Archive>(session, std::move(sink))) {}
ZipStream::~ZipStream() = default;

Status ZipStream::add(const VPath& path, const VPath& base) {
  if (!path.is_within(base)) return Error(Errc::InvalidArgument, path.str(), "is outside of what the archive holds");
  const Utf8Locale utf8;
  SLIPWAY_ASSIGN(const FileInfo info, archive_->session.fs().stat(archive_->session.context(), path, Follow::No));
  return archive_->add_entry(path, info, base, 0);
}

Status ZipStream::finish() {
  const Utf8Locale utf8;
  archive_->finished = true;
  return archive_->check(archive_->writer == nullptr ? ARCHIVE_FATAL : archive_write_close(archive_->writer));
}

}  // namespace slipway::httpd
