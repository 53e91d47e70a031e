#include "core/log/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "core/base/unique_fd.h"

namespace slipway::log {
namespace {

namespace fs = std::filesystem;

class LogTest : public testing::Test {
 protected:
  LogTest() {
    std::string pattern = (fs::temp_directory_path() / "slipway-log-XXXXXX").native();
    folder_ = ::mkdtemp(pattern.data());
    settings_.file = (folder_ / "slipway.log").native();
  }
  ~LogTest() override {
    (void)!configure({.level = LogLevel::Info});
    fs::remove_all(folder_);
  }

  std::vector<boost::json::object> lines(const fs::path& file) const {
    std::vector<boost::json::object> objects;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) objects.push_back(boost::json::parse(line).as_object());
    return objects;
  }
  std::vector<boost::json::object> lines() const { return lines(settings_.file); }

  std::vector<fs::path> backups() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder_))
      if (entry.path().filename() != "slipway.log") found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
  }

  fs::path folder_;
  Settings settings_;
};

std::string text(const boost::json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

TEST_F(LogTest, LinesGoToAFileThatOnlyTheOwnerReads) {
  const mode_t before = ::umask(0);
  ASSERT_TRUE(configure(settings_).ok());
  ::umask(before);
  write(LogLevel::Info, "login", "SFTP_7", "welcome", {{"username", "ann"}});
  struct stat facts {};
  ASSERT_EQ(::stat(settings_.file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600u);
  const auto all = lines();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(text(all[0], "sender"), "login");
  EXPECT_EQ(text(all[0], "connection_id"), "SFTP_7");
  EXPECT_EQ(text(all[0], "username"), "ann");
}

TEST_F(LogTest, LinesBelowTheLevelAreNotWritten) {
  settings_.level = LogLevel::Warn;
  ASSERT_TRUE(configure(settings_).ok());
  info("app", "no");
  warn("app", "yes");
  set_level(LogLevel::Debug);
  EXPECT_EQ(level(), LogLevel::Debug);
  debug("app", "now");
  const auto all = lines();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(text(all[0], "message"), "yes");
  EXPECT_EQ(text(all[1], "message"), "now");
}

TEST_F(LogTest, AModulesLoggerWritesItsName) {
  ASSERT_TRUE(configure(settings_).ok());
  SenderLogger owned("storage-local");
  Logger& logger = owned;
  logger.warn("slow", {{"elapsed_ms", 12}});
  EXPECT_TRUE(logger.enabled(LogLevel::Debug));
  EXPECT_FALSE(logger.enabled(LogLevel::Trace));
  EXPECT_EQ(text(lines().at(0), "sender"), "storage-local");
}

TEST_F(LogTest, ExistingFilesAreContinued) {
  std::ofstream(settings_.file) << "{\"level\":\"info\"}\n";
  ASSERT_TRUE(configure(settings_).ok());
  info("app", "more");
  EXPECT_EQ(lines().size(), 2u);
}

TEST_F(LogTest, MissingFoldersAreMade) {
  settings_.file = (folder_ / "a" / "b" / "slipway.log").native();
  ASSERT_TRUE(configure(settings_).ok());
  info("app", "x");
  EXPECT_EQ(lines().size(), 1u);
}

TEST_F(LogTest, AnUnusableFileIsAnErrorAndTheFormerTargetStays) {
  ASSERT_TRUE(configure(settings_).ok());
  Settings other = settings_;
  other.file = folder_.native();
  EXPECT_FALSE(configure(other).ok());
  info("app", "still here");
  EXPECT_EQ(lines().size(), 1u);
}

TEST_F(LogTest, RotationKeepsEveryLine) {
  settings_.max_size_mb = 1;
  settings_.max_backups = 0;
  ASSERT_TRUE(configure(settings_).ok());
  const std::string filler(64 * 1024, 'x');
  for (int i = 0; i < 40; ++i) info("app", filler, {{"number", i}});
  flush();
  std::vector<boost::json::object> all;
  auto files = backups();
  EXPECT_EQ(files.size(), 2u);
  files.push_back(settings_.file);
  for (const fs::path& file : files) {
    EXPECT_LE(fs::file_size(file), 1024u * 1024u);
    for (auto& line : lines(file)) all.push_back(std::move(line));
  }
  ASSERT_EQ(all.size(), 40u);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)].at("number").as_int64(), i);
}

TEST_F(LogTest, OnlyTheNewestBackupsAreKept) {
  settings_.max_backups = 2;
  ASSERT_TRUE(configure(settings_).ok());
  for (int i = 0; i < 5; ++i) {
    info("app", "x", {{"number", i}});
    ASSERT_TRUE(rotate().ok());
  }
  flush();
  const auto files = backups();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(lines(files[0]).at(0).at("number").as_int64(), 3);
  EXPECT_EQ(lines(files[1]).at(0).at("number").as_int64(), 4);
}

TEST_F(LogTest, OldBackupsAreRemovedAndForeignFilesStay) {
  const fs::path old = folder_ / "slipway-2020-01-01T00-00-00.000.log",
                 young = folder_ / "slipway-2020-01-02T00-00-00.000.log";
  const fs::path foreign = folder_ / "slipway-notes.log";
  for (const fs::path& file : {old, young, foreign}) std::ofstream(file) << "{}\n";
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(24 * 29));
  fs::last_write_time(foreign, fs::file_time_type::clock::now() - std::chrono::hours(24 * 290));
  ASSERT_TRUE(configure(settings_).ok());
  flush();
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(young));
  EXPECT_TRUE(fs::exists(foreign));
}

TEST_F(LogTest, BackupsAreCompressedWithTheirTimesAndModes) {
  settings_.compress = true;
  ASSERT_TRUE(configure(settings_).ok());
  const fs::path leftover = folder_ / "slipway-2020-01-01T00-00-00.000.log.gz.tmp";
  std::ofstream(leftover) << "half";
  info("app", "to be packed");
  ASSERT_TRUE(rotate().ok());
  flush();
  const auto files = backups();
  ASSERT_EQ(files.size(), 1u);
  ASSERT_EQ(files[0].extension(), ".gz");
  EXPECT_EQ(fs::status(files[0]).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  gzFile in = gzopen(files[0].c_str(), "rb");
  char buffer[512] = {};
  const int size = gzread(in, buffer, sizeof buffer - 1);
  gzclose(in);
  ASSERT_GT(size, 0);
  EXPECT_EQ(
      text(boost::json::parse(std::string_view(buffer, static_cast<std::size_t>(size) - 1)).as_object(), "message"),
      "to be packed");
}

TEST_F(LogTest, AFileThatWasMovedAwayIsStartedAnew) {
  ASSERT_TRUE(configure(settings_).ok());
  info("app", "one");
  fs::rename(settings_.file, folder_ / "elsewhere");
  ASSERT_TRUE(rotate().ok());
  info("app", "two");
  EXPECT_EQ(text(lines(folder_ / "elsewhere").at(0), "message"), "one");
  EXPECT_EQ(text(lines().at(0), "message"), "two");
  EXPECT_EQ(backups().size(), 1u);
}

TEST_F(LogTest, RotatingAnEmptyFileOrStandardErrorDoesNothing) {
  EXPECT_TRUE(rotate().ok());
  ASSERT_TRUE(configure(settings_).ok());
  EXPECT_TRUE(rotate().ok());
  EXPECT_TRUE(backups().empty());
}

TEST_F(LogTest, DevicesAndPipesAreNeverRotated) {
  settings_.file = "/dev/full";
  ASSERT_TRUE(configure(settings_).ok());
  info("app", "into the void");
  EXPECT_TRUE(rotate().ok());
  EXPECT_TRUE(fs::exists("/dev/full"));
}

TEST_F(LogTest, APipeWithoutAReaderIsRefusedInsteadOfBlocking) {
  settings_.file = (folder_ / "pipe").native();
  ASSERT_EQ(::mkfifo(settings_.file.c_str(), 0600), 0);
  EXPECT_FALSE(configure(settings_).ok());
}

// A file size limit of the process stands for a full disk: the write that crosses it arrives in part.
TEST_F(LogTest, AFullDiskLosesWholeLinesAndSaysSoLater) {
  std::signal(SIGXFSZ, SIG_IGN);
  settings_.max_size_mb = 0;
  ASSERT_TRUE(configure(settings_).ok());
  struct rlimit former {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &former), 0);
  struct rlimit small = former;
  small.rlim_cur = 4096 + 100;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string filler(1000, 'y');
  for (int i = 0; i < 10; ++i) info("app", filler, {{"number", i}});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &former), 0);
  info("app", "space again");

  const auto all = lines();
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(all[2].at("number").as_int64(), 2);
  EXPECT_EQ(text(all[3], "sender"), "log");
  EXPECT_EQ(all[3].at("lines").as_int64(), 7);
  EXPECT_EQ(text(all[4], "message"), "space again");
}

TEST_F(LogTest, ConcurrentLinesNeverMixEvenWhileRotating) {
  settings_.max_backups = 0;
  ASSERT_TRUE(configure(settings_).ok());
  constexpr int kThreads = 8, kLines = 400;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([t] {
        for (int i = 0; i < kLines; ++i)
          write(LogLevel::Info, "app", "c", "line\nwith end", {{"thread", t}, {"number", i}});
      });
    threads.emplace_back([] {
      for (int i = 0; i < 20; ++i) {
        (void)!rotate();
        set_level(i % 2 == 0 ? LogLevel::Debug : LogLevel::Info);
      }
    });
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) (void)!configure(settings_);
    });
  }
  flush();
  std::size_t count = lines().size();
  for (const fs::path& file : backups()) count += lines(file).size();
  EXPECT_EQ(count, static_cast<std::size_t>(kThreads * kLines));
}

TEST_F(LogTest, LevelsReadBackAsTheyArePrinted) {
  for (const LogLevel level : {LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error})
    EXPECT_EQ(*parse_level(to_string(level)), level);
  EXPECT_EQ(parse_level("verbose").code(), Errc::InvalidArgument);
}

TEST(LogToStandardError, WritesJsonLinesWhenItIsNoTerminal) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]), saved(::dup(STDERR_FILENO));
  ASSERT_GE(::dup2(ends[1], STDERR_FILENO), 0);
  ::close(ends[1]);
  const Status configured = configure({.level = LogLevel::Info, .utc = true});
  info("app", "piped");
  ASSERT_GE(::dup2(saved.get(), STDERR_FILENO), 0);
  ASSERT_TRUE(configured.ok());
  char buffer[512];
  const ssize_t size = ::read(reader.get(), buffer, sizeof buffer);
  ASSERT_GT(size, 0);
  EXPECT_EQ(
      text(boost::json::parse(std::string_view(buffer, static_cast<std::size_t>(size) - 1)).as_object(), "message"),
      "piped");
}

}  // namespace
}  // namespace slipway::log
