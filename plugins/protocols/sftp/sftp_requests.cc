// The operations of SFTP version 3, one function a request.
#include <array>
#include <limits>

#include "link_path.h"
#include "sftp_channel.h"

namespace slipway::sftp {
namespace {

constexpr std::uint64_t kMaxOffset = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kListBatch = 250;
// Where a NAME reply ends early, so that the longest names still fit a packet.
constexpr std::size_t kListBytes = 128 * 1024;

Timestamp from_seconds(std::uint32_t seconds) { return Timestamp(std::chrono::seconds(seconds)); }

FileAttributes times_of(const Attributes& attributes) {
  FileAttributes times;
  times.atime = from_seconds(attributes.times->first);
  times.mtime = from_seconds(attributes.times->second);
  return times;
}

FileAttributes mode_of(const Attributes& attributes) {
  FileAttributes mode;
  mode.mode = *attributes.permissions & 07777;
  return mode;
}

FileAttributes owner_of(const Attributes& attributes) {
  FileAttributes owner;
  owner.uid = attributes.owner->first;
  owner.gid = attributes.owner->second;
  return owner;
}

FileAttributes size_of(const Attributes& attributes) {
  FileAttributes size;
  size.size = *attributes.size;
  return size;
}

FileInfo dot_entry(std::string name) {
  FileInfo entry(std::move(name), FileType::Directory);
  entry.mode = 0755;
  return entry;
}

}  // namespace

// ---- replies

void SftpChannel::reply(std::uint32_t id, StatusCode code) { writer_.status(id, code, status_text(code)); }

void SftpChannel::reply(std::uint32_t id, StatusCode code, std::string_view text) { writer_.status(id, code, text); }

void SftpChannel::reply(std::uint32_t id, const Error& error, Purpose purpose) {
  const auto status = status_of(error, purpose);
  writer_.status(id, status.code, status.text);
}

void SftpChannel::reply(std::uint32_t id, const Status& status, Purpose purpose) {
  status ? reply(id, StatusCode::Ok) : reply(id, status.error(), purpose);
}

void SftpChannel::bad_handle(std::uint32_t id) { reply(id, StatusCode::Failure, "failure: invalid handle"); }

bool SftpChannel::complete(std::uint32_t id, Fields fields) {
  if (!fields.ok()) reply(id, StatusCode::BadMessage);
  return fields.ok();
}

std::optional<VPath> SftpChannel::path(std::uint32_t id, Fields fields) {
  const auto text = fields.string();
  if (!complete(id, fields)) return std::nullopt;
  auto path = paths_.resolve(session_->start_directory(), text);
  if (!path) {
    reply(id, path.error());
    return std::nullopt;
  }
  return *std::move(path);
}

// ---- dispatch

void SftpChannel::answer(std::span<const std::byte> packet) {
  FieldReader fields(packet);
  const auto type = static_cast<PacketType>(fields.u8());
  if (!initialised_) {
    if (type == PacketType::Init) {
      init(fields);
    } else {
      broken_ = true;
    }
    return;
  }
  const auto id = fields.u32();
  if (type == PacketType::Init || !fields.ok()) {
    broken_ = true;
    return;
  }
  dispatch(type, id, fields);
}

void SftpChannel::dispatch(PacketType type, std::uint32_t id, Fields fields) {
  switch (type) {
    case PacketType::Open:
      return open(id, fields);
    case PacketType::Close:
      return close(id, fields);
    case PacketType::Read:
      return read(id, fields);
    case PacketType::Write:
      return write(id, fields);
    case PacketType::Lstat:
      return stat(id, fields, Follow::No);
    case PacketType::Fstat:
      return fstat(id, fields);
    case PacketType::Setstat:
      return setstat(id, fields, Follow::Yes);
    case PacketType::Fsetstat:
      return fsetstat(id, fields);
    case PacketType::Opendir:
      return opendir(id, fields);
    case PacketType::Readdir:
      return readdir(id, fields);
    case PacketType::Remove:
      return remove(id, fields);
    case PacketType::Mkdir:
      return mkdir(id, fields);
    case PacketType::Rmdir:
      return rmdir(id, fields);
    case PacketType::Realpath:
      return realpath(id, fields);
    case PacketType::Stat:
      return stat(id, fields, Follow::Yes);
    case PacketType::Rename:
      return rename(id, fields);
    case PacketType::Readlink:
      return readlink(id, fields);
    case PacketType::Symlink:
      return symlink(id, fields);
    case PacketType::Extended:
      return extended(id, fields);
    default:
      return reply(id, StatusCode::Unsupported);
  }
}

// ---- files

void SftpChannel::open(std::uint32_t id, Fields fields) {
  const auto path = this->path(id, fields);
  if (!path) return;
  const auto flags = fields.u32();
  const auto attributes = fields.attributes();
  if (!complete(id, fields)) return;

  using namespace open_flag;
  OpenOptions options;
  options.read = (flags & kRead) != 0;
  options.write = (flags & (kWrite | kAppend | kCreate | kTruncate)) != 0;
  options.create = (flags & kCreate) != 0;
  options.exclusive = (flags & kExclusive) != 0;
  options.truncate = (flags & kTruncate) != 0;
  options.size_hint = attributes.size.value_or(0);
  if (!options.read && !options.write) return reply(id, StatusCode::Failure, "bad file flags");
  if (handles_.full()) return reply(id, StatusCode::Failure, "failure: too many open files");

  const auto purpose = options.write ? Purpose::Replace : Purpose::Read;
  auto opened = session_->fs().open(context_, *path, options);
  if (!opened) return reply(id, opened.error(), options.exclusive ? Purpose::Other : purpose);
  OpenFile file;
  file.path = *path;
  file.file = *std::move(opened);
  file.readable = options.read;
  file.writable = options.write;
  if ((flags & kAppend) != 0 && !options.truncate) {
    const auto info = file.file->stat(context_);
    if (!info) return reply(id, info.error());
    file.append_from = info->size;
  }
  writer_.handle(id, handles_.insert(std::move(file)));
}

void SftpChannel::close(std::uint32_t id, Fields fields) {
  const auto handle = fields.string();
  if (!complete(id, fields)) return;
  if (auto* file = handles_.file(handle)) {
    const auto status = finish(*file);
    handles_.erase(handle);
    return reply(id, status, Purpose::Write);
  }
  if (handles_.directory(handle) == nullptr) return bad_handle(id);
  handles_.erase(handle);
  reply(id, StatusCode::Ok);
}

Status SftpChannel::finish(OpenFile& file) {
  if (!file.writable) return file.file->finish(context_);
  if (file.failure) return *file.failure;
  // Whether the client may set times was answered when it asked; that they are right again is a courtesy.
  if (file.times_stale && (file.times.mtime || file.times.atime)) (void)file.file->set_attributes(context_, file.times);
  return file.file->finish(context_);
}

void SftpChannel::read(std::uint32_t id, Fields fields) {
  auto* file = handles_.file(fields.string());
  const auto offset = fields.u64();
  const auto length = std::min<std::size_t>(fields.u32(), kMaxData);
  if (!complete(id, fields)) return;
  if (file == nullptr) return bad_handle(id);
  if (!file->readable) return reply(id, StatusCode::Failure, "failure: the file is not open for reading");
  if (length == 0 || offset > kMaxOffset - length) return reply(id, StatusCode::Eof);

  const auto room = replies_.reserve(kDataHeader + length);
  const auto count = file->file->read_at(context_, offset, room.subspan(kDataHeader));
  if (!count) return reply(id, count.error(), Purpose::Read);
  if (*count == 0) return reply(id, StatusCode::Eof);
  write_data_header(room.first<kDataHeader>(), id, static_cast<std::uint32_t>(*count));
  replies_.commit(kDataHeader + *count);
}

void SftpChannel::write(std::uint32_t id, Fields fields) {
  auto* file = handles_.file(fields.string());
  const auto offset = fields.u64();
  const auto data = fields.string();
  if (!complete(id, fields)) return;
  if (file != nullptr && !data.empty()) write(*file, offset, std::as_bytes(std::span(data)));
  write_done(id, file);
}

// ---- attributes

void SftpChannel::stat(std::uint32_t id, Fields fields, Follow follow) {
  const auto path = this->path(id, fields);
  if (!path) return;
  auto info = session_->fs().stat(context_, *path, follow);
  if (!info && info.code() == Errc::NotFound) {
    // An upload that is hidden until it is complete is there for the session that makes it.
    if (auto* file = handles_.writer_of(*path)) info = file->file->stat(context_);
  }
  if (!info) return reply(id, info.error());
  writer_.attrs(id, *info);
}

void SftpChannel::fstat(std::uint32_t id, Fields fields) {
  const auto handle = fields.string();
  if (!complete(id, fields)) return;
  auto* file = handles_.file(handle);
  auto* directory = handles_.directory(handle);
  if (file == nullptr && directory == nullptr) return bad_handle(id);
  const auto info =
      file != nullptr ? file->file->stat(context_) : session_->fs().stat(context_, directory->path, Follow::Yes);
  if (!info) return reply(id, info.error());
  writer_.attrs(id, *info);
}

void SftpChannel::setstat(std::uint32_t id, Fields fields, Follow follow) {
  const auto path = this->path(id, fields);
  if (!path) return;
  const auto attributes = fields.attributes();
  if (!complete(id, fields)) return;
  reply(id, set_attributes(*path, attributes, follow), Purpose::Write);
}

void SftpChannel::fsetstat(std::uint32_t id, Fields fields) {
  const auto handle = fields.string();
  const auto attributes = fields.attributes();
  if (!complete(id, fields)) return;
  if (auto* file = handles_.file(handle)) return reply(id, set_attributes(*file, attributes), Purpose::Write);
  if (auto* directory = handles_.directory(handle))
    return reply(id, set_attributes(directory->path, attributes, Follow::Yes), Purpose::Write);
  bad_handle(id);
}

// One call for each group, in the order of compatible servers: each needs a permission of its own, and the first that
// is refused ends the request.
Status SftpChannel::set_attributes(const VPath& path, const Attributes& attributes, Follow follow) {
  auto& fs = session_->fs();
  if (attributes.times) SLIPWAY_TRY(fs.set_attributes(context_, path, times_of(attributes), follow));
  if (attributes.permissions) SLIPWAY_TRY(fs.set_attributes(context_, path, mode_of(attributes), follow));
  if (attributes.owner) SLIPWAY_TRY(fs.set_attributes(context_, path, owner_of(attributes), follow));
  if (attributes.size) SLIPWAY_TRY(fs.set_attributes(context_, path, size_of(attributes), follow));
  return ok();
}

Status SftpChannel::set_attributes(OpenFile& file, const Attributes& attributes) {
  const auto apply = [&](const FileAttributes& change) -> Status {
    auto status = file.file->set_attributes(context_, change);
    if (status.code() != Errc::NotSupported) return status;
    return session_->fs().set_attributes(context_, file.path, change, Follow::Yes);
  };
  if (attributes.times) {
    const auto times = times_of(attributes);
    SLIPWAY_TRY(apply(times));
    file.times = times;
    file.times_stale = false;
  }
  if (attributes.permissions) SLIPWAY_TRY(apply(mode_of(attributes)));
  if (attributes.owner) SLIPWAY_TRY(apply(owner_of(attributes)));
  if (!attributes.size) return ok();
  if (!file.writable) return session_->fs().set_attributes(context_, file.path, size_of(attributes), Follow::Yes);
  file.times_stale = true;
  return file.file->truncate(context_, *attributes.size);
}

// ---- directories

void SftpChannel::opendir(std::uint32_t id, Fields fields) {
  const auto path = this->path(id, fields);
  if (!path) return;
  if (handles_.full()) return reply(id, StatusCode::Failure, "failure: too many open files");
  auto cursor = session_->fs().list(context_, *path);
  if (!cursor) return reply(id, cursor.error());
  OpenDirectory directory;
  directory.path = *path;
  directory.cursor = *std::move(cursor);
  directory.dot_entries = settings_.dot_entries;
  writer_.handle(id, handles_.insert(std::move(directory)));
}

void SftpChannel::readdir(std::uint32_t id, Fields fields) {
  auto* directory = handles_.directory(fields.string());
  if (!complete(id, fields)) return;
  if (directory == nullptr) return bad_handle(id);

  auto& entries = directory->entries;
  if (directory->dot_entries) {
    directory->dot_entries = false;
    entries.push_back(dot_entry("."));
    if (!directory->path.is_root()) entries.push_back(dot_entry(".."));
  }
  entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(directory->next));
  directory->next = 0;
  bool fetched = false;  // a cursor may come back empty-handed before its end
  while (directory->more && !fetched && entries.size() < kListBatch) {
    const auto before = entries.size();
    auto more = directory->cursor->next(context_, kListBatch, entries);
    directory->more = more && *more;
    if (!more) return reply(id, more.error());
    fetched = entries.size() > before;
  }
  if (entries.empty()) return reply(id, StatusCode::Eof);

  const auto now = std::chrono::system_clock::now();
  const auto start = writer_.size();
  writer_.begin(PacketType::Name, id);
  const auto count_at = writer_.size();
  writer_.u32(0);
  std::uint32_t count = 0;
  while (directory->next < entries.size() && count < kListBatch && writer_.size() - start < kListBytes) {
    const auto& entry = entries[directory->next++];
    writer_.string(entry.name);
    writer_.string(long_name(entry, entry.name, now));
    writer_.attributes(entry);
    ++count;
  }
  writer_.patch_u32(count_at, count);
  writer_.end();
}

void SftpChannel::mkdir(std::uint32_t id, Fields fields) {
  if (const auto path = this->path(id, fields)) reply(id, session_->fs().make_dir(context_, *path));
}

void SftpChannel::rmdir(std::uint32_t id, Fields fields) {
  if (const auto path = this->path(id, fields)) reply(id, session_->fs().remove_dir(context_, *path));
}

void SftpChannel::remove(std::uint32_t id, Fields fields) {
  if (const auto path = this->path(id, fields)) reply(id, session_->fs().remove(context_, *path));
}

// ---- names

void SftpChannel::rename(std::uint32_t id, Fields fields) {
  const auto from = path(id, fields);
  if (!from) return;
  const auto to = path(id, fields);
  if (!to) return;
  reply(id, session_->fs().rename(context_, *from, *to), Purpose::Replace);
}

// One name, without attributes.
void SftpChannel::name_reply(std::uint32_t id, std::string_view name) {
  writer_.begin(PacketType::Name, id);
  writer_.u32(1);
  writer_.string(name);
  writer_.string(name);
  writer_.u32(0);
  writer_.end();
}

void SftpChannel::realpath(std::uint32_t id, Fields fields) {
  const auto path = this->path(id, fields);
  if (!path) return;
  const auto info = session_->fs().stat(context_, *path, Follow::No);
  if (!info && info.code() == Errc::PermissionDenied) return reply(id, info.error());
  name_reply(id, follow_links(context_, session_->fs(), paths_, *path).str());
}

void SftpChannel::readlink(std::uint32_t id, Fields fields) {
  const auto path = this->path(id, fields);
  if (!path) return;
  const auto target = session_->fs().read_link(context_, *path);
  if (!target) return reply(id, target.error());
  name_reply(id, *target);
}

// OpenSSH put the target first, against the draft, and every client followed.
void SftpChannel::symlink(std::uint32_t id, Fields fields) {
  const auto target = fields.string();
  const auto link = path(id, fields);
  if (!link) return;
  if (target.empty() || target.size() > 4096 || target.find('\0') != std::string_view::npos)
    return reply(id, StatusCode::Failure, "failure: the link's target is not a path");
  reply(id, session_->fs().symlink(context_, target, *link));
}

}  // namespace slipway::sftp
