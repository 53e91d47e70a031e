#include "core/session/share_filesystem.h"

#include <gtest/gtest.h>

#include "core/vfs/link_check.h"
#include "core/vfs/testing/fake_storage.h"

namespace slipway::session {
namespace {

using Need = ShareRequest::Need;
using vfs::testing::FakeStorage;

class ShareFilesystemTest : public testing::Test {
 protected:
  ShareFilesystemTest() {
    storage_->mkdir("/pub");
    storage_->mkdir("/pub/sub");
    storage_->put("/pub/f", "public");
    storage_->put("/pub/link", "/secret", FileType::Symlink);
    storage_->mkdir("/public");
    storage_->put("/public/f", "another");
    storage_->put("/secret", "secret");
  }
  // The storage outlives the view, which owns what forwards to it.
  class Forward;
  std::unique_ptr<Filesystem> view(Need need, std::vector<VPath> paths = {VPath("/pub")});
  Errc read(Filesystem& fs, const char* path) { return fs.open({}, VPath(path), OpenOptions::reading()).code(); }

  std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
};

class ShareFilesystemTest::Forward final : public Filesystem {
 public:
  explicit Forward(std::shared_ptr<FakeStorage> to) : to_(std::move(to)) {}
  Capabilities capabilities() const noexcept override { return to_->capabilities(); }
  Result<FileInfo> stat(const OpContext& ctx, const VPath& path, Follow follow) override {
    return to_->stat(ctx, path, follow);
  }
  Result<std::unique_ptr<DirCursor>> list(const OpContext& ctx, const VPath& path) override {
    return to_->list(ctx, path);
  }
  Result<std::unique_ptr<File>> open(const OpContext& ctx, const VPath& path, const OpenOptions& options) override {
    return to_->open(ctx, path, options);
  }
  Status make_dir(const OpContext& ctx, const VPath& path, std::uint32_t mode) override {
    return to_->make_dir(ctx, path, mode);
  }
  Status remove(const OpContext& ctx, const VPath& path) override { return to_->remove(ctx, path); }
  Status rename(const OpContext& ctx, const VPath& from, const VPath& to) override {
    return to_->rename(ctx, from, to);
  }

 private:
  const std::shared_ptr<FakeStorage> to_;
};

std::unique_ptr<Filesystem> ShareFilesystemTest::view(Need need, std::vector<VPath> paths) {
  return make_share_filesystem(std::make_unique<Forward>(storage_), std::move(paths), need);
}

TEST_F(ShareFilesystemTest, OnlyWhatIsSharedIsThere) {
  const auto fs = view(Need::Read);
  EXPECT_EQ(read(*fs, "/pub/f"), Errc::Ok);
  EXPECT_TRUE(fs->list({}, VPath("/pub")));
  EXPECT_TRUE(fs->stat({}, VPath("/pub/sub"), Follow::Yes));
  for (const char* path : {"/", "/secret", "/public", "/public/f", "/nothing"}) {
    EXPECT_EQ(read(*fs, path), Errc::NotFound) << path;
    EXPECT_EQ(fs->stat({}, VPath(path), Follow::Yes).code(), Errc::NotFound) << path;
    EXPECT_EQ(fs->list({}, VPath(path)).code(), Errc::NotFound) << path;
  }
}

TEST_F(ShareFilesystemTest, SeveralPathsMayBeShared) {
  const auto fs = view(Need::Read, {VPath("/pub/f"), VPath("/public")});
  EXPECT_EQ(read(*fs, "/pub/f"), Errc::Ok);
  EXPECT_EQ(read(*fs, "/public/f"), Errc::Ok);
  EXPECT_EQ(fs->list({}, VPath("/pub")).code(), Errc::NotFound);
}

TEST_F(ShareFilesystemTest, LinksLeadNowhere) {
  const auto fs = view(Need::Read);
  EXPECT_EQ(read(*fs, "/pub/link"), Errc::NotFound);
  EXPECT_EQ(read(*fs, "/pub/link/below"), Errc::NotFound);
  const auto writer = view(Need::Write);
  EXPECT_EQ(writer->open({}, VPath("/pub/link"), OpenOptions::replacing()).code(), Errc::NotFound);
}

// As the guard of an owner who may not list.
class Unlisted final : public Filesystem, private vfs::LinkCheck {
 public:
  explicit Unlisted(std::shared_ptr<FakeStorage> to) : to_(std::move(to)) {}
  Capabilities capabilities() const noexcept override { return to_->capabilities(); }
  Result<FileInfo> stat(const OpContext&, const VPath& path, Follow) override {
    return Error(Errc::PermissionDenied, path.str());
  }
  Result<std::unique_ptr<File>> open(const OpContext& ctx, const VPath& path, const OpenOptions& options) override {
    return to_->open(ctx, path, options);
  }
  Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath& path) override {
    return Error(Errc::PermissionDenied, path.str());
  }
  Status make_dir(const OpContext&, const VPath& path, std::uint32_t) override {
    return Error(Errc::PermissionDenied, path.str());
  }
  Status remove(const OpContext&, const VPath& path) override { return Error(Errc::PermissionDenied, path.str()); }
  Status rename(const OpContext&, const VPath& path, const VPath&) override {
    return Error(Errc::PermissionDenied, path.str());
  }
  void* query(std::string_view id) noexcept override {
    return id == kInterfaceId ? static_cast<LinkCheck*>(this) : nullptr;
  }

 private:
  Result<bool> is_link(const OpContext& ctx, const VPath& path) override {
    const auto info = to_->stat(ctx, path, Follow::No);
    return info && info->type == FileType::Symlink;
  }
  const std::shared_ptr<FakeStorage> to_;
};

TEST_F(ShareFilesystemTest, LinksLeadNowhereEvenWhereNobodyMayList) {
  const auto fs = make_share_filesystem(std::make_unique<Unlisted>(storage_), {VPath("/pub")}, Need::Write);
  EXPECT_EQ(fs->open({}, VPath("/pub/link"), OpenOptions::replacing()).code(), Errc::NotFound);
  EXPECT_EQ(fs->open({}, VPath("/pub/link/below"), OpenOptions::replacing()).code(), Errc::NotFound);
  EXPECT_TRUE(fs->open({}, VPath("/pub/new"), OpenOptions::replacing()));
}

TEST_F(ShareFilesystemTest, ReadingIsNotWritingAndNothingElseIsPossible) {
  const auto reader = view(Need::Read), writer = view(Need::Write);
  const VPath file("/pub/f"), fresh("/pub/new");
  EXPECT_EQ(reader->open({}, fresh, OpenOptions::replacing()).code(), Errc::PermissionDenied);
  EXPECT_EQ(reader->make_dir({}, fresh).code(), Errc::PermissionDenied);
  EXPECT_EQ(read(*writer, "/pub/f"), Errc::PermissionDenied);
  EXPECT_EQ(writer->list({}, VPath("/pub")).code(), Errc::PermissionDenied);
  EXPECT_TRUE(writer->open({}, fresh, OpenOptions::replacing()));
  EXPECT_TRUE(writer->make_dir({}, VPath("/pub/dir")));
  EXPECT_EQ(writer->open({}, VPath("/public/new"), OpenOptions::replacing()).code(), Errc::NotFound);
  EXPECT_EQ(writer->open({}, file, {.read = true, .write = true}).code(), Errc::PermissionDenied);
  for (auto* fs : {reader.get(), writer.get()}) {
    EXPECT_EQ(fs->remove({}, file).code(), Errc::PermissionDenied);
    EXPECT_EQ(fs->remove_dir({}, VPath("/pub/sub")).code(), Errc::PermissionDenied);
    EXPECT_EQ(fs->rename({}, file, fresh).code(), Errc::PermissionDenied);
    EXPECT_EQ(fs->copy({}, file, fresh).code(), Errc::PermissionDenied);
    EXPECT_EQ(fs->symlink({}, "f", fresh).code(), Errc::PermissionDenied);
    EXPECT_EQ(fs->read_link({}, VPath("/pub/link")).code(), Errc::PermissionDenied);
    EXPECT_EQ(fs->query("slipway.trees.v1"), nullptr);
  }
}

}  // namespace
}  // namespace slipway::session
