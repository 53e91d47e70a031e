#include "file_actions.h"
#include "multipart.h"
#include "tus_metadata.h"

namespace slipway::httpd {
namespace {

constexpr std::size_t kBuffer = 256 << 10;  // bytes
using Source = MultipartReader::Source;

// What `source` gives becomes the file at `target`.
Status store(Session& session, const VPath& target, std::uint64_t size_hint, const Source& source) {
  const OpContext context = session.context();
  OpenOptions options = OpenOptions::replacing();
  options.size_hint = size_hint;
  SLIPWAY_ASSIGN(auto file, session.fs().open(context, target, options));
  const std::size_t size = size_hint == 0 ? kBuffer : std::min<std::uint64_t>(kBuffer, size_hint);
  std::vector<std::byte> buffer(size);
  for (std::uint64_t offset = 0;;) {
    SLIPWAY_ASSIGN(const std::size_t count, source(buffer));
    if (count == 0) break;
    SLIPWAY_TRY(file->write_at(context, offset, std::span(buffer).first(count)));
    offset += count;
  }
  return file->finish(context);
}

// Without the directories that some clients put before it. Empty: it is no name.
std::string_view base_name(std::string_view name) {
  name = name.substr(name.find_last_of("/\\") + 1);
  return name == "." || name == ".." || name.find('\0') != std::string_view::npos ? std::string_view() : name;
}

}  // namespace

Status make_parents(const OpContext& context, Filesystem& fs, const VPath& directory) {
  if (directory.is_root()) return ok();
  const auto info = fs.stat(context, directory, Follow::Yes);
  if (info) return ok();
  if (info.code() != Errc::NotFound) return info.error();
  SLIPWAY_TRY(make_parents(context, fs, directory.parent()));
  Status made = fs.make_dir(context, directory);
  if (!made && made.code() == Errc::Exists) return ok();  // somebody else was quicker
  return made;
}

std::optional<Timestamp> modification_time_of(const http::Request& request) {
  const auto text = request.header("X-SFTPGO-MTIME");
  return text ? timestamp_of_milliseconds(*text) : std::nullopt;
}

Status store_body(Exchange& x, Session& session, const VPath& target, std::optional<Timestamp> modified) {
  x.request.interrupt_with(session.context().stop);
  SLIPWAY_TRY(store(session, target, x.request.content_length().value_or(0),
                    [&](std::span<std::byte> out) { return x.request.fill(out); }));
  if (modified) {
    FileAttributes attributes;
    attributes.atime = attributes.mtime = *modified;
    // Not every storage keeps times, and the file is there all the same.
    (void)session.fs().set_attributes(session.context(), target, attributes, Follow::Yes);
  }
  return ok();
}

bool receive_files(Exchange& x, Session& session, const VPath& directory, const FormOptions& options) {
  std::size_t files = 0;
  constexpr const char* kBadForm = "Unable to parse multipart form";
  const auto refuse = [&](const Refusal& refusal) {
    x.refuse(refusal);
    return false;
  };
  const auto boundary = multipart_boundary(x.request.header("Content-Type").value_or(""));
  if (!boundary) return refuse({400, "the body is not multipart/form-data", kBadForm});
  x.request.interrupt_with(session.context().stop);
  MultipartReader reader(*boundary, [&](std::span<std::byte> out) { return x.request.read(out); });
  while (true) {
    auto part = reader.next();
    if (!part && part.code() == Errc::InvalidArgument) return refuse({400, part.error().cause(), kBadForm});
    if (!part) return refuse(refusal_of_file(part.error(), kBadForm));
    if (!*part) break;
    if ((*part)->name != "filenames" || !(*part)->file_name) continue;
    const auto name = base_name(*(*part)->file_name);
    if (name.empty()) return refuse({400, "a file has no name", kBadForm});
    if (options.before_file)
      if (const auto refusal = options.before_file()) return refuse(*refusal);
    const auto target = x.site->services.paths.resolve(directory, name);
    if (!target) return refuse(refusal_of_path(target.error()));
    bool is_broken = false;
    Status stored = store(session, *target, 0, [&](std::span<std::byte> out) {
      auto count = reader.read(out);
      is_broken = count.code() == Errc::InvalidArgument;
      return count;
    });
    if (is_broken) return refuse({400, stored.error().cause(), kBadForm});
    if (!stored) return refuse(refusal_of_file(stored.error(), tried("save", name)));
    ++files;
    if (options.after_file) options.after_file();
  }
  if (files == 0) return refuse({400, "", "No files uploaded!"});
  return true;
}

std::string tried(std::string_view what, std::string_view path) {
  return "Unable to " + std::string(what) + " " + quoted(path);
}

Result<VPath> resolve(const Exchange& x, const Session& session, std::string_view text) {
  return x.site->services.paths.resolve(session.start_directory(), text);
}

}  // namespace slipway::httpd
