// The SFTP server of one channel: bytes in, calls of the session's filesystem, bytes out. It knows no SSH.
#pragma once

#include <memory>
#include <string>

#include "channel_program.h"
#include "handle_table.h"
#include "long_request.h"
#include "packet_parser.h"
#include "sftp_status.h"
#include "slipway/session.h"

namespace slipway::sftp {

// What differs between servers, not between sessions.
struct ChannelSettings {
  bool dot_entries = true;          // "." and ".." in listings
  HandleBudget* handles = nullptr;  // of the client's connection; null: no bound beyond the session's own
};

// One thread at a time. receive() may be called while the caller sends what to_send() gave, and is the only one that
// may: replies are gathered in another buffer. Destroy it before its session.
class SftpChannel final : public ChannelProgram {
 public:
  // Handles, requests and replies that a session may hold; soft, by one packet.
  static constexpr std::size_t kMaxHandles = 1000;
  static constexpr std::size_t kMaxQueued = 1024 * 1024;
  static constexpr std::size_t kMaxUnsent = 1024 * 1024;
  // How much is gathered before it is sent.
  static constexpr std::size_t kGather = 512 * 1024;

  // `paths`, and what `wake` needs, outlive the channel. `stop` ends calls that wait for storage. `wake` is called from
  // another thread when work() has to go on with a request that took long; without one, work() does these itself.
  SftpChannel(std::unique_ptr<Session> session, const PathResolver& paths, std::stop_token stop,
              ChannelSettings settings, std::function<void()> wake = nullptr);
  ~SftpChannel() override;

  // Takes all of `input`, or nothing when full(). Requests are kept for work(); the data of a WRITE goes straight to
  // its file when no request waits before it.
  bool receive(std::span<const std::byte> input) override;
  void receive_held(std::span<const std::byte> input) override { take(input); }
  void end_of_input() override { input_ended_ = true; }
  // Answers waiting requests until kGather bytes of replies are there.
  void work() override;
  bool has_work() const noexcept override { return !requests_.empty() && (!long_ || long_->done()); }

  // The replies to send next; sent() takes them off. The span is valid until then, whatever is received meanwhile.
  std::span<const std::byte> to_send() noexcept override;
  void sent(std::size_t count) noexcept override { sending_.consume(count); }
  bool has_output() const noexcept override { return !replies_.empty() || !sending_.empty(); }

  // Nothing more is taken until work() and sent() have made room.
  bool full() const noexcept override { return requests_.size() >= kMaxQueued || unsent() >= kMaxUnsent; }
  // Any one packet can be taken without becoming full.
  bool has_headroom() const noexcept override { return requests_.size() < kMaxQueued / 2 && unsent() < kMaxUnsent / 2; }
  std::optional<int> exit_status() const noexcept override;
  // The client does not speak the protocol; the channel must end.
  bool broken() const noexcept override { return broken_; }
  // Whether a file is open or a request waits: what a draining server waits for.
  bool busy() const noexcept override;
  bool at_rest() const noexcept override { return !long_ || long_->done(); }
  // Drops buffers that are empty.
  void release_memory() noexcept override;

  Session& session() noexcept { return *session_; }

 private:
  using Fields = FieldReader&;
  struct StreamedWrite {
    std::uint32_t id = 0;
    OpenFile* file = nullptr;  // null: the handle is not one
    std::uint64_t offset = 0;
    std::size_t left = 0;
  };

  std::size_t unsent() const noexcept { return replies_.size() + sending_.size(); }
  void take(std::span<const std::byte> input);
  void begin_write(const PacketParser::Write& write);
  void write_part(std::span<const std::byte> data);
  void write(OpenFile& file, std::uint64_t offset, std::span<const std::byte> data);
  void write_done(std::uint32_t id, const OpenFile* file);

  void answer(std::span<const std::byte> packet);
  void dispatch(PacketType type, std::uint32_t id, Fields fields);
  void init(Fields fields);
  void open(std::uint32_t id, Fields fields);
  void close(std::uint32_t id, Fields fields);
  void read(std::uint32_t id, Fields fields);
  void write(std::uint32_t id, Fields fields);
  void stat(std::uint32_t id, Fields fields, Follow follow);
  void fstat(std::uint32_t id, Fields fields);
  void setstat(std::uint32_t id, Fields fields, Follow follow);
  void fsetstat(std::uint32_t id, Fields fields);
  void opendir(std::uint32_t id, Fields fields);
  void readdir(std::uint32_t id, Fields fields);
  void remove(std::uint32_t id, Fields fields);
  void mkdir(std::uint32_t id, Fields fields);
  void rmdir(std::uint32_t id, Fields fields);
  void realpath(std::uint32_t id, Fields fields);
  void rename(std::uint32_t id, Fields fields);
  void readlink(std::uint32_t id, Fields fields);
  void symlink(std::uint32_t id, Fields fields);
  void extended(std::uint32_t id, Fields fields);
  void fsync(std::uint32_t id, Fields fields);
  void statvfs(std::uint32_t id, Fields fields, bool by_handle);
  void limits(std::uint32_t id);
  void expand_path(std::uint32_t id, Fields fields);
  void home_directory(std::uint32_t id, Fields fields);
  void users_and_groups(std::uint32_t id, Fields fields);
  void copy_data(std::uint32_t id, Fields fields);
  void copy_file(std::uint32_t id, Fields fields);
  void check_file(std::uint32_t id, Fields fields, bool by_handle);
  void md5_hash(std::uint32_t id, Fields fields, bool by_handle);

  // Goes on with the request at the front later; those behind it wait.
  void begin_long(std::uint32_t id, LongRequest::Work work);
  void end_long();
  // For a hash of what a request names: false after an error reply was written.
  struct Hashed {
    VPath path;            // opened anew
    File* file = nullptr;  // instead: an upload that can be read
  };
  bool hashed(std::uint32_t id, Fields fields, bool by_handle, Hashed& hashed);
  void name_reply(std::uint32_t id, std::string_view name);

  Status finish(OpenFile& file);
  Status set_attributes(const VPath& path, const Attributes& attributes, Follow follow);
  Status set_attributes(OpenFile& file, const Attributes& attributes);

  // The next field as a path of the session; an empty result after an error reply was written.
  std::optional<VPath> path(std::uint32_t id, Fields fields);
  bool complete(std::uint32_t id, Fields fields);
  void reply(std::uint32_t id, StatusCode code);
  void reply(std::uint32_t id, StatusCode code, std::string_view text);
  void reply(std::uint32_t id, const Error& error, Purpose purpose = Purpose::Other);
  void reply(std::uint32_t id, const Status& status, Purpose purpose = Purpose::Other);
  void bad_handle(std::uint32_t id);

  const std::unique_ptr<Session> session_;
  const PathResolver& paths_;
  const ChannelSettings settings_;
  const std::function<void()> wake_;
  OpContext context_;

  PacketParser parser_;
  ByteQueue requests_;  // whole packets, each with its length
  ByteQueue replies_, sending_;
  PacketWriter writer_{replies_};
  std::optional<StreamedWrite> write_;
  HandleTable handles_{kMaxHandles, settings_.handles};
  std::unique_ptr<LongRequest> long_;  // the request at the front of requests_
  bool initialised_ = false, broken_ = false, input_ended_ = false;
};

}  // namespace slipway::sftp
