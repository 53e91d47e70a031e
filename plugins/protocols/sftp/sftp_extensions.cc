// The extensions of SFTP version 3 that clients use: OpenSSH's, and those of draft-ietf-secsh-filexfer-extensions-00.
#include <algorithm>
#include <array>
#include <limits>

#include "digest.h"
#include "sftp_channel.h"
#include "slipway/server_side.h"

namespace slipway::sftp {
namespace {

constexpr std::uint64_t kMaxOffset = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kCopyBlock = 256 * 1024;
constexpr std::uint64_t kQuickCheck = 2048;  // bytes that md5-hash looks at first
constexpr std::uint32_t kMinHashBlock = 256;
constexpr std::size_t kMaxIds = 4096;  // of one users-groups-by-id

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kExtensions{{
    {"posix-rename@openssh.com", "1"},
    {"statvfs@openssh.com", "2"},
    {"fstatvfs@openssh.com", "2"},
    {"fsync@openssh.com", "1"},
    {"lsetstat@openssh.com", "1"},
    {"limits@openssh.com", "1"},
    {"expand-path@openssh.com", "1"},
    {"copy-data", "1"},
    {"home-directory", "1"},
    {"users-groups-by-id@openssh.com", "1"},
    {"copy-file", "1"},
    {"check-file", "1"},
    {"md5-hash", "1"},
}};

LongReply failed(Error error) {
  LongReply reply;
  reply.error = std::move(error);
  return reply;
}

void append_string(std::string& payload, std::string_view text) {
  for (int shift = 24; shift >= 0; shift -= 8) payload += static_cast<char>(text.size() >> shift & 0xff);
  payload += text;
}

// The first of a comma separated list that is known.
std::optional<std::pair<std::string, Digest>> first_digest(std::string_view list) {
  while (true) {
    const auto name = list.substr(0, list.find(','));
    if (auto digest = Digest::make(name)) return std::pair(std::string(name), std::move(*digest));
    if (name.size() == list.size()) return std::nullopt;
    list.remove_prefix(name.size() + 1);
  }
}

struct CopyRange {
  std::uint64_t source_offset = 0, target_offset = 0;
  std::uint64_t length = 0;  // 0: up to the end
};

// Through the storage where it can, else through this process.
LongReply copy_range(const OpContext& op, File& source, File& target, const CopyRange& range) {
  auto* inside = static_cast<RangeCopy*>(target.query(RangeCopy::kInterfaceId));
  std::vector<std::byte> block(inside == nullptr ? kCopyBlock : 0);
  const std::uint64_t wanted =
      range.length == 0 ? kMaxOffset - std::max(range.source_offset, range.target_offset) : range.length;
  std::uint64_t done = 0;
  const auto step = [&]() -> Result<std::uint64_t> {
    if (inside != nullptr)
      return inside->copy_range(op, source, {range.source_offset + done, range.target_offset + done, wanted - done});
    const auto part = std::span(block).first(std::min<std::uint64_t>(block.size(), wanted - done));
    SLIPWAY_ASSIGN(const std::size_t count, source.read_at(op, range.source_offset + done, part));
    if (count > 0) SLIPWAY_TRY(target.write_at(op, range.target_offset + done, part.first(count)));
    return std::uint64_t{count};
  };
  while (done < wanted) {
    if (auto going = check(op, "copy"); !going) return failed(std::move(going).error());
    const auto count = step();
    if (!count) return failed(count.error());
    if (*count == 0) break;
    done += *count;
  }
  LongReply reply;
  if (range.length > 0 && done < range.length) reply.code = StatusCode::Eof;
  return reply;
}

struct HashRange {
  std::uint64_t offset = 0, length = 0;  // 0: up to the end
  std::uint32_t block = 0;               // one hash for each so many bytes; 0: one for all
};

// The hashes of a range, one behind the other.
Result<std::string> hash_blocks(const OpContext& op, File& file, const HashRange& range, Digest& digest) {
  SLIPWAY_ASSIGN(const FileInfo info, file.stat(op));
  if (range.offset > info.size)
    return Error(Errc::InvalidArgument, "hash", "the range starts behind the end of the file");
  const auto there = info.size - range.offset;
  const auto length = range.length == 0 ? there : std::min(range.length, there);
  const auto block = range.block == 0 ? std::max<std::uint64_t>(length, 1) : range.block;
  if ((length / block + 1) * digest.size() > kMaxData)
    return Error(Errc::InvalidArgument, "hash", "too many hashes for one reply; ask for a part of the file");
  std::string hashes;
  for (std::uint64_t done = 0; done < length || hashes.empty(); done += block) {
    SLIPWAY_TRY(digest_range(op, file, range.offset + done, std::min(block, length - done), digest));
    hashes += digest.finish();
    if (length == 0) break;
  }
  return hashes;
}

}  // namespace

void SftpChannel::init(Fields fields) {
  const auto version = fields.u32();
  if (!fields.ok() || version < kProtocolVersion) {
    broken_ = true;
    return;
  }
  initialised_ = true;
  writer_.version(kExtensions);
}

void SftpChannel::extended(std::uint32_t id, Fields fields) {
  const auto name = fields.string();
  if (!complete(id, fields)) return;
  if (name == "posix-rename@openssh.com") return rename(id, fields);
  if (name == "statvfs@openssh.com") return statvfs(id, fields, false);
  if (name == "fstatvfs@openssh.com") return statvfs(id, fields, true);
  if (name == "fsync@openssh.com") return fsync(id, fields);
  if (name == "lsetstat@openssh.com") return setstat(id, fields, Follow::No);
  if (name == "limits@openssh.com") return limits(id);
  if (name == "expand-path@openssh.com") return expand_path(id, fields);
  if (name == "home-directory") return home_directory(id, fields);
  if (name == "users-groups-by-id@openssh.com") return users_and_groups(id, fields);
  if (name == "copy-data") return copy_data(id, fields);
  if (name == "copy-file") return copy_file(id, fields);
  // paramiko leaves the end of the name out.
  if (name == "check-file" || name == "check-file-handle") return check_file(id, fields, true);
  if (name == "check-file-name") return check_file(id, fields, false);
  if (name == "md5-hash") return md5_hash(id, fields, false);
  if (name == "md5-hash-handle") return md5_hash(id, fields, true);
  reply(id, StatusCode::Unsupported);
}

// ---- requests that take long

void SftpChannel::begin_long(std::uint32_t id, LongRequest::Work work) {
  long_ = std::make_unique<LongRequest>(id, std::move(work), wake_);
}

void SftpChannel::end_long() {
  const auto id = long_->id();
  const auto result = long_->take();
  long_.reset();
  if (result.error) return reply(id, *result.error);
  if (result.payload.empty()) return reply(id, result.code);
  writer_.begin(PacketType::ExtendedReply, id);
  replies_.append(std::as_bytes(std::span(result.payload)));
  writer_.end();
}

// ---- copies

// draft-ietf-secsh-filexfer-extensions-00, 7; as OpenSSH's sftp and WinSCP use it.
void SftpChannel::copy_data(std::uint32_t id, Fields fields) {
  const auto from = fields.string();
  CopyRange range;
  range.source_offset = fields.u64();
  range.length = fields.u64();
  const auto to = fields.string();
  range.target_offset = fields.u64();
  if (!complete(id, fields)) return;
  auto* source = handles_.file(from);
  auto* target = handles_.file(to);
  if (source == nullptr || target == nullptr) return bad_handle(id);
  if (!source->readable) return reply(id, StatusCode::Failure, "failure: the file is not open for reading");
  if (!target->writable) return reply(id, StatusCode::Failure, "failure: the file is not open for writing");
  if (source == target || source->path == target->path)
    return reply(id, StatusCode::Failure, "failure: source and target are one file");
  if (target->failure) return reply(id, *target->failure, Purpose::Write);
  if (range.length > kMaxOffset || range.source_offset > kMaxOffset - range.length ||
      range.target_offset > kMaxOffset - range.length)
    return reply(id, StatusCode::Failure, "failure: the range is too large");
  if (range.target_offset < target->append_from)
    return reply(id, StatusCode::Failure, "failure: the file is open for appending");
  target->times_stale = true;
  begin_long(id, [op = context_, from_file = source->file.get(), to_file = target->file.get(), range] {
    return copy_range(op, *from_file, *to_file, range);
  });
}

// The same draft, 6: WinSCP.
void SftpChannel::copy_file(std::uint32_t id, Fields fields) {
  const auto from = path(id, fields);
  if (!from) return;
  const auto to = path(id, fields);
  if (!to) return;
  const bool overwrite = fields.u8() != 0;
  if (!complete(id, fields)) return;
  begin_long(id, [op = context_, &fs = session_->fs(), from = *from, to = *to, overwrite]() -> LongReply {
    if (!overwrite) {
      const auto present = fs.stat(op, to, Follow::No);
      if (present) return failed(Error(Errc::Conflict, to.str(), "the target exists already"));
      if (present.code() != Errc::NotFound) return failed(present.error());
    }
    auto copied = fs.copy(op, from, to);
    if (copied) return {};
    return failed(std::move(copied).error());
  });
}

// ---- hashes

bool SftpChannel::hashed(std::uint32_t id, Fields fields, bool by_handle, Hashed& hashed) {
  if (!by_handle) {
    const auto named = path(id, fields);
    if (named) hashed.path = *named;
    return named.has_value();
  }
  auto* file = handles_.file(fields.string());
  if (!complete(id, fields)) return false;
  if (file == nullptr) {
    bad_handle(id);
    return false;
  }
  if (file->writable && !file->readable) {
    reply(id, StatusCode::PermissionDenied);
    return false;
  }
  hashed.path = file->path;
  // What is being written is not there by its name yet.
  if (file->writable) hashed.file = file->file.get();
  return true;
}

// The same draft, 3: WinSCP by name, paramiko by handle.
void SftpChannel::check_file(std::uint32_t id, Fields fields, bool by_handle) {
  Hashed what;
  if (!hashed(id, fields, by_handle, what)) return;
  const auto algorithms = fields.string();
  HashRange range;
  range.offset = fields.u64();
  range.length = fields.u64();
  range.block = fields.u32();
  if (!complete(id, fields)) return;
  if (range.block != 0 && range.block < kMinHashBlock)
    return reply(id, StatusCode::Failure, "failure: blocks have at least 256 bytes");
  auto digest = first_digest(algorithms);
  if (!digest) return reply(id, StatusCode::Unsupported);
  begin_long(id,
             [op = context_, &fs = session_->fs(), what, range, name = std::move(digest->first),
              digest = std::make_shared<Digest>(std::move(digest->second))]() -> LongReply {
               std::unique_ptr<File> opened;
               auto hashes = [&]() -> Result<std::string> {
                 if (what.file != nullptr) return hash_blocks(op, *what.file, range, *digest);
                 SLIPWAY_ASSIGN(opened, open_for_digest(op, fs, what.path));
                 return hash_blocks(op, *opened, range, *digest);
               }();
               if (!hashes) return failed(std::move(hashes).error());
               LongReply reply;
               append_string(reply.payload, "check-file");
               append_string(reply.payload, name);
               reply.payload += *hashes;
               return reply;
             });
}

// The same draft, 2: nothing when the first bytes do not have the hash that the client has seen before.
void SftpChannel::md5_hash(std::uint32_t id, Fields fields, bool by_handle) {
  Hashed what;
  if (!hashed(id, fields, by_handle, what)) return;
  HashRange range;
  range.offset = fields.u64();
  range.length = fields.u64();
  const std::string quick(fields.string());
  if (!complete(id, fields)) return;
  auto made = Digest::make("md5");
  if (!made) return reply(id, StatusCode::Unsupported);
  begin_long(id,
             [op = context_, &fs = session_->fs(), what, range, quick,
              digest = std::make_shared<Digest>(std::move(*made))]() -> LongReply {
               std::unique_ptr<File> opened;
               auto hash = [&]() -> Result<std::string> {
                 File* file = what.file;
                 if (file == nullptr) {
                   SLIPWAY_ASSIGN(opened, open_for_digest(op, fs, what.path));
                   file = opened.get();
                 }
                 if (!quick.empty()) {
                   auto first = range;
                   first.length = range.length == 0 ? kQuickCheck : std::min(range.length, kQuickCheck);
                   SLIPWAY_ASSIGN(const std::string seen, hash_blocks(op, *file, first, *digest));
                   if (seen != quick) return std::string();
                 }
                 return hash_blocks(op, *file, range, *digest);
               }();
               if (!hash) return failed(std::move(hash).error());
               LongReply reply;
               append_string(reply.payload, "md5-hash");
               append_string(reply.payload, *hash);
               return reply;
             });
}

// ---- who and where

// As realpath, with "~" and "~user" at the front; of other users there is no home to be known.
void SftpChannel::expand_path(std::uint32_t id, Fields fields) {
  auto text = fields.string();
  if (!complete(id, fields)) return;
  if (text.starts_with('~')) {
    const auto end = std::min(text.find('/'), text.size());
    const auto user = text.substr(1, end - 1);
    if (!user.empty() && user != session_->user()) return reply(id, StatusCode::NoSuchFile);
    text.remove_prefix(end);
    while (text.starts_with('/')) text.remove_prefix(1);
  }
  const auto path = paths_.resolve(session_->start_directory(), text);
  if (!path) return reply(id, path.error());
  name_reply(id, path->str());
}

void SftpChannel::home_directory(std::uint32_t id, Fields fields) {
  const auto user = fields.string();
  if (!complete(id, fields)) return;
  if (!user.empty() && user != session_->user()) return reply(id, StatusCode::NoSuchFile);
  name_reply(id, session_->start_directory().str());
}

// Names of the account's own ids, where it has any; empty for all others, whose numbers the client then shows.
void SftpChannel::users_and_groups(std::uint32_t id, Fields fields) {
  const auto users = fields.string(), groups = fields.string();
  if (!complete(id, fields)) return;
  if (users.size() % 4 != 0 || groups.size() % 4 != 0 || users.size() + groups.size() > kMaxIds * 4)
    return reply(id, StatusCode::BadMessage);
  auto* ids = static_cast<AccountIds*>(session_->fs().query(AccountIds::kInterfaceId));
  const auto names = [&](std::string_view packed, std::optional<std::uint32_t> own) {
    std::string names;
    FieldReader reader(std::as_bytes(std::span(packed)));
    for (std::size_t i = 0; i < packed.size(); i += 4) {
      const bool is_own = own == reader.u32();
      append_string(names, is_own ? std::string_view(session_->user()) : std::string_view());
    }
    return names;
  };
  writer_.begin(PacketType::ExtendedReply, id);
  writer_.string(names(users, ids == nullptr ? std::nullopt : ids->uid()));
  writer_.string(names(groups, ids == nullptr ? std::nullopt : ids->gid()));
  writer_.end();
}

// ---- OpenSSH's others

void SftpChannel::fsync(std::uint32_t id, Fields fields) {
  auto* file = handles_.file(fields.string());
  if (!complete(id, fields)) return;
  if (file == nullptr) return bad_handle(id);
  reply(id, file->file->sync(context_), Purpose::Write);
}

void SftpChannel::statvfs(std::uint32_t id, Fields fields, bool by_handle) {
  std::optional<VPath> path;
  if (by_handle) {
    const auto handle = fields.string();
    if (!complete(id, fields)) return;
    if (const auto* file = handles_.file(handle)) {
      path = file->path;
    } else if (const auto* directory = handles_.directory(handle)) {
      path = directory->path;
    } else {
      return bad_handle(id);
    }
  } else {
    path = this->path(id, fields);
  }
  if (!path) return;
  const auto space = session_->fs().space(context_, *path);
  if (!space) return reply(id, space.error());
  writer_.begin(PacketType::ExtendedReply, id);
  for (const auto value : {space->block_size, space->block_size, space->total_blocks, space->free_blocks,
                           space->available_blocks, space->total_files, space->free_files, space->free_files,
                           std::uint64_t{0} /* fsid */, std::uint64_t{0} /* flags */, space->max_name})
    writer_.u64(value);
  writer_.end();
}

void SftpChannel::limits(std::uint32_t id) {
  writer_.begin(PacketType::ExtendedReply, id);
  for (const std::uint64_t value : {kMaxPacket, kMaxData, kMaxData, kMaxHandles}) writer_.u64(value);
  writer_.end();
}

}  // namespace slipway::sftp
