#include "sftp_channel.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "fake_session.h"
#include "posix_filesystem.h"

namespace slipway::sftp {
namespace {

namespace fs = std::filesystem;
using namespace open_flag;

struct Reply {
  PacketType type{};
  std::uint32_t id = 0;
  std::string body;  // behind the id

  std::uint32_t code() const {
    EXPECT_EQ(type, PacketType::Status);
    return FieldReader(std::as_bytes(std::span(body))).u32();
  }
  std::string text() const {
    FieldReader fields(std::as_bytes(std::span(body)));
    fields.u32();
    return std::string(fields.string());
  }
  std::string handle() const {
    EXPECT_EQ(type, PacketType::Handle) << text();
    return std::string(FieldReader(std::as_bytes(std::span(body))).string());
  }
  std::string data() const {
    EXPECT_EQ(type, PacketType::Data) << text();
    return std::string(FieldReader(std::as_bytes(std::span(body))).string());
  }
  Attributes attributes() const {
    EXPECT_EQ(type, PacketType::Attrs) << text();
    return FieldReader(std::as_bytes(std::span(body))).attributes();
  }
  std::vector<std::string> names() const {
    EXPECT_EQ(type, PacketType::Name) << text();
    FieldReader fields(std::as_bytes(std::span(body)));
    std::vector<std::string> names(fields.u32());
    for (auto& name : names) {
      name = fields.string();
      fields.string();
      fields.attributes();
    }
    EXPECT_TRUE(fields.ok());
    return names;
  }
};

// A request's fields, in order.
struct Body {
  ByteQueue queue;
  Body& u32(std::uint32_t value) { return PacketWriter(queue).u32(value), *this; }
  Body& u64(std::uint64_t value) { return PacketWriter(queue).u64(value), *this; }
  Body& str(std::string_view value) { return PacketWriter(queue).string(value), *this; }
  std::string text() const { return {reinterpret_cast<const char*>(queue.data().data()), queue.size()}; }
};

class SftpChannelTest : public ::testing::Test {
 protected:
  SftpChannelTest() : root(fs::temp_directory_path() / ("sftp-channel-" + std::to_string(::getpid()))) {
    fs::remove_all(root);
    fs::create_directories(root);
    restart({});
  }
  ~SftpChannelTest() override {
    channel.reset();
    fs::remove_all(root);
  }
  void restart(ChannelSettings settings, std::string start = "/") {
    channel.reset();
    auto session = std::make_unique<testing::FakeSession>(testing::make_posix_filesystem(root), "SFTP_1_1", "user");
    session->start_in(VPath(std::move(start)));
    channel = std::make_unique<SftpChannel>(std::move(session), paths, std::stop_token(), settings);
    send_raw(std::string("\0\0\0\5\1\0\0\0\3", 9));
    const auto version = receive();
    ASSERT_EQ(version.type, PacketType::Version);
    ASSERT_EQ(version.id, 3u);
  }

  static std::string packet(PacketType type, std::uint32_t id, const std::string& body) {
    ByteQueue queue;
    PacketWriter out(queue);
    out.u32(static_cast<std::uint32_t>(5 + body.size()));
    out.u8(static_cast<std::uint8_t>(type));
    out.u32(id);
    queue.append(std::as_bytes(std::span(body)));
    return {reinterpret_cast<const char*>(queue.data().data()), queue.size()};
  }
  void send_raw(std::string_view bytes) { ASSERT_TRUE(channel->receive(std::as_bytes(std::span(bytes)))); }
  void collect() {
    while (true) {
      channel->work();
      const auto output = channel->to_send();
      if (output.empty()) break;
      received.append(reinterpret_cast<const char*>(output.data()), output.size());
      channel->sent(output.size());
    }
  }
  Reply receive() {
    collect();
    Reply reply;
    FieldReader fields(std::as_bytes(std::span(received)));
    const auto length = fields.u32();
    reply.type = static_cast<PacketType>(fields.u8());
    reply.id = fields.u32();
    if (!fields.ok() || received.size() < 4 + length) {
      ADD_FAILURE() << "no reply";
      return reply;
    }
    reply.body = received.substr(9, length - 5);
    received.erase(0, 4 + length);
    return reply;
  }
  Reply ask(PacketType type, const Body& body) {
    send_raw(packet(type, ++last_id, body.text()));
    auto reply = receive();
    EXPECT_EQ(reply.id, last_id);
    EXPECT_TRUE(received.empty()) << "one reply for one request";
    return reply;
  }
  std::string open(std::string_view path, std::uint32_t flags) {
    return ask(PacketType::Open, Body().str(path).u32(flags).u32(0)).handle();
  }
  Reply write(std::string_view handle, std::uint64_t offset, std::string_view data) {
    return ask(PacketType::Write, Body().str(handle).u64(offset).str(data));
  }
  Reply read(std::string_view handle, std::uint64_t offset, std::uint32_t length) {
    return ask(PacketType::Read, Body().str(handle).u64(offset).u32(length));
  }
  std::uint32_t close(std::string_view handle) { return ask(PacketType::Close, Body().str(handle)).code(); }
  std::string content(const std::string& name) const {
    std::ifstream in(root / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put(const std::string& name, std::string_view text) const {
    std::ofstream(root / name, std::ios::binary) << text;
  }

  const fs::path root;
  testing::LexicalPaths paths;
  std::unique_ptr<SftpChannel> channel;
  std::string received;
  std::uint32_t last_id = 100;
};

TEST_F(SftpChannelTest, VersionNamesTheExtensions) {
  channel = std::make_unique<SftpChannel>(
      std::make_unique<testing::FakeSession>(testing::make_posix_filesystem(root), "x", "user"), paths,
      std::stop_token(), ChannelSettings{});
  send_raw(std::string("\0\0\0\5\1\0\0\0\6", 9));
  const auto version = receive();
  FieldReader fields(std::as_bytes(std::span(version.body)));
  std::map<std::string, std::string> extensions;
  while (!fields.rest().empty() && fields.ok()) {
    std::string name(fields.string());
    extensions[name] = fields.string();
  }
  EXPECT_EQ(version.id, 3u);
  EXPECT_EQ(extensions["posix-rename@openssh.com"], "1");
  EXPECT_EQ(extensions["statvfs@openssh.com"], "2");
  EXPECT_EQ(extensions["fstatvfs@openssh.com"], "2");
  EXPECT_EQ(extensions["fsync@openssh.com"], "1");
  EXPECT_EQ(extensions["lsetstat@openssh.com"], "1");
  EXPECT_EQ(extensions["limits@openssh.com"], "1");
  EXPECT_FALSE(extensions.contains("hardlink@openssh.com"));
}

TEST_F(SftpChannelTest, ARequestBeforeInitOrASecondInitEndsTheSession) {
  send_raw(std::string("\0\0\0\5\1\0\0\0\3", 9));
  channel->work();
  EXPECT_TRUE(channel->broken());
  SftpChannel fresh(std::make_unique<testing::FakeSession>(testing::make_posix_filesystem(root), "x", "user"), paths,
                    std::stop_token(), ChannelSettings{});
  const auto early = packet(PacketType::Stat, 1, Body().str("/").text());
  fresh.receive(std::as_bytes(std::span(early)));
  fresh.work();
  EXPECT_TRUE(fresh.broken());
}

TEST_F(SftpChannelTest, WhatIsWrittenCanBeReadBack) {
  const auto out = open("/f", kWrite | kCreate | kTruncate);
  EXPECT_EQ(write(out, 0, "hello ").code(), 0u);
  EXPECT_EQ(write(out, 6, "world").code(), 0u);
  EXPECT_EQ(close(out), 0u);
  EXPECT_EQ(content("f"), "hello world");
  const auto in = open("/f", kRead);
  EXPECT_EQ(read(in, 6, 100).data(), "world");
  EXPECT_EQ(read(in, 11, 100).code(), 1u);
  EXPECT_EQ(read(in, 1ull << 63, 100).code(), 1u);
  EXPECT_EQ(read(in, UINT64_MAX, 0xffffffff).code(), 1u);
  EXPECT_EQ(close(in), 0u);
  EXPECT_EQ(close(in), 4u) << "a handle is closed once";
}

TEST_F(SftpChannelTest, AWriteInManyPiecesReachesTheFileBeforeItIsComplete) {
  const auto out = open("/f", kWrite | kCreate);
  const std::string data(200'000, 'x');
  const auto bytes = packet(PacketType::Write, 7, Body().str(out).u64(0).str(data).text());
  for (std::size_t at = 0; at < 150'000; at += 1000) send_raw(std::string_view(bytes).substr(at, 1000));
  EXPECT_GT(fs::file_size(root / "f"), 100'000u);
  collect();
  EXPECT_TRUE(received.empty()) << "no reply before the last byte";
  send_raw(std::string_view(bytes).substr(150'000));
  EXPECT_EQ(receive().code(), 0u);
  EXPECT_EQ(content("f"), data);
}

TEST_F(SftpChannelTest, PipelinedRequestsAreAnsweredInOrder) {
  put("in", std::string(100'000, 'r'));
  const auto in = open("/in", kRead), out = open("/out", kWrite | kCreate);
  std::string stream, expected;
  for (std::uint32_t i = 0; i < 500; ++i) {
    stream += packet(PacketType::Read, 2 * i, Body().str(in).u64(i * 100).u32(100).text());
    stream += packet(PacketType::Write, 2 * i + 1,
                     Body().str(out).u64(i * 10).str(std::string(10, static_cast<char>('a' + i % 26))).text());
    expected += std::string(10, static_cast<char>('a' + i % 26));
  }
  for (std::size_t at = 0; at < stream.size(); at += 32'768) send_raw(std::string_view(stream).substr(at, 32'768));
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const auto reply = receive();
    ASSERT_EQ(reply.id, i);
    ASSERT_EQ(reply.type, i % 2 == 0 ? PacketType::Data : PacketType::Status);
  }
  EXPECT_EQ(content("out"), expected);
}

TEST_F(SftpChannelTest, IsFullWhenAClientOnlyAsksAndTakesNothingThen) {
  put("f", std::string(1000, 'x'));
  const auto in = open("/f", kRead);
  const auto request = packet(PacketType::Read, 1, Body().str(in).u64(0).u32(1000).text());
  std::string batch;
  while (batch.size() < 30'000) batch += request;
  std::size_t sent = 0;
  while (!channel->full() && sent < 100'000'000) {
    send_raw(batch);
    sent += batch.size();
    channel->work();
    channel->to_send();  // the client reads nothing
  }
  ASSERT_TRUE(channel->full());
  EXPECT_LT(sent, 4'000'000u);
  EXPECT_FALSE(channel->receive(std::as_bytes(std::span(batch))));
  EXPECT_FALSE(channel->has_headroom());
  collect();
  EXPECT_FALSE(channel->full());
  EXPECT_TRUE(channel->has_headroom());
  EXPECT_EQ(received.size(), sent / request.size() * 1013);
}

TEST_F(SftpChannelTest, WhatWasRefusedIsTakenWholeHoweverMuchItIs) {
  const std::string request = packet(PacketType::Realpath, 7, Body().str(std::string(1000, 'x')).text());
  const auto bytes = std::as_bytes(std::span(request));
  std::size_t sent = 0;
  while (channel->receive(bytes)) ++sent;
  for (int i = 0; i < 3000; ++i, ++sent) channel->receive_held(bytes);
  EXPECT_FALSE(channel->broken());
  received.clear();
  std::size_t answers = 0;
  while (channel->has_work() || channel->has_output()) {
    channel->work();
    collect();
  }
  for (std::string_view rest = received; rest.size() >= 4; ++answers) {
    std::uint32_t length = 0;
    for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(rest[static_cast<std::size_t>(i)]);
    rest.remove_prefix(std::min<std::size_t>(rest.size(), 4 + length));
  }
  EXPECT_EQ(answers, sent);
}

TEST_F(SftpChannelTest, WritesThatArriveWhileOutputWaitsDoNotDisturbIt) {
  const auto out = open("/f", kWrite | kCreate);
  for (std::uint32_t i = 0; i < 10; ++i) send_raw(packet(PacketType::Write, i, Body().str(out).u64(i).str("x").text()));
  const auto sending = channel->to_send();
  const std::string before(reinterpret_cast<const char*>(sending.data()), sending.size());
  for (std::uint32_t i = 10; i < 5000; ++i)
    send_raw(packet(PacketType::Write, i, Body().str(out).u64(i).str("x").text()));
  EXPECT_EQ(before, std::string(reinterpret_cast<const char*>(sending.data()), sending.size()));
  for (std::uint32_t i = 0; i < 5000; ++i) ASSERT_EQ(receive().id, i);
}

TEST_F(SftpChannelTest, OpenFlagsAreThoseOfCompatibleServers) {
  EXPECT_EQ(ask(PacketType::Open, Body().str("/f").u32(0).u32(0)).text(), "bad file flags");
  EXPECT_EQ(ask(PacketType::Open, Body().str("/f").u32(kRead).u32(0)).code(), 2u);
  EXPECT_EQ(ask(PacketType::Open, Body().str("/f").u32(kWrite).u32(0)).code(), 2u);
  put("f", "old content");
  EXPECT_EQ(ask(PacketType::Open, Body().str("/f").u32(kWrite | kCreate | kExclusive).u32(0)).code(), 4u);
  close(open("/f", kWrite));
  EXPECT_EQ(content("f"), "old content") << "without TRUNC an upload resumes";
  close(open("/f", kWrite | kTruncate));
  EXPECT_EQ(content("f"), "");
}

TEST_F(SftpChannelTest, AppendingWritesAtTheEndOnlyAndFailsForGood) {
  put("f", "0123456789");
  const auto out = open("/f", kWrite | kAppend);
  EXPECT_EQ(write(out, 10, "ab").code(), 0u);
  const auto refused = write(out, 3, "xx");
  EXPECT_EQ(refused.code(), 4u);
  EXPECT_EQ(refused.text(), "failure: invalid write offset: 3 minimum valid value: 10");
  EXPECT_EQ(write(out, 12, "cd").code(), 4u) << "the transfer has failed";
  EXPECT_EQ(close(out), 4u);
  EXPECT_EQ(content("f"), "0123456789ab");
}

TEST_F(SftpChannelTest, WritesBeyondTheLargestOffsetFail) {
  const auto out = open("/f", kWrite | kCreate);
  EXPECT_EQ(write(out, (1ull << 63) - 1, "xx").code(), 4u);
  EXPECT_EQ(write(out, UINT64_MAX, "xx").code(), 4u);
  EXPECT_EQ(fs::file_size(root / "f"), 0u);
}

TEST_F(SftpChannelTest, ReadingAndWritingNeedTheirFlag) {
  put("f", "text");
  const auto in = open("/f", kRead), out = open("/g", kWrite | kCreate);
  EXPECT_EQ(write(in, 0, "x").code(), 4u);
  EXPECT_EQ(read(out, 0, 1).code(), 4u);
  EXPECT_EQ(content("f"), "text");
  EXPECT_EQ(close(in), 0u);
  const auto both = open("/f", kRead | kWrite);
  EXPECT_EQ(write(both, 0, "T").code(), 0u);
  EXPECT_EQ(read(both, 0, 4).data(), "Text");
}

TEST_F(SftpChannelTest, BadHandlesAreRefusedWhereverTheyAreUsed) {
  for (const auto& handle : {std::string(), std::string("bad"), std::string("12345678"), std::string(300, 'h')}) {
    EXPECT_EQ(close(handle), 4u);
    EXPECT_EQ(read(handle, 0, 10).code(), 4u);
    EXPECT_EQ(ask(PacketType::Fstat, Body().str(handle)).code(), 4u);
    EXPECT_EQ(ask(PacketType::Fsetstat, Body().str(handle).u32(0)).code(), 4u);
    EXPECT_EQ(ask(PacketType::Readdir, Body().str(handle)).code(), 4u);
  }
  EXPECT_EQ(write("12345678", 0, "data").code(), 4u);
  EXPECT_EQ(ask(PacketType::Extended, Body().str("fsync@openssh.com").str("12345678")).code(), 4u);
  EXPECT_EQ(ask(PacketType::Extended, Body().str("fstatvfs@openssh.com").str("12345678")).code(), 4u);
}

TEST_F(SftpChannelTest, HandlesAreLimited) {
  put("f", "x");
  std::string first;
  for (std::size_t i = 0; i < SftpChannel::kMaxHandles; ++i) {
    const auto handle = open("/f", kRead);
    if (i == 0) first = handle;
  }
  EXPECT_EQ(ask(PacketType::Open, Body().str("/f").u32(kRead).u32(0)).code(), 4u);
  EXPECT_EQ(ask(PacketType::Opendir, Body().str("/")).code(), 4u);
  EXPECT_EQ(close(first), 0u);
  open("/f", kRead);
}

TEST_F(SftpChannelTest, ListingsHaveDotEntriesFirstUnlessTurnedOff) {
  fs::create_directories(root / "d/sub");
  put("d/file", "x");
  auto handle = ask(PacketType::Opendir, Body().str("/d")).handle();
  auto names = ask(PacketType::Readdir, Body().str(handle)).names();
  ASSERT_EQ(names.size(), 4u);
  EXPECT_EQ(names[0], ".");
  EXPECT_EQ(names[1], "..");
  EXPECT_EQ(ask(PacketType::Readdir, Body().str(handle)).code(), 1u);
  EXPECT_EQ(close(handle), 0u);

  handle = ask(PacketType::Opendir, Body().str("/")).handle();
  names = ask(PacketType::Readdir, Body().str(handle)).names();
  EXPECT_EQ(names, (std::vector<std::string>{".", "d"})) << "the root has no parent";

  restart({.dot_entries = false});
  fs::create_directories(root / "empty");
  handle = ask(PacketType::Opendir, Body().str("/empty")).handle();
  EXPECT_EQ(ask(PacketType::Readdir, Body().str(handle)).code(), 1u);
}

TEST_F(SftpChannelTest, ALargeDirectoryComesInBatchesAndComplete) {
  for (int i = 0; i < 1300; ++i) put("file-" + std::to_string(i), "");
  const auto handle = ask(PacketType::Opendir, Body().str("/")).handle();
  std::set<std::string> names;
  std::size_t count = 0;
  while (true) {
    const auto reply = ask(PacketType::Readdir, Body().str(handle));
    if (reply.type == PacketType::Status) {
      EXPECT_EQ(reply.code(), 1u);
      break;
    }
    const auto batch = reply.names();
    EXPECT_LE(batch.size(), 250u);
    EXPECT_LT(reply.body.size(), kMaxPacket);
    count += batch.size();
    names.insert(batch.begin(), batch.end());
  }
  EXPECT_EQ(count, 1301u);
  EXPECT_EQ(names.size(), 1301u);
}

TEST_F(SftpChannelTest, NamesAreBytes) {
  const std::string name = "new\nline \"quoted\" \xff\xfe \xc3\xa4";
  close(open("/" + name, kWrite | kCreate));
  EXPECT_TRUE(fs::exists(root / name));
  const auto handle = ask(PacketType::Opendir, Body().str("/")).handle();
  EXPECT_EQ(ask(PacketType::Readdir, Body().str(handle)).names()[1], name);
  EXPECT_EQ(ask(PacketType::Stat, Body().str(std::string("a\0b", 3))).code(), 4u);
  EXPECT_EQ(ask(PacketType::Stat, Body().str(std::string(5000, 'x'))).code(), 4u);
}

TEST_F(SftpChannelTest, DirectoriesAreMadeAndRemoved) {
  EXPECT_EQ(ask(PacketType::Mkdir, Body().str("/d").u32(4).u32(0700)).code(), 0u);
  EXPECT_EQ(ask(PacketType::Mkdir, Body().str("/d").u32(0)).code(), 4u);
  put("d/f", "x");
  EXPECT_EQ(ask(PacketType::Remove, Body().str("/d")).code(), 4u);
  EXPECT_EQ(ask(PacketType::Rmdir, Body().str("/d")).code(), 4u);
  EXPECT_EQ(ask(PacketType::Rmdir, Body().str("/d/f")).code(), 4u);
  EXPECT_EQ(ask(PacketType::Remove, Body().str("/d/f")).code(), 0u);
  EXPECT_EQ(ask(PacketType::Remove, Body().str("/d/f")).code(), 2u);
  EXPECT_EQ(ask(PacketType::Rmdir, Body().str("/d")).code(), 0u);
}

TEST_F(SftpChannelTest, RenamingReplacesAFileButNoDirectory) {
  put("a", "A");
  put("b", "B");
  fs::create_directories(root / "d/sub");
  EXPECT_EQ(ask(PacketType::Rename, Body().str("/a").str("/b")).code(), 0u);
  EXPECT_EQ(content("b"), "A");
  EXPECT_EQ(ask(PacketType::Extended, Body().str("posix-rename@openssh.com").str("/b").str("/c")).code(), 0u);
  EXPECT_EQ(content("c"), "A");
  EXPECT_EQ(ask(PacketType::Rename, Body().str("/c").str("/d")).code(), 8u);
  EXPECT_EQ(ask(PacketType::Rename, Body().str("/missing").str("/x")).code(), 2u);
}

TEST_F(SftpChannelTest, LinksAreMadeReadAndFollowed) {
  fs::create_directories(root / "d");
  put("d/f", "text");
  EXPECT_EQ(ask(PacketType::Symlink, Body().str("d/f").str("/link")).code(), 0u) << "target first";
  EXPECT_EQ(ask(PacketType::Readlink, Body().str("/link")).names(), std::vector<std::string>{"d/f"});
  EXPECT_EQ(ask(PacketType::Stat, Body().str("/link")).attributes().size, 4u);
  EXPECT_EQ(*ask(PacketType::Lstat, Body().str("/link")).attributes().permissions & 0170000, 0120000u);
  EXPECT_EQ(ask(PacketType::Symlink, Body().str("").str("/empty")).code(), 4u);
  EXPECT_EQ(ask(PacketType::Readlink, Body().str("/d")).type, PacketType::Status);
}

TEST_F(SftpChannelTest, RealpathCleansResolvesLinksAndAllowsWhatIsMissing) {
  fs::create_directories(root / "d/e");
  fs::create_directory_symlink("d", root / "to-d");
  fs::create_directory_symlink("/to-d/e", root / "to-e");
  fs::create_symlink("loop", root / "loop");
  const auto real = [&](std::string_view path) { return ask(PacketType::Realpath, Body().str(path)).names()[0]; };
  EXPECT_EQ(real("."), "/");
  EXPECT_EQ(real(""), "/");
  EXPECT_EQ(real("/d/../d/./e/"), "/d/e");
  EXPECT_EQ(real("../../.."), "/");
  EXPECT_EQ(real("d\\e"), "/d/e");
  EXPECT_EQ(real("/to-d"), "/d");
  EXPECT_EQ(real("/to-d/e"), "/d/e");
  EXPECT_EQ(real("/to-e"), "/d/e");
  EXPECT_EQ(real("/to-e/missing/x"), "/d/e/missing/x");
  EXPECT_EQ(real("/loop"), "/loop");
  restart({}, "/d");
  EXPECT_EQ(real("."), "/d");
  EXPECT_EQ(real("e"), "/d/e");
}

TEST_F(SftpChannelTest, AttributesAreChangedByPathAndByHandle) {
  put("f", "0123456789");
  EXPECT_EQ(ask(PacketType::Setstat, Body().str("/f").u32(1 | 4 | 8).u64(4).u32(0640).u32(1000).u32(2000)).code(), 0u);
  const auto attributes = ask(PacketType::Stat, Body().str("/f")).attributes();
  EXPECT_EQ(attributes.size, 4u);
  EXPECT_EQ(*attributes.permissions & 07777, 0640u);
  EXPECT_EQ(ask(PacketType::Setstat, Body().str("/missing").u32(4).u32(0640)).code(), 2u);

  const auto out = open("/f", kWrite);
  EXPECT_EQ(ask(PacketType::Fsetstat, Body().str(out).u32(1).u64(2)).code(), 0u);
  EXPECT_EQ(ask(PacketType::Fstat, Body().str(out)).attributes().size, 2u);
  EXPECT_EQ(close(out), 0u);
  EXPECT_EQ(ask(PacketType::Setstat, Body().str("/f").u32(4)).code(), 5u) << "a flag without its field";
}

TEST_F(SftpChannelTest, TimesSetOnAnUploadHoldWhenMoreIsWritten) {
  const auto out = open("/f", kWrite | kCreate);
  write(out, 0, "x");
  EXPECT_EQ(ask(PacketType::Fsetstat, Body().str(out).u32(8).u32(1000).u32(2000)).code(), 0u);
  write(out, 1, "y");
  EXPECT_EQ(close(out), 0u);
  EXPECT_EQ(ask(PacketType::Stat, Body().str("/f")).attributes().times, std::make_pair(1000u, 2000u));
}

TEST_F(SftpChannelTest, LsetstatChangesTheLinkItself) {
  put("f", "x");
  fs::create_symlink("f", root / "link");
  EXPECT_EQ(
      ask(PacketType::Extended, Body().str("lsetstat@openssh.com").str("/link").u32(8).u32(1000).u32(2000)).code(), 0u);
  EXPECT_EQ(ask(PacketType::Lstat, Body().str("/link")).attributes().times->second, 2000u);
  EXPECT_NE(ask(PacketType::Stat, Body().str("/f")).attributes().times->second, 2000u);
}

TEST_F(SftpChannelTest, ExtensionsAnswerAndTheOthersAreUnsupported) {
  const auto limits = ask(PacketType::Extended, Body().str("limits@openssh.com"));
  ASSERT_EQ(limits.type, PacketType::ExtendedReply);
  FieldReader fields(std::as_bytes(std::span(limits.body)));
  EXPECT_EQ(fields.u64(), kMaxPacket);
  EXPECT_EQ(fields.u64(), kMaxData);
  EXPECT_EQ(fields.u64(), kMaxData);
  EXPECT_EQ(fields.u64(), SftpChannel::kMaxHandles);
  const auto space = ask(PacketType::Extended, Body().str("statvfs@openssh.com").str("/"));
  ASSERT_EQ(space.type, PacketType::ExtendedReply);
  EXPECT_EQ(space.body.size(), 11 * 8u);
  const auto out = open("/f", kWrite | kCreate);
  EXPECT_EQ(ask(PacketType::Extended, Body().str("fstatvfs@openssh.com").str(out)).type, PacketType::ExtendedReply);
  EXPECT_EQ(ask(PacketType::Extended, Body().str("fsync@openssh.com").str(out)).code(), 0u);
  EXPECT_EQ(ask(PacketType::Extended, Body().str("hardlink@openssh.com").str("/f").str("/g")).code(), 8u);
  EXPECT_EQ(ask(PacketType::Extended, Body().str("something@else")).code(), 8u);
  EXPECT_EQ(ask(static_cast<PacketType>(99), Body()).code(), 8u);
}

TEST_F(SftpChannelTest, ReadsAreBounded) {
  put("f", std::string(400'000, 'x'));
  EXPECT_EQ(read(open("/f", kRead), 0, 0xffffffff).data().size(), kMaxData);
}

TEST_F(SftpChannelTest, GarbageBreaksTheChannelAndNothingElse) {
  send_raw(std::string(1000, '\xff'));
  channel->work();
  EXPECT_TRUE(channel->broken());
  send_raw("more");
}

TEST_F(SftpChannelTest, AnUploadThatIsNotClosedIsNotFinished) {
  struct Counting final : File {
    explicit Counting(int& finished) : finished(finished) {}
    Result<FileInfo> stat(const OpContext&) override { return FileInfo(); }
    Status write_at(const OpContext&, std::uint64_t, std::span<const std::byte>) override { return ok(); }
    Status finish(const OpContext&) override { return ++finished, ok(); }
    int& finished;
  };
  struct OneFile final : Filesystem {
    explicit OneFile(int& finished) : finished(finished) {}
    Capabilities capabilities() const noexcept override { return Capabilities(Capability::RandomWrite); }
    Result<FileInfo> stat(const OpContext&, const VPath& path, Follow) override {
      return Error(Errc::NotFound, path.str());
    }
    Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath& path) override {
      return Error(Errc::NotFound, path.str());
    }
    Result<std::unique_ptr<File>> open(const OpContext&, const VPath&, const OpenOptions&) override {
      return std::make_unique<Counting>(finished);
    }
    int& finished;
  };
  int finished = 0;
  for (const bool closed : {false, true}) {
    received.clear();
    channel = std::make_unique<SftpChannel>(
        std::make_unique<testing::FakeSession>(std::make_unique<OneFile>(finished), "x", "user"), paths,
        std::stop_token(), ChannelSettings{});
    send_raw(std::string("\0\0\0\5\1\0\0\0\3", 9));
    receive();
    const auto out = open("/f", kWrite | kCreate);
    write(out, 0, "x");
    EXPECT_EQ(ask(PacketType::Stat, Body().str("/f")).type, PacketType::Attrs) << "seen by the session that writes it";
    if (closed) close(out);
    EXPECT_EQ(channel->busy(), !closed);
    channel.reset();
    EXPECT_EQ(finished, closed ? 1 : 0);
  }
}

TEST(SftpStatus, ErrorsHaveTheCodesThatClientsKnow) {
  const auto code = [](Errc errc, Purpose purpose = Purpose::Other) {
    return static_cast<int>(status_of(Error(errc, "/x", "cause"), purpose).code);
  };
  EXPECT_EQ(code(Errc::NotFound), 2);
  EXPECT_EQ(code(Errc::PermissionDenied), 3);
  EXPECT_EQ(code(Errc::NotSupported), 8);
  EXPECT_EQ(code(Errc::IoError), 4);
  EXPECT_EQ(code(Errc::IsDirectory), 4);
  EXPECT_EQ(code(Errc::IsDirectory, Purpose::Replace), 8);
  EXPECT_EQ(status_of(Error(Errc::QuotaExceeded, ""), Purpose::Write).text,
            "failure: denying write due to space limit");
  EXPECT_EQ(status_of(Error(Errc::QuotaExceeded, ""), Purpose::Read).text, "failure: denying read due to quota limit");
  EXPECT_EQ(status_of(Error(Errc::IoError, "/secret/path", "input/output error"), Purpose::Other).text,
            "failure: input/output error");
}

}  // namespace
}  // namespace slipway::sftp
