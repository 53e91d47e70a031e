#include <chrono>
#include <string>
#include <vector>

#include "file_actions.h"
#include "rfc3339.h"

namespace slipway::httpd {
namespace {

constexpr std::size_t kEntriesAtOnce = 256;
// Bits of a mode as clients of this API know them.
constexpr std::uint32_t kDirectory = 1u << 31, kSymlink = 1u << 27, kIrregular = 1u << 19, kSetuid = 1u << 23,
                        kSetgid = 1u << 22, kSticky = 1u << 20;

std::uint32_t mode_of(const FileInfo& info) {
  std::uint32_t mode = info.mode & 0777;
  if ((info.mode & 04000) != 0) mode |= kSetuid;
  if ((info.mode & 02000) != 0) mode |= kSetgid;
  if ((info.mode & 01000) != 0) mode |= kSticky;
  switch (info.type) {
    case FileType::Regular:
      break;
    case FileType::Directory:
      mode |= kDirectory;
      break;
    case FileType::Symlink:
      mode |= kSymlink;
      break;
    case FileType::Other:
      mode |= kIrregular;
      break;
  }
  return mode;
}

std::string entry_json(const FileInfo& info) {
  std::string text = R"({"name":)" + quoted_json(info.name);
  if (info.is_regular()) text += R"(,"size":)" + std::to_string(info.size);
  text += R"(,"mode":)" + std::to_string(mode_of(info));
  text += R"(,"last_modified":")" + rfc3339(std::chrono::floor<std::chrono::seconds>(info.mtime)) + "\"}";
  return text;
}

}  // namespace

void send_listing(Exchange& x, const SharedSession& session, const VPath& path, ShowLinks links) {
  const OpContext context = session->context();
  x.request.interrupt_with(context.stop);
  auto cursor = session->fs().list(context, path);
  if (!cursor) return x.refuse(refusal_of_file(cursor.error(), "Unable to get directory lister"));
  std::vector<FileInfo> entries;
  auto more = (*cursor)->next(context, kEntriesAtOnce, entries);
  if (!more) return x.refuse(refusal_of_file(more.error(), "Unable to get directory contents"));

  x.response.set_header("Content-Type", "application/json");
  x.response.set_header("Accept-Ranges", "none");
  std::string text = "[";
  bool first = true;
  while (true) {
    for (const FileInfo& info : entries) {
      if (links == ShowLinks::No && info.type == FileType::Symlink) continue;
      if (!first) text += ',';
      first = false;
      text += entry_json(info);
    }
    if (!*more) break;
    if (!x.response.write(escape_html(text))) return;
    text.clear();
    entries.clear();
    more = (*cursor)->next(context, kEntriesAtOnce, entries);
    // The client sees the cut, not a list that looks complete.
    if (!more) return x.response.abort();
  }
  (void)x.response.write(escape_html(text + "]\n"));
}

}  // namespace slipway::httpd
