// scp -f: this side reads and sends.
#include <algorithm>
#include <cstring>
#include <optional>

#include "link_path.h"
#include "scp_command.h"
#include "scp_dialogue.h"

namespace slipway::sftp {
namespace {

constexpr std::size_t kBlock = 256 * 1024;
constexpr std::size_t kListBatch = 250;
constexpr std::size_t kMaxDepth = 1000;
// How much of a file that cannot be read is made up so that the dialogue can go on behind it.
constexpr std::uint64_t kMaxPadding = 16 * 1024 * 1024;

class ScpSource {
 public:
  ScpSource(CommandContext& context, const ScpOptions& options)
      : context_(context), options_(options), fs_(context.session.fs()), dialogue_(context.io) {}

  int run() {
    const auto ready = dialogue_.agreed();
    if (!ready || !*ready) return 1;
    for (const auto& path : options_.paths) {
      if (const auto sent = send_path(path); !sent) {
        if (sent.code() != Errc::Cancelled) dialogue_.fail(path + ": " + client_text(sent.error()));
        return 1;
      }
    }
    return dialogue_.had_errors() ? 1 : 0;
  }

 private:
  struct Level {
    VPath path;
    VPath real;  // with links followed
    std::unique_ptr<DirCursor> cursor;
    std::vector<FileInfo> page;
    std::size_t next = 0;
    bool more = true;
    std::vector<FileInfo> directories;  // after the files
    std::size_t next_directory = 0;
  };

  // In every Status an error ends the dialogue; what concerns one file only is a warning to the client.
  Status skip(const VPath& path, const Error& error) {
    if (error.code() == Errc::Cancelled) return error;
    dialogue_.warn(path.str() + ": " + client_text(error));
    return ok();
  }

  Status send_path(const std::string& text) {
    const auto path = resolve_scp_path(context_, text);
    if (!path) {
      dialogue_.warn(text + ": " + client_text(path.error()));
      return ok();
    }
    // Who may download but not list opens without a look.
    const auto info = fs_.stat(context_.op, *path, Follow::Yes);
    if (!info && info.code() != Errc::PermissionDenied) return skip(*path, info.error());
    if (!info || !info->is_directory()) return send_file(*path, path->name());
    if (!options_.recursive) {
      dialogue_.warn(path->str() + ": unable to send directory for non recursive copy");
      return ok();
    }
    return send_tree(*path, *info);
  }

  // ---- directories

  Status send_tree(const VPath& top, const FileInfo& info) {
    levels_.clear();
    SLIPWAY_TRY(enter(top, follow_links(context_.op, fs_, context_.paths, top), info));
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.next < level.page.size()) {
        const FileInfo entry = std::move(level.page[level.next++]);
        SLIPWAY_TRY(send_entry(level, entry));
      } else if (level.more) {
        SLIPWAY_TRY(next_page(level));
      } else if (level.next_directory < level.directories.size()) {
        const FileInfo entry = std::move(level.directories[level.next_directory++]);
        const VPath path = level.path.child(entry.name);
        const bool is_link = entry.type == FileType::Symlink;
        VPath real = is_link ? follow_links(context_.op, fs_, context_.paths, path) : level.real.child(entry.name);
        SLIPWAY_TRY(enter(path, std::move(real), entry));
      } else {
        levels_.pop_back();
        context_.io.write(kScpEndDirectory);
        const auto agreed = dialogue_.agreed();
        if (!agreed) return agreed.error();
      }
    }
    return ok();
  }

  Status next_page(Level& level) {
    level.page.clear();
    level.next = 0;
    const auto more = level.cursor->next(context_.op, kListBatch, level.page);
    level.more = more && *more;
    return more ? ok() : skip(level.path, more.error());
  }

  Status send_entry(Level& level, const FileInfo& entry) {
    const VPath path = level.path.child(entry.name);
    if (entry.is_regular()) return send_file(path, entry.name);
    if (entry.is_directory()) {
      level.directories.push_back(entry);
      return ok();
    }
    if (entry.type != FileType::Symlink) return ok();
    const auto target = fs_.stat(context_.op, path, Follow::Yes);
    if (!target) return skip(path, target.error());
    if (target->is_regular()) return send_file(path, entry.name);
    if (target->is_directory()) level.directories.push_back(entry);
    return ok();
  }

  // Opens a directory and tells the client; a warning instead when that is not possible.
  Status enter(const VPath& path, VPath real, const FileInfo& found) {
    const auto inside = [&](const Level& level) { return level.real.is_within(real); };
    if (levels_.size() >= kMaxDepth || std::any_of(levels_.begin(), levels_.end(), inside)) {
      dialogue_.warn(path.str() + ": a link leads back to a directory that is being sent, or too many levels");
      return ok();
    }
    FileInfo info = found;
    if (found.type == FileType::Symlink) {
      const auto target = fs_.stat(context_.op, path, Follow::Yes);
      if (!target) return skip(path, target.error());
      info = *target;
    }
    auto cursor = fs_.list(context_.op, path);
    if (!cursor) return skip(path, cursor.error());
    SLIPWAY_ASSIGN(const bool accepted, announce_times(info));
    if (!accepted) return ok();
    // The root has no name; the user's is as good as any.
    context_.io.write(scp_directory_message(info.mode, path.is_root() ? context_.session.user() : path.name()));
    SLIPWAY_ASSIGN(const bool entered, dialogue_.agreed());
    if (!entered) return ok();
    Level level;
    level.path = path;
    level.real = std::move(real);
    level.cursor = *std::move(cursor);
    levels_.push_back(std::move(level));
    return ok();
  }

  // ---- files

  Result<bool> announce_times(const FileInfo& info) {
    if (!options_.times) return true;
    context_.io.write(scp_times_message(info.mtime, info.atime == Timestamp{} ? info.mtime : info.atime));
    return dialogue_.agreed();
  }

  Status send_file(const VPath& path, std::string_view name) {
    auto file = fs_.open(context_.op, path, OpenOptions::reading());
    if (!file) return skip(path, file.error());
    const auto info = (*file)->stat(context_.op);
    if (!info) return skip(path, info.error());
    SLIPWAY_ASSIGN(const bool times, announce_times(*info));
    if (!times) return ok();
    context_.io.write(scp_file_message(info->mode, info->size, name));
    SLIPWAY_ASSIGN(const bool wanted, dialogue_.agreed());
    if (!wanted) return ok();

    const auto failure = send_content(**file, info->size);
    if (failure.code() == Errc::Cancelled || unsent_ > kMaxPadding) return failure;
    if (failure) {
      context_.io.write(std::string_view("\0", 1));
    } else {
      SLIPWAY_TRY(pad());
      dialogue_.warn(path.str() + ": " + client_text(failure.error()));
    }
    SLIPWAY_ASSIGN(const bool stored, dialogue_.agreed());
    if (!failure || !stored) return ok();
    if (const auto finished = (*file)->finish(context_.op); !finished)
      context_.log.debug("a download ended with an error",
                         {{"connection_id", context_.session.id()}, {"error", finished.error().message()}});
    return ok();
  }

  // Exactly `size` bytes; unsent_ is what is missing.
  Status send_content(File& file, std::uint64_t size) {
    for (unsent_ = size; unsent_ > 0;) {
      const auto room = context_.io.reserve(std::min<std::uint64_t>(kBlock, unsent_));
      SLIPWAY_ASSIGN(const std::size_t count, file.read_at(context_.op, size - unsent_, room));
      if (count == 0) return Error(Errc::Conflict, "read", "the file became shorter while it was sent");
      context_.io.commit(count);
      unsent_ -= count;
      SLIPWAY_TRY(context_.io.flush());
    }
    return ok();
  }

  Status pad() {
    for (; unsent_ > 0; unsent_ -= std::min<std::uint64_t>(kBlock, unsent_)) {
      const auto room = context_.io.reserve(std::min<std::uint64_t>(kBlock, unsent_));
      std::memset(room.data(), 0, room.size());
      context_.io.commit(room.size());
      SLIPWAY_TRY(context_.io.flush());
    }
    return ok();
  }

  CommandContext& context_;
  const ScpOptions& options_;
  Filesystem& fs_;
  ScpDialogue dialogue_;
  std::vector<Level> levels_;
  std::uint64_t unsent_ = 0;
};

}  // namespace

int run_scp_source(CommandContext& context, const ScpOptions& options) { return ScpSource(context, options).run(); }

}  // namespace slipway::sftp
