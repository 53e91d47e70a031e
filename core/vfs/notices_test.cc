// The log lines that transfers and commands leave, as they are documented.
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "core/log/log.h"
#include "core/vfs/testing/guard_fixture.h"
#include "slipway/session.h"

namespace slipway::vfs {
namespace {

using testing::bytes_of;

class Lines : public testing::GuardTest {
 protected:
  Lines() {
    file_ = std::filesystem::temp_directory_path() / ("slipway-notices-" + std::to_string(::getpid()) + ".log");
    log::Settings settings;
    settings.file = file_.string();
    EXPECT_TRUE(log::configure(settings));
    policy.local_address = "192.0.2.9:2022";
    policy.remote_address = "192.0.2.1:50000";
  }
  ~Lines() override {
    (void)log::configure({});
    log::set_level(LogLevel::Error);
    std::filesystem::remove(file_);
  }
  // The last line of a sender.
  std::string last(const std::string& sender) {
    log::flush();
    std::ifstream in(file_);
    std::string found;
    for (std::string line; std::getline(in, line);)
      if (line.find("\"sender\":\"" + sender + "\"") != line.npos) found = line;
    return found;
  }
  static void expect(const std::string& line, std::initializer_list<const char*> parts) {
    for (const char* part : parts) EXPECT_NE(line.find(part), line.npos) << part << " in " << line;
  }

 private:
  std::filesystem::path file_;
};

TEST_F(Lines, OfTransfersCarryWhatIsDocumented) {
  ASSERT_TRUE(upload("/a", "12345"));
  expect(last("Upload"),
         {"\"level\":\"info\"", "\"connection_id\":\"SFTP_1_1\"", "\"local_addr\":\"192.0.2.9:2022\"",
          "\"remote_addr\":\"192.0.2.1:50000\"", "\"elapsed_ms\":", "\"size_bytes\":5", "\"username\":\"alice\"",
          "\"file_path\":\"/fake/a\"", "\"virtual_path\":\"/a\"", "\"protocol\":\"SFTP\""});
  ASSERT_TRUE(download("/a"));
  expect(last("Download"), {"\"level\":\"info\"", "\"size_bytes\":5"});
  open("/a", OpenOptions::reading()).reset();
  expect(last("Download"), {"\"level\":\"error\"", "\"error\":\"/a: transfer aborted\""});
}

TEST_F(Lines, OfCommandsCarryWhatTheyChanged) {
  home->put("/a", "12345");
  const Timestamp when{std::chrono::seconds(1'700'000'000)};
  ASSERT_TRUE(
      guard().set_attributes(ctx, VPath("/a"), {.size = 3, .mode = 0640, .uid = 7, .mtime = when}, Follow::Yes));
  expect(last("Chmod"), {"\"filemode\":\"-rw-r-----\"", "\"uid\":-1", "\"size\":-1"});
  expect(last("Chown"), {"\"uid\":7", "\"gid\":-1", "\"filemode\":\"\""});
  expect(last("Chtimes"), {"\"modification_time\":\"2023-11-14T22:13:20\"", "\"access_time\":\"\""});
  expect(last("Truncate"), {"\"size\":3"});
  ASSERT_TRUE(guard().rename(ctx, VPath("/a"), VPath("/b")));
  expect(last("Rename"), {"\"virtual_path\":\"/a\"", "\"virtual_target_path\":\"/b\"", "\"target_path\":\"/fake/b\""});
  ASSERT_TRUE(guard().copy(ctx, VPath("/b"), VPath("/c")));
  ASSERT_TRUE(guard().make_dir(ctx, VPath("/d"), 0755));
  ASSERT_TRUE(guard().remove_dir(ctx, VPath("/d")));
  ASSERT_TRUE(guard().remove(ctx, VPath("/c")));
  ASSERT_TRUE(guard().symlink(ctx, "/b", VPath("/l")));
  for (const char* sender : {"Copy", "Mkdir", "Rmdir", "Remove", "Symlink"})
    EXPECT_FALSE(last(sender).empty()) << sender;
  EXPECT_FALSE(guard().remove(ctx, VPath("/none")));
  expect(last("Remove"), {"\"virtual_path\":\"/c\""});
}

TEST_F(Lines, NameNobodyElseWhereTheUserActs) {
  ASSERT_TRUE(upload("/a", "12345"));
  EXPECT_EQ(last("Upload").find("ext_username"), std::string::npos);
  EXPECT_EQ(last("Upload").find("\"error\":"), std::string::npos) << "nothing failed";
  EXPECT_EQ(events.back().external_username, "");
}

TEST_F(Lines, NameAVisitorBesideTheUser) {
  policy.external_user = "guest@example.org";
  ASSERT_TRUE(upload("/a", "12345"));
  expect(last("Upload"), {"\"username\":\"alice\"", "\"ext_username\":\"guest@example.org\"", "\"protocol\":"});
  EXPECT_EQ(events.back().external_username, "guest@example.org");
  EXPECT_EQ(events.back().username, "alice");
  open("/a", OpenOptions::reading()).reset();
  expect(last("Download"), {"transfer aborted", "\"ext_username\":\"guest@example.org\""});
  ASSERT_TRUE(guard().make_dir(ctx, VPath("/d"), 0755));
  expect(last("Mkdir"), {"\"ext_username\":\"guest@example.org\""});
}

TEST_F(Lines, OfAThrowingModuleNameIt) {
  policy.mounts[0].module = "storage-shelf";
  home->fault = [](std::string_view, const std::string&) -> Status { throw std::runtime_error("boom"); };
  EXPECT_EQ(guard().list(ctx, VPath()).code(), Errc::Internal);
  expect(last("SFTP"), {"\"level\":\"error\"", "\"module\":\"storage-shelf\"", "\"operation\":\"list\"", "boom"});
}

TEST_F(Lines, BytesThatLeaveByDescriptorAreCountedToo) {
  home->put("/a", "12345");
  policy.transferred = std::make_shared<TransferAccount>(0, 0, nullptr);
  policy.transfer_limits.download = 8;
  auto file = open("/a", OpenOptions::reading());
  EXPECT_EQ(file->native_fd(), -1);
  EXPECT_EQ(file->query("slipway.unknown.v1"), nullptr);
  auto* direct = static_cast<DirectReads*>(file->query(DirectReads::kInterfaceId));
  ASSERT_NE(direct, nullptr);
  EXPECT_EQ(direct->fd(), -1) << "this storage has no descriptors";
  EXPECT_TRUE(direct->sent(ctx, 5));
  EXPECT_EQ(direct->sent(ctx, 5).code(), Errc::QuotaExceeded);
  EXPECT_EQ(file->finish(ctx).code(), Errc::QuotaExceeded);
  expect(last("Download"), {"\"size_bytes\":10", "denying read due to quota limit"});
  EXPECT_EQ(events.back().file_size, 10u);
}

}  // namespace
}  // namespace slipway::vfs
