// Uploads: visibility, modes, quota, limits, hooks, abandonment.
#include <thread>

#include "core/vfs/testing/guard_fixture.h"

namespace slipway::vfs {
namespace {

using testing::bytes_of;
using testing::FakeStorage;

class Upload : public testing::GuardTest {};

TEST_F(Upload, ArrivesAndIsCounted) {
  ASSERT_TRUE(upload("/a.txt", "hello"));
  EXPECT_EQ(home->content("/a.txt"), "hello");
  EXPECT_EQ(account->used(), (QuotaUsage{5, 1}));
  EXPECT_EQ(persisted, (QuotaUsage{5, 1}));
  ASSERT_EQ(actions(), (std::vector<std::string>{"upload"}));
  const Event& event = events[0];
  EXPECT_EQ(event.username, "alice");
  EXPECT_EQ(event.role, "staff");
  EXPECT_EQ(event.virtual_path, "/a.txt");
  EXPECT_EQ(event.path, "/fake/a.txt");
  EXPECT_EQ(event.file_size, 5u);
  EXPECT_EQ(event.status, EventStatus::Ok);
  EXPECT_EQ(event.protocol, "SFTP");
  EXPECT_EQ(event.session_id, "SFTP_1_1");
}

TEST_F(Upload, OverwritingCountsTheDifference) {
  ASSERT_TRUE(upload("/a.txt", "0123456789"));
  ASSERT_TRUE(upload("/a.txt", "123"));
  EXPECT_EQ(account->used(), (QuotaUsage{3, 1}));
  EXPECT_EQ(persisted, (QuotaUsage{3, 1}));
  EXPECT_EQ(home->content("/a.txt"), "123");
}

TEST_F(Upload, ResumingKeepsWhatIsThere) {
  ASSERT_TRUE(upload("/a.txt", "01234"));
  auto file = open("/a.txt", {.write = true});
  ASSERT_TRUE(file->write_at(ctx, 5, bytes_of("56789")));
  ASSERT_TRUE(file->finish(ctx));
  EXPECT_EQ(home->content("/a.txt"), "0123456789");
  EXPECT_EQ(account->used(), (QuotaUsage{10, 1}));
}

TEST_F(Upload, StagedUploadShowsOldContentUntilItIsFinished) {
  policy.upload_mode = UploadMode::Atomic;
  home->put("/a.txt", "old");
  account->reset({3, 1});
  auto file = open("/a.txt");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("new content")));
  EXPECT_EQ(home->content("/a.txt"), "old");
  EXPECT_EQ(*download("/a.txt"), "old");
  EXPECT_EQ(names_in("/"), (std::vector<std::string>{"a.txt"}));
  // The session that uploads sees what it has written so far.
  EXPECT_EQ(guard().stat(ctx, VPath("/a.txt"), Follow::Yes)->size, 11u);
  ASSERT_TRUE(file->finish(ctx));
  EXPECT_EQ(home->content("/a.txt"), "new content");
  EXPECT_EQ(home->paths(), (std::vector<std::string>{"/a.txt"}));
  EXPECT_EQ(account->used(), (QuotaUsage{11, 1}));
}

TEST_F(Upload, StagedNameLiesBesideTheTargetAndFitsIntoAName) {
  policy.upload_mode = UploadMode::Atomic;
  home->mkdir("/d");
  const std::string name(255, 'n');
  auto file = open(("/d/" + name).c_str());
  const auto paths = home->paths();
  ASSERT_EQ(paths.size(), 2u);
  EXPECT_TRUE(paths[1].starts_with("/d/.sftpgo-upload.")) << paths[1];
  EXPECT_EQ(VPath(paths[1]).name().size(), 255u);
  ASSERT_TRUE(file->finish(ctx));
  EXPECT_TRUE(home->exists("/d/" + name));
}

TEST_F(Upload, StagedUploadKeepsModeAndOwnerOfTheReplacedFile) {
  policy.upload_mode = UploadMode::Atomic;
  home->put("/run.sh", "old");
  ASSERT_TRUE(home->set_attributes(ctx, VPath("/run.sh"), {.mode = 0750, .uid = 7, .gid = 8}, Follow::Yes));
  ASSERT_TRUE(upload("/run.sh", "new"));
  EXPECT_EQ(home->node("/run.sh").mode, 0750u);
  EXPECT_EQ(home->node("/run.sh").uid, 7u);
  auto file = open("/run.sh");
  ASSERT_TRUE(file->set_attributes(ctx, {.mode = 0700}));
  ASSERT_TRUE(file->finish(ctx));
  EXPECT_EQ(home->node("/run.sh").mode, 0700u);
}

TEST_F(Upload, StagedElsewhereAppearsAtOnceAndKeepsChosenAttributes) {
  policy.upload_mode = UploadMode::Atomic;
  auto staging = std::make_shared<FakeStorage>(testing::kLocalLike, "/tmp");
  policy.mounts[0].staging = staging;
  home->put("/a", "old");
  account->reset({3, 1});
  auto file = open("/a");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("newer")));
  ASSERT_TRUE(file->set_attributes(ctx, {.mode = 0600}));
  EXPECT_EQ(home->paths().size(), 1u);
  EXPECT_EQ(home->content("/a"), "old");
  EXPECT_EQ(staging->paths().size(), 1u);
  ASSERT_TRUE(file->finish(ctx));
  EXPECT_EQ(home->paths(), (std::vector<std::string>{"/a"}));
  EXPECT_EQ(home->content("/a"), "newer");
  EXPECT_EQ(home->node("/a").mode, 0600u);
  EXPECT_TRUE(staging->paths().empty());
  EXPECT_EQ(account->used(), (QuotaUsage{5, 1}));
  open("/a").reset();
  EXPECT_TRUE(staging->paths().empty());
  home->disk_size = 5;
  EXPECT_EQ(upload("/b", "x").code(), Errc::NoSpace);
  EXPECT_TRUE(staging->paths().empty());
  EXPECT_EQ(home->paths(), (std::vector<std::string>{"/a"}));
  EXPECT_EQ(account->used(), (QuotaUsage{5, 1}));
}

TEST_F(Upload, OneThatFailsRemovesNoFileThatTookItsPath) {
  policy.mounts[0].quota = nullptr;
  policy.max_upload_size = 100;
  auto file = open("/f");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("mine")));
  ASSERT_TRUE(guard().rename(ctx, VPath("/f"), VPath("/g")));
  ASSERT_TRUE(upload("/f", "another"));
  EXPECT_EQ(file->write_at(ctx, 4, bytes_of(std::string(100, 'x'))).code(), Errc::QuotaExceeded);
  file.reset();
  EXPECT_EQ(home->content("/f"), "another");
  EXPECT_EQ(home->content("/g"), "mine");
}

TEST_F(Upload, ReadingBeyondTheDownloadQuotaDoesNotEndIt) {
  policy.transferred = std::make_shared<TransferAccount>(0, 0, nullptr);
  policy.transfer_limits.download = 1;
  auto file = open("/a", {.read = true, .write = true, .create = true});
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("abcd")));
  std::byte block[4];
  EXPECT_EQ(file->read_at(ctx, 0, block).code(), Errc::QuotaExceeded);
  ASSERT_TRUE(file->finish(ctx));
  EXPECT_EQ(home->content("/a"), "abcd");
}

TEST_F(Upload, PipesAndDevicesAreNotWritten) {
  home->put("/pipe", "", FileType::Other);
  EXPECT_EQ(guard().open(ctx, VPath("/pipe"), OpenOptions::replacing()).code(), Errc::NotSupported);
}

TEST_F(Upload, BeyondTheQuotaOfAStoreLeavesTheOldObject) {
  home = std::make_shared<FakeStorage>(testing::kStoreLike);
  policy.mounts = {home_mount()};
  policy.mounts[0].limits = {.size = 4, .files = 0};
  home->put("/a", "old");
  account->reset({3, 1});
  EXPECT_EQ(upload("/a", "12345").code(), Errc::QuotaExceeded);
  EXPECT_EQ(home->content("/a"), "old");
  EXPECT_EQ(account->used(), (QuotaUsage{3, 1}));
}

TEST_F(Upload, ThroughALinkNeverTakesTheLinkForTheFile) {
  policy.mounts[0].limits = {.size = 4, .files = 0};
  home->put("/real", "old");
  home->put("/link", "real", FileType::Symlink);
  account->reset({3, 1});
  EXPECT_EQ(upload("/link", "12345").code(), Errc::QuotaExceeded);
  EXPECT_TRUE(home->exists("/link"));
  EXPECT_EQ(account->used(), (QuotaUsage{0, 1}));
  const auto refuse = bus->on_after_sync("scanner", "upload", [](const OpContext&, const Event&) -> Status {
    return Error(Errc::PermissionDenied, "scanner", "infected");
  });
  EXPECT_EQ(upload("/link", "1234").code(), Errc::PermissionDenied);
  EXPECT_EQ(home->content("/real"), "");
  EXPECT_EQ(account->used(), (QuotaUsage{0, 1}));
}

struct Abandonment {
  UploadMode mode;
  bool overwrite;
  std::string content;  // afterwards; "(absent)"
};

class Abandoned : public testing::GuardTest, public ::testing::WithParamInterface<Abandonment> {};

TEST_P(Abandoned, UploadLeavesWhatItsModeSaysAndQuotaAgrees) {
  policy.upload_mode = GetParam().mode;
  if (GetParam().overwrite) {
    home->put("/a", "old file");
    account->reset({8, 1});
  }
  auto file = open("/a");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("new")));
  file.reset();
  EXPECT_EQ(home->content("/a"), GetParam().content);
  EXPECT_EQ(home->paths().size(), GetParam().content == "(absent)" ? 0u : 1u);
  const auto [size, files] = home->total();
  EXPECT_EQ(account->used(), (QuotaUsage{size, files}));
  ASSERT_EQ(actions(), (std::vector<std::string>{"upload"}));
  EXPECT_EQ(events[0].status, EventStatus::Error);
  EXPECT_EQ(home->opened, 0);
}

INSTANTIATE_TEST_SUITE_P(Modes, Abandoned,
                         ::testing::Values(Abandonment{UploadMode::Direct, false, "new"},
                                           Abandonment{UploadMode::Direct, true, "new"},
                                           Abandonment{UploadMode::Atomic, false, "(absent)"},
                                           Abandonment{UploadMode::Atomic, true, "old file"},
                                           Abandonment{UploadMode::AtomicResume, false, "new"},
                                           Abandonment{UploadMode::AtomicResume, true, "new"}));

TEST_F(Upload, AbandonedBeforeItsFirstByteReplacesNothing) {
  policy.upload_mode = UploadMode::AtomicResume;
  home->put("/a", "old");
  open("/a").reset();
  EXPECT_EQ(home->content("/a"), "old");
  EXPECT_EQ(home->paths().size(), 1u);
}

TEST_F(Upload, AbandonedToAStoreLeavesNothing) {
  home = std::make_shared<FakeStorage>(testing::kStoreLike);
  policy.mounts = {home_mount()};
  home->put("/a", "old");
  account->reset({3, 1});
  auto file = open("/a");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("newer")));
  file.reset();
  EXPECT_EQ(home->content("/a"), "old");
  EXPECT_EQ(account->used(), (QuotaUsage{3, 1}));
  ASSERT_TRUE(upload("/a", "newer"));
  EXPECT_EQ(account->used(), (QuotaUsage{5, 1}));
}

TEST_F(Upload, ResumeInStagedModesWorksOnTheExistingFile) {
  policy.upload_mode = UploadMode::AtomicResume;
  home->put("/a", "0123");
  account->reset({4, 1});
  auto file = open("/a", {.write = true});
  ASSERT_TRUE(file->write_at(ctx, 4, bytes_of("45")));
  file.reset();
  EXPECT_EQ(home->content("/a"), "012345");
  EXPECT_EQ(account->used(), (QuotaUsage{6, 1}));
}

TEST_F(Upload, QuotaReachedInTheMiddleRemovesThePartialFile) {
  for (const UploadMode mode : {UploadMode::Direct, UploadMode::Atomic, UploadMode::AtomicResume}) {
    policy.upload_mode = mode;
    policy.mounts[0].limits = {.size = 10, .files = 0};
    auto own = make_guard(
        [&] {
          Policy copy = policy;
          copy.permissions.add(VPath(), kAllPermissions);
          return copy;
        }(),
        bus);
    auto file = *own->open(ctx, VPath("/big"), OpenOptions::replacing());
    ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("0123456789")));
    const Status refused = file->write_at(ctx, 10, bytes_of("x"));
    EXPECT_EQ(refused.code(), Errc::QuotaExceeded);
    EXPECT_EQ(refused.error().cause(), "denying write due to space limit");
    EXPECT_EQ(file->finish(ctx).code(), Errc::QuotaExceeded);
    EXPECT_TRUE(home->paths().empty());
    EXPECT_EQ(account->used(), QuotaUsage{});
  }
}

TEST_F(Upload, QuotaBreachIsReportedWithStatusThreeAndSizeZero) {
  policy.mounts[0].limits = {.size = 4, .files = 0};
  EXPECT_EQ(upload("/big", "12345").code(), Errc::QuotaExceeded);
  ASSERT_EQ(actions(), (std::vector<std::string>{"upload"}));
  EXPECT_EQ(events[0].status, EventStatus::QuotaExceeded);
  EXPECT_EQ(events[0].file_size, 0u);
}

TEST_F(Upload, QuotaBreachOfAResumedUploadKeepsWhatFitted) {
  policy.mounts[0].limits = {.size = 6, .files = 0};
  home->put("/a", "0123");
  account->reset({4, 1});
  auto file = open("/a", {.write = true});
  ASSERT_TRUE(file->write_at(ctx, 4, bytes_of("45")));
  EXPECT_EQ(file->write_at(ctx, 6, bytes_of("6")).code(), Errc::QuotaExceeded);
  file.reset();
  EXPECT_EQ(home->content("/a"), "012345");
  EXPECT_EQ(account->used(), (QuotaUsage{6, 1}));
}

TEST_F(Upload, OverwritingMayUseTheSpaceOfTheOldFile) {
  policy.mounts[0].limits = {.size = 10, .files = 1};
  policy.upload_mode = UploadMode::Atomic;
  ASSERT_TRUE(upload("/a", "0123456789"));
  ASSERT_TRUE(upload("/a", "abcdefghij"));
  EXPECT_EQ(upload("/a", "abcdefghijk").code(), Errc::QuotaExceeded);
  EXPECT_EQ(home->content("/a"), "abcdefghij");
  EXPECT_EQ(account->used(), (QuotaUsage{10, 1}));
}

TEST_F(Upload, FileQuotaAndFullQuotaRefuseAtOpen) {
  policy.mounts[0].limits = {.size = 5, .files = 2};
  ASSERT_TRUE(upload("/a", "12345"));
  EXPECT_EQ(guard().open(ctx, VPath("/b"), OpenOptions::replacing()).code(), Errc::QuotaExceeded);
  ASSERT_TRUE(upload("/a", "1"));
  ASSERT_TRUE(upload("/b", "1"));
  EXPECT_EQ(guard().open(ctx, VPath("/c"), OpenOptions::replacing()).code(), Errc::QuotaExceeded);
  EXPECT_EQ(account->used(), (QuotaUsage{2, 2}));
}

TEST_F(Upload, AnAnnouncedSizeThatCannotFitOverwritesNothing) {
  policy.mounts[0].limits = {.size = 5, .files = 0};
  home->put("/a", "old");
  account->reset({3, 1});
  OpenOptions options = OpenOptions::replacing();
  options.size_hint = 6;
  EXPECT_EQ(guard().open(ctx, VPath("/a"), options).code(), Errc::QuotaExceeded);
  EXPECT_EQ(home->content("/a"), "old");
  EXPECT_EQ(account->used(), (QuotaUsage{3, 1}));
}

TEST_F(Upload, MaximumSizeEndsTheUpload) {
  policy.max_upload_size = 4;
  ASSERT_TRUE(upload("/ok", "1234"));
  EXPECT_EQ(upload("/big", "12345").code(), Errc::QuotaExceeded);
  EXPECT_FALSE(home->exists("/big"));
  EXPECT_EQ(guard().open(ctx, VPath("/ok"), {.write = true}).code(), Errc::QuotaExceeded);
  OpenOptions options = OpenOptions::replacing();
  options.size_hint = 5;
  EXPECT_EQ(guard().open(ctx, VPath("/new"), options).code(), Errc::QuotaExceeded);
}

TEST_F(Upload, FullDiskKeepsThePartialFileAndCountsIt) {
  home->disk_size = 6;
  auto file = open("/a");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("012345")));
  EXPECT_EQ(file->write_at(ctx, 6, bytes_of("6")).code(), Errc::NoSpace);
  // The first error stays: what follows must not be taken for success.
  EXPECT_EQ(file->write_at(ctx, 0, bytes_of("x")).code(), Errc::NoSpace);
  EXPECT_EQ(file->finish(ctx).code(), Errc::NoSpace);
  EXPECT_EQ(home->content("/a"), "012345");
  EXPECT_EQ(account->used(), (QuotaUsage{6, 1}));
  EXPECT_EQ(events.back().status, EventStatus::Error);
}

TEST_F(Upload, FailingCommitLeavesTheOldFile) {
  policy.upload_mode = UploadMode::Atomic;
  home->put("/a", "old");
  account->reset({3, 1});
  home->fault = [](std::string_view operation, const std::string&) -> Status {
    if (operation == "rename") return Error(Errc::IoError, "disk", "input/output error");
    return ok();
  };
  EXPECT_EQ(upload("/a", "new content").code(), Errc::IoError);
  EXPECT_EQ(home->content("/a"), "old");
  EXPECT_EQ(home->paths().size(), 1u);
  EXPECT_EQ(account->used(), (QuotaUsage{3, 1}));
}

TEST_F(Upload, ExceptionsOfTheStorageBecomeInternalErrors) {
  home->fault = [](std::string_view operation, const std::string&) -> Status {
    if (operation == "write") throw std::runtime_error("boom");
    if (operation == "fstat") throw 7;
    return ok();
  };
  auto file = open("/a");
  EXPECT_EQ(file->write_at(ctx, 0, bytes_of("x")).code(), Errc::Internal);
  EXPECT_EQ(file->stat(ctx).code(), Errc::Internal);
  EXPECT_EQ(file->finish(ctx).code(), Errc::Internal);
}

TEST_F(Upload, RefusedAfterwardsIsRemovedAndGivenBack) {
  const auto refuse = bus->on_after_sync("virus scanner", "upload", [](const OpContext&, const Event&) -> Status {
    return Error(Errc::PermissionDenied, "scanner", "infected");
  });
  const Status answer = upload("/a", "virus");
  EXPECT_EQ(answer.code(), Errc::PermissionDenied);
  EXPECT_FALSE(home->exists("/a"));
  EXPECT_EQ(account->used(), QuotaUsage{});
}

TEST_F(Upload, PreUploadMayVetoAndSeesTheExistingFile) {
  home->put("/a", "old");
  Event seen;
  const auto handler = bus->on_before("lua", "pre-upload", [&](const OpContext&, const Event& event) -> Status {
    seen = event;
    return Error(Errc::Internal, "hook", "no uploads today");
  });
  const Status answer = upload("/a", "new");
  EXPECT_EQ(answer.code(), Errc::PermissionDenied);
  EXPECT_EQ(home->content("/a"), "old");
  EXPECT_EQ(seen.file_size, 3u);
  EXPECT_EQ(seen.open_flags, 1 | 0x40 | 0x200);
  EXPECT_EQ(upload("/new", "x").code(), Errc::PermissionDenied);
  EXPECT_EQ(seen.file_size, 0u);
  EXPECT_EQ(seen.open_flags, 0);
  EXPECT_TRUE(actions().empty());
  EXPECT_EQ(account->used(), QuotaUsage{});
}

TEST_F(Upload, TimesSetWhileItRunsSurviveLaterWrites) {
  const Timestamp when{std::chrono::hours(1000)};
  for (const UploadMode mode : {UploadMode::Direct, UploadMode::Atomic}) {
    policy.upload_mode = mode;
    policy.permissions.add(VPath(), kAllPermissions);
    auto own = make_guard(policy, bus);
    auto file = *own->open(ctx, VPath("/a"), OpenOptions::replacing());
    ASSERT_TRUE(own->set_attributes(ctx, VPath("/a"), {.mtime = when}, Follow::Yes));
    ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("later")));
    EXPECT_EQ(own->stat(ctx, VPath("/a"), Follow::Yes)->mtime, when);
    ASSERT_TRUE(file->finish(ctx));
    EXPECT_EQ(home->node("/a").mtime, when);
  }
}

TEST_F(Upload, TruncateByPathReachesTheUpload) {
  policy.upload_mode = UploadMode::Atomic;
  home->put("/a", "old file");
  account->reset({8, 1});
  auto file = open("/a");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("0123456789")));
  ASSERT_TRUE(guard().set_attributes(ctx, VPath("/a"), {.size = 4}, Follow::Yes));
  EXPECT_EQ(home->content("/a"), "old file");
  ASSERT_TRUE(file->finish(ctx));
  EXPECT_EQ(home->content("/a"), "0123");
  EXPECT_EQ(account->used(), (QuotaUsage{4, 1}));
}

TEST_F(Upload, CreatesBeforeItLooksAsLongAsFilesAreNew) {
  std::vector<std::string> asked;
  home->fault = [&](std::string_view operation, const std::string& path) {
    asked.push_back(std::string(operation) + " " + path);
    return ok();
  };
  const auto opens = [&](const char* path) {
    asked.clear();
    EXPECT_TRUE(open(path)->finish(ctx));
    std::erase_if(asked,
                  [](const std::string& what) { return !what.starts_with("stat") && !what.starts_with("open"); });
    return asked;
  };
  EXPECT_EQ(opens("/a"), (std::vector<std::string>{"open /a"}));
  EXPECT_EQ(opens("/a"), (std::vector<std::string>{"open /a", "stat /a", "open /a"}));
  EXPECT_EQ(opens("/a"), (std::vector<std::string>{"stat /a", "open /a"}));
  EXPECT_EQ(opens("/b"), (std::vector<std::string>{"stat /b", "open /b"}));
  EXPECT_EQ(opens("/c"), (std::vector<std::string>{"open /c"}));
  EXPECT_EQ(account->used(), (QuotaUsage{0, 3}));
}

TEST_F(Upload, WhatExistsIsNotCreatedOverAndAsksForItsOwnPermission) {
  permit("/", {"list", "upload"});
  home->put("/a", "old");
  home->mkdir("/d");
  EXPECT_EQ(guard().open(ctx, VPath("/a"), OpenOptions::replacing()).code(), Errc::PermissionDenied);
  EXPECT_EQ(home->content("/a"), "old");
  EXPECT_EQ(guard().open(ctx, VPath("/d"), OpenOptions::replacing()).code(), Errc::NotSupported);
  EXPECT_EQ(account->used(), QuotaUsage{}) << "what was reserved for a new file is given back";
  EXPECT_TRUE(upload("/b", "new"));
}

TEST_F(Upload, AtTheLimitOfFilesAnExistingOneCanBeReplaced) {
  policy.mounts[0].limits.files = 1;
  home->put("/a", "old");
  account->reset({3, 1});
  EXPECT_TRUE(upload("/a", "newer"));
  EXPECT_EQ(upload("/b", "x").code(), Errc::QuotaExceeded);
  EXPECT_FALSE(home->exists("/b"));
  EXPECT_EQ(account->used(), (QuotaUsage{5, 1}));
}

TEST_F(Upload, ACreationThatFailsLeavesTheCountersAlone) {
  home->fault = [](std::string_view operation, const std::string&) -> Status {
    if (operation == "open") return Error(Errc::NoSpace, "open");
    return ok();
  };
  EXPECT_EQ(upload("/a", "x").code(), Errc::NoSpace);
  EXPECT_EQ(account->used(), QuotaUsage{});
  home->fault = nullptr;
  EXPECT_TRUE(upload("/a", "x"));
  EXPECT_EQ(account->used(), (QuotaUsage{1, 1}));
}

TEST_F(Upload, ExclusiveCreationRefusesWhatExistsEvenLate) {
  policy.upload_mode = UploadMode::Atomic;
  home->put("/a", "old");
  OpenOptions options{.write = true, .create = true, .exclusive = true};
  EXPECT_EQ(guard().open(ctx, VPath("/a"), options).code(), Errc::Exists);
  auto file = open("/b", options);
  home->put("/b", "quicker");
  EXPECT_EQ(file->finish(ctx).code(), Errc::Exists);
  EXPECT_EQ(home->content("/b"), "quicker");
  EXPECT_EQ(home->paths().size(), 2u);
}

TEST_F(Upload, ThroughALinkWritesTheTarget) {
  policy.upload_mode = UploadMode::Atomic;
  home->put("/real", "old");
  home->put("/link", "real", FileType::Symlink);
  account->reset({3, 1});
  ASSERT_TRUE(upload("/link", "newer"));
  EXPECT_EQ(home->content("/real"), "newer");
  EXPECT_EQ(home->node("/link").type, FileType::Symlink);
  EXPECT_EQ(account->used(), (QuotaUsage{5, 1}));
}

TEST_F(Upload, StopEndsItAsCancelled) {
  std::stop_source stop;
  ctx.stop = stop.get_token();
  policy.upload_mode = UploadMode::Atomic;
  auto file = open("/a");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("x")));
  stop.request_stop();
  EXPECT_EQ(file->write_at(ctx, 1, bytes_of("y")).code(), Errc::Cancelled);
  EXPECT_EQ(file->finish(ctx).code(), Errc::Cancelled);
  EXPECT_TRUE(home->paths().empty());
}

TEST_F(Upload, ReadWriteNeedsDownloadToRead) {
  policy.permissions.add(VPath("/w"), testing::tokens({"upload", "overwrite"}));
  home->mkdir("/w");
  home->put("/w/a", "old");
  auto file = open("/w/a", {.read = true, .write = true});
  std::byte block[4];
  EXPECT_EQ(file->read_at(ctx, 0, block).code(), Errc::PermissionDenied);
  ASSERT_TRUE(file->finish(ctx));
  ASSERT_TRUE(upload("/b", "abcd"));
  auto both = open("/b", {.read = true, .write = true});
  EXPECT_EQ(*both->read_at(ctx, 0, block), 4u);
  ASSERT_TRUE(both->finish(ctx));
}

TEST_F(Upload, WhatAStorageCannotDoIsNotSupported) {
  home = std::make_shared<FakeStorage>(testing::kStoreLike);
  policy.mounts = {home_mount()};
  home->put("/a", "old");
  home->put("/empty", "");
  EXPECT_EQ(guard().open(ctx, VPath("/a"), {.write = true}).code(), Errc::NotSupported);
  EXPECT_EQ(guard().open(ctx, VPath("/a"), {.read = true, .write = true, .truncate = true}).code(), Errc::NotSupported);
  auto file = open("/empty", {.write = true});
  ASSERT_TRUE(file->truncate(ctx, 0));
  EXPECT_EQ(file->truncate(ctx, 1).code(), Errc::NotSupported);
}

TEST_F(Upload, FirstUploadIsToldOnce) {
  int asked = 0;
  policy.mark_first_transfer = [&](bool upload) { return upload && asked++ == 0; };
  ASSERT_TRUE(upload("/a", "x"));
  ASSERT_TRUE(upload("/b", "x"));
  EXPECT_EQ(actions(), (std::vector<std::string>{"upload", "first-upload", "upload"}));
}

TEST_F(Upload, PositionsBeyondAnyFileAreRefused) {
  auto file = open("/a");
  EXPECT_EQ(file->write_at(ctx, UINT64_MAX, bytes_of("xy")).code(), Errc::InvalidArgument);
  EXPECT_EQ(file->write_at(ctx, UINT64_MAX / 2, bytes_of("xy")).code(), Errc::InvalidArgument);
  EXPECT_EQ(file->truncate(ctx, UINT64_MAX).code(), Errc::InvalidArgument);
  ASSERT_TRUE(file->finish(ctx));
}

}  // namespace
}  // namespace slipway::vfs
