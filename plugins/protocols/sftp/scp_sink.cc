// scp -t: the client sends, this side writes.
#include <algorithm>
#include <optional>

#include "scp_command.h"
#include "scp_dialogue.h"

namespace slipway::sftp {
namespace {

class ScpSink {
 public:
  ScpSink(CommandContext& context, const ScpOptions& options)
      : context_(context), options_(options), fs_(context.session.fs()), dialogue_(context.io) {}

  int run() {
    if (const auto found = find_target(); !found) {
      dialogue_.fail(options_.paths.front() + ": " + client_text(found.error()));
      return 1;
    }
    dialogue_.agree();
    while (true) {
      const auto message = dialogue_.message();
      if (!message) {
        if (message.code() != Errc::Cancelled) dialogue_.fail(message.error().cause());
        return 1;
      }
      if (!*message) return dialogue_.had_errors() || !levels_.empty() ? 1 : 0;
      if (const auto handled = handle(**message); !handled) {
        if (handled.code() != Errc::Cancelled) dialogue_.fail(handled.error().cause());
        return 1;
      }
    }
  }

 private:
  struct Times {
    Timestamp mtime, atime;
  };
  struct Level {
    VPath directory;
    std::optional<Times> times;  // to set when everything is in it
    std::uint32_t mode = 0;
  };
  // What is known of the path that the client names.
  enum class Target : std::uint8_t { Directory, Absent, File, Unknown };

  Status find_target() {
    const std::string& path = options_.paths.front();
    SLIPWAY_ASSIGN(path_, resolve_scp_path(context_, path));
    slash_ = path.ends_with('/') || path.ends_with('\\');
    if (path_.is_root() || path_ == context_.session.start_directory()) {
      target_ = Target::Directory;
      return ok();
    }
    const auto info = fs_.stat(context_.op, path_, Follow::Yes);
    if (info) {
      target_ = info->is_directory() ? Target::Directory : Target::File;
    } else if (info.code() == Errc::NotFound) {
      target_ = Target::Absent;
    } else if (info.code() == Errc::PermissionDenied) {
      // Who may upload but not look: -d says that it is a directory; else opening it tells.
      target_ = options_.directory ? Target::Directory : Target::Unknown;
    } else {
      return info.error();
    }
    if (options_.directory && target_ == Target::Absent) return Error(Errc::NotFound, path);
    if ((options_.directory || slash_) && target_ == Target::File) return Error(Errc::NotDirectory, path);
    return ok();
  }

  Status handle(const ScpMessage& message) {
    const auto times = std::exchange(times_, std::nullopt);
    switch (message.type) {
      case ScpMessage::Type::Times:
        times_ = Times{message.mtime, message.atime};
        dialogue_.agree();
        return ok();
      case ScpMessage::Type::Directory:
        return enter(message, times);
      case ScpMessage::Type::EndDirectory:
        return leave();
      case ScpMessage::Type::File:
        return receive(message, times);
      case ScpMessage::Type::Warning:
        // A file that the client cannot read; it does not wait for an answer.
        dialogue_.count_error();
        return ok();
      case ScpMessage::Type::Fatal:
        break;
    }
    return Error(Errc::Cancelled, "scp", "the client gave up");
  }

  // A name of the wire in a directory. What the session's own rules would take for more than one component, or for
  // none, is refused.
  Result<VPath> entry(const VPath& directory, const std::string& name) const {
    auto path = context_.paths.resolve(directory, name);
    if (!path || *path != directory.child(name)) return Error(Errc::InvalidArgument, name, "unexpected filename");
    return path;
  }

  // ---- directories

  Status enter(const ScpMessage& message, const std::optional<Times>& times) {
    if (!options_.recursive) return Error(Errc::InvalidArgument, "scp", "received directory without -r");
    const VPath& parent = levels_.empty() ? path_ : levels_.back().directory;
    auto named = entry(parent, message.name);
    if (!named) {
      dialogue_.warn(message.name + ": " + client_text(named.error()));
      return ok();
    }
    VPath directory = *std::move(named);
    Status made = ok();
    if (levels_.empty() && target_ == Target::Unknown) {
      made = fs_.make_dir(context_.op, path_);
      if (made.code() == Errc::Exists) {
        target_ = Target::Directory;
        made = ensure(directory);
      } else {
        directory = path_;
      }
    } else {
      if (levels_.empty() && target_ != Target::Directory) directory = path_;
      made = ensure(directory);
    }
    if (!made) {
      // The client goes on behind this directory.
      if (made.code() == Errc::Cancelled) return made;
      dialogue_.warn(directory.str() + ": " + client_text(made.error()));
      return ok();
    }
    levels_.push_back({std::move(directory), times, message.mode});
    dialogue_.agree();
    return ok();
  }

  Status ensure(const VPath& directory) {
    const auto info = fs_.stat(context_.op, directory, Follow::Yes);
    if (info) return info->is_directory() ? ok() : Status(Error(Errc::NotDirectory, directory.str()));
    if (info.code() != Errc::NotFound && info.code() != Errc::PermissionDenied) return info.error();
    Status made = fs_.make_dir(context_.op, directory);
    if (made.code() == Errc::Exists) return ok();
    return made;
  }

  Status leave() {
    if (levels_.empty()) return Error(Errc::InvalidArgument, "scp", "unacceptable end dir command");
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    if (options_.times) {
      set_quietly(
          [&](const FileAttributes& change) {
            return fs_.set_attributes(context_.op, level.directory, change, Follow::Yes);
          },
          level.mode, level.times);
    }
    dialogue_.agree();
    return ok();
  }

  // Mode and times are a courtesy: who may not set them, or whose storage cannot, gets the file all the same.
  template <class Set>
  void set_quietly(Set&& set, std::uint32_t mode, const std::optional<Times>& times) {
    FileAttributes change;
    change.mode = mode;
    (void)set(change);
    if (!times) return;
    change = {};
    change.mtime = times->mtime;
    change.atime = times->atime;
    (void)set(change);
  }

  // ---- files

  Result<std::unique_ptr<File>> open(const ScpMessage& message, VPath& path) {
    auto options = OpenOptions::replacing();
    options.size_hint = message.size;
    if (!levels_.empty()) {
      SLIPWAY_ASSIGN(path, entry(levels_.back().directory, message.name));
      return fs_.open(context_.op, path, options);
    }
    SLIPWAY_ASSIGN(path, entry(path_, message.name));
    if (target_ == Target::Directory || slash_) return fs_.open(context_.op, path, options);
    auto opened = fs_.open(context_.op, path_, options);
    const bool directory = opened.code() == Errc::NotSupported || opened.code() == Errc::IsDirectory;
    if (target_ == Target::Unknown && directory) return fs_.open(context_.op, path, options);
    path = path_;
    return opened;
  }

  Status receive(const ScpMessage& message, const std::optional<Times>& times) {
    VPath path;
    auto file = open(message, path);
    if (!file) {
      if (file.code() == Errc::Cancelled) return std::move(file).error();
      dialogue_.warn((path.is_root() ? message.name : path.str()) + ": " + client_text(file.error()));
      return ok();
    }
    dialogue_.agree();
    // A client that has begun sends all of a file, wanted or not.
    Status stored = ok();
    for (std::uint64_t offset = 0; offset < message.size;) {
      SLIPWAY_ASSIGN(const auto input, context_.io.input());
      if (input.empty()) return Error(Errc::Cancelled, "scp", "the client left within a file");
      const auto part = input.first(std::min<std::uint64_t>(input.size(), message.size - offset));
      if (stored) stored = (*file)->write_at(context_.op, offset, part);
      if (stored.code() == Errc::Cancelled) return stored;
      offset += part.size();
      context_.io.consume(part.size());
    }
    SLIPWAY_ASSIGN(const bool complete, dialogue_.agreed());
    if (!complete) {
      dialogue_.warn(path.str() + ": not stored, because the source could not be read whole");
      return ok();
    }
    if (stored && options_.times)
      set_quietly([&](const FileAttributes& change) { return (*file)->set_attributes(context_.op, change); },
                  message.mode, times);
    if (stored) stored = (*file)->finish(context_.op);
    file->reset();
    if (stored) {
      dialogue_.agree();
    } else {
      if (stored.code() == Errc::Cancelled) return stored;
      dialogue_.warn(path.str() + ": " + client_text(stored.error()));
    }
    return ok();
  }

  CommandContext& context_;
  const ScpOptions& options_;
  Filesystem& fs_;
  ScpDialogue dialogue_;
  VPath path_;
  bool slash_ = false;
  Target target_ = Target::Unknown;
  std::vector<Level> levels_;
  std::optional<Times> times_;
};

}  // namespace

int run_scp_sink(CommandContext& context, const ScpOptions& options) { return ScpSink(context, options).run(); }

}  // namespace slipway::sftp
