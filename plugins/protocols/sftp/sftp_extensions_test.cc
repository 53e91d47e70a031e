// The extensions on a session without the server's core: what they do where it offers nothing.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <semaphore>

#include "digest.h"
#include "fake_session.h"
#include "posix_filesystem.h"
#include "sftp_channel.h"

namespace slipway::sftp {
namespace {

namespace fs = std::filesystem;
using namespace open_flag;

struct Body {
  ByteQueue queue;
  Body& u8(std::uint8_t value) { return PacketWriter(queue).u8(value), *this; }
  Body& u32(std::uint32_t value) { return PacketWriter(queue).u32(value), *this; }
  Body& u64(std::uint64_t value) { return PacketWriter(queue).u64(value), *this; }
  Body& str(std::string_view value) { return PacketWriter(queue).string(value), *this; }
};

struct Reply {
  PacketType type{};
  std::uint32_t id = 0;
  std::string body;
  std::uint32_t code() const {
    EXPECT_EQ(type, PacketType::Status);
    return FieldReader(std::as_bytes(std::span(body))).u32();
  }
  std::string first_string() const { return std::string(FieldReader(std::as_bytes(std::span(body))).string()); }
};

class SftpExtensions : public ::testing::TestWithParam<bool> {
 protected:
  SftpExtensions() : root(fs::temp_directory_path() / ("sftp-extensions-" + std::to_string(::getpid()))) {
    fs::remove_all(root);
    fs::create_directories(root);
    auto session = std::make_unique<testing::FakeSession>(testing::make_posix_filesystem(root.string()), "id", "user");
    std::function<void()> wake;
    if (GetParam()) wake = [this] { woken.release(); };
    channel = std::make_unique<SftpChannel>(std::move(session), paths, stop.get_token(), ChannelSettings{}, wake);
    Body init;
    init.u32(kProtocolVersion);
    send(PacketType::Init, init);
    receive();
  }
  ~SftpExtensions() override {
    channel.reset();
    fs::remove_all(root);
  }

  void put(const char* name, std::string_view content) { std::ofstream(root / name) << content; }
  std::string get(const char* name) {
    std::ifstream file(root / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void send(PacketType type, const Body& body) {
    ByteQueue packet;
    PacketWriter writer(packet);
    writer.u32(static_cast<std::uint32_t>(1 + body.queue.size()));
    writer.u8(static_cast<std::uint8_t>(type));
    packet.append(body.queue.data());
    ASSERT_TRUE(channel->receive(packet.data()));
  }
  // The next reply, whoever works on it meanwhile.
  Reply receive() {
    while (channel->work(), !channel->has_output()) {
      EXPECT_TRUE(GetParam()) << "without a thread the reply is there at once";
      woken.acquire();
    }
    FieldReader fields(channel->to_send());
    const auto length = fields.u32();
    Reply reply;
    reply.type = static_cast<PacketType>(fields.u8());
    reply.id = fields.u32();
    reply.body = {reinterpret_cast<const char*>(channel->to_send().data()) + 9, length - 5};
    channel->sent(4 + length);
    return reply;
  }
  Reply extended(std::string_view name, const std::function<void(Body&)>& fields) {
    Body body;
    body.u32(++id).str(name);
    fields(body);
    send(PacketType::Extended, body);
    auto reply = receive();
    EXPECT_EQ(reply.id, id);
    return reply;
  }
  std::string open(const char* path, std::uint32_t flags) {
    Body body;
    body.u32(++id).str(path).u32(flags).u32(0);
    send(PacketType::Open, body);
    const auto reply = receive();
    EXPECT_EQ(reply.type, PacketType::Handle);
    return reply.first_string();
  }

  const fs::path root;
  testing::LexicalPaths paths;
  std::stop_source stop;
  std::counting_semaphore<> woken{0};
  std::unique_ptr<SftpChannel> channel;
  std::uint32_t id = 0;
};

TEST_P(SftpExtensions, DataIsCopiedThroughTheFiles) {
  put("from", "0123456789");
  const auto from = open("from", kRead), to = open("to", kWrite | kCreate);
  const auto copy = [&](std::uint64_t source, std::uint64_t length, std::uint64_t target) {
    return extended("copy-data", [&](Body& b) { b.str(from).u64(source).u64(length).str(to).u64(target); }).code();
  };
  EXPECT_EQ(copy(2, 3, 0), 0u);
  EXPECT_EQ(copy(5, 0, 3), 0u);
  EXPECT_EQ(copy(5, 100, 3), 1u) << "the source ends before";
  EXPECT_EQ(copy(5, 1ull << 63, 3), 4u);
  EXPECT_EQ(copy(1ull << 63, 1, 3), 4u);
  EXPECT_EQ(get("to"), "23456789");
}

TEST_P(SftpExtensions, RequestsBehindALongOneWaitForIt) {
  put("from", std::string(5'000'000, 'a'));
  const auto from = open("from", kRead), to = open("to", kWrite | kCreate);
  Body copy, write, close;
  copy.u32(100).str("copy-data").str(from).u64(0).u64(0).str(to).u64(0);
  write.u32(101).str(to).u64(1).str("b");
  close.u32(102).str(to);
  send(PacketType::Extended, copy);
  send(PacketType::Write, write);
  send(PacketType::Close, close);
  EXPECT_TRUE(channel->busy());
  for (const std::uint32_t expected : {100u, 101u, 102u}) {
    const auto reply = receive();
    EXPECT_EQ(reply.id, expected);
    EXPECT_EQ(reply.code(), 0u);
  }
  EXPECT_EQ(get("to").substr(0, 3), "aba");
  EXPECT_EQ(fs::file_size(root / "to"), 5'000'000u);
}

TEST_P(SftpExtensions, AStopEndsALongRequest) {
  put("from", std::string(5'000'000, 'a'));
  const auto from = open("from", kRead), to = open("to", kWrite | kCreate);
  stop.request_stop();
  EXPECT_EQ(extended("copy-data", [&](Body& b) { b.str(from).u64(0).u64(0).str(to).u64(0); }).code(), 4u);
}

TEST_P(SftpExtensions, HashesOfBlocks) {
  put("file", std::string(600, 'a'));
  const auto digest = [](std::string_view text) {
    auto md5 = *Digest::make("md5");
    md5.update(std::as_bytes(std::span(text)));
    return md5.finish();
  };
  const auto reply = extended("check-file-name", [](Body& b) { b.str("file").str("none,md5").u64(0).u64(0).u32(256); });
  ASSERT_EQ(reply.type, PacketType::ExtendedReply);
  const std::string a256(256, 'a'), a88(88, 'a');
  EXPECT_EQ(reply.body.substr(4 + 10 + 4 + 3), digest(a256) + digest(a256) + digest(a88));
  const auto refused = [&](std::uint64_t offset, std::uint32_t block, const char* algorithm) {
    return extended("check-file-name", [&](Body& b) { b.str("file").str(algorithm).u64(offset).u64(0).u32(block); })
        .code();
  };
  EXPECT_EQ(refused(601, 0, "md5"), 4u);
  EXPECT_EQ(refused(0, 255, "md5"), 4u);
  EXPECT_EQ(refused(0, 0, "crc64,"), 8u);
}

TEST_P(SftpExtensions, TooManyHashesForAReplyAreRefused) {
  put("file", "");
  fs::resize_file(root / "file", 8u << 20);
  const auto ask = [&](std::uint32_t block) {
    return extended("check-file-name", [&](Body& b) { b.str("file").str("sha512").u64(0).u64(0).u32(block); });
  };
  EXPECT_EQ(ask(256).code(), 4u);
  EXPECT_EQ(ask(4096).type, PacketType::ExtendedReply);
}

TEST_P(SftpExtensions, CutRequestsAreBadMessages) {
  for (const char* name : {"copy-data", "copy-file", "check-file", "check-file-name", "md5-hash", "md5-hash-handle",
                           "expand-path@openssh.com", "home-directory", "users-groups-by-id@openssh.com"})
    EXPECT_EQ(extended(name, [](Body&) {}).code(), 5u) << name;
}

INSTANTIATE_TEST_SUITE_P(HereOrOnAThread, SftpExtensions, ::testing::Bool());

TEST(DigestTest, KnownNamesAndValues) {
  EXPECT_FALSE(Digest::make("MD5"));
  EXPECT_FALSE(Digest::make(""));
  for (const char* name : {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
    EXPECT_TRUE(Digest::make(name)) << name;
  auto sha1 = *Digest::make("sha1");
  EXPECT_EQ(to_hex(sha1.finish()), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  const std::string_view abc = "abc";
  sha1.update(std::as_bytes(std::span(abc)));
  EXPECT_EQ(to_hex(sha1.finish()), "a9993e364706816aba3e25717850c26c9cd0d89d") << "finish() starts again";
  EXPECT_EQ(sha1.size(), 20u);
}

}  // namespace
}  // namespace slipway::sftp
