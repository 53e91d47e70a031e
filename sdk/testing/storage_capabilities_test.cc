// What is claimed and what is answered agree, both ways. The suites of each ability look closer; this one makes sure
// that none is forgotten.
#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageCapabilities : public StorageFixture {
 protected:
  void SetUp() override { put(VPath("/file"), "content"); }
  void expect(Capability ability, const Status& status, const char* what) {
    if (can(ability)) {
      EXPECT_TRUE(status.ok()) << what << " is claimed: " << status.error().message();
    } else {
      EXPECT_EQ(to_string(status.code()), to_string(Errc::NotSupported)) << what << " is not claimed";
    }
  }
};

TEST_F(StorageCapabilities, EachWorksWhenClaimedAndIsNotSupportedWhenNot) {
  const VPath file("/file");
  const FileInfo info = stat(file);
  expect(Capability::Mode, fs_->set_attributes(context_, file, {.mode = 0600}, Follow::Yes), "mode");
  expect(Capability::Owner, fs_->set_attributes(context_, file, {.uid = info.uid, .gid = info.gid}, Follow::Yes),
         "owner");
  expect(Capability::Times, fs_->set_attributes(context_, file, {.mtime = info.mtime}, Follow::Yes), "times");
  expect(Capability::Truncate, fs_->set_attributes(context_, file, {.size = 3}, Follow::Yes), "truncate");
  expect(Capability::Symlinks, fs_->symlink(context_, "file", VPath("/link")), "symlinks");
  expect(Capability::ServerCopy, fs_->copy(context_, file, VPath("/copy")), "server copy");
  const auto space = fs_->space(context_, VPath());
  expect(Capability::Space, space ? ok() : Status(space.error()), "space");
  const auto both = fs_->open(context_, file, {.read = true, .write = true});
  expect(Capability::ReadWrite, both ? ok() : Status(both.error()), "read and write");
  const auto resumed = fs_->open(context_, file, {.write = true});
  expect(Capability::Resume, resumed ? ok() : Status(resumed.error()), "resume");
}

TEST_F(StorageCapabilities, WhatIsNotSupportedChangesNothing) {
  const FileInfo before = stat(VPath("/file"));
  if (!can(Capability::Symlinks)) {
    EXPECT_FALSE(fs_->symlink(context_, "file", VPath("/link")).ok());
  }
  if (!can(Capability::ServerCopy)) {
    EXPECT_FALSE(fs_->copy(context_, VPath("/file"), VPath("/copy")).ok());
  }
  if (!can(Capability::Truncate)) {
    EXPECT_FALSE(fs_->set_attributes(context_, VPath("/file"), {.size = 0}, Follow::Yes).ok());
  }
  if (!can(Capability::Mode)) {
    EXPECT_FALSE(fs_->set_attributes(context_, VPath("/file"), {.mode = 0}, Follow::Yes).ok());
  }
  EXPECT_EQ(names(VPath()), std::vector<std::string>{"file"});
  EXPECT_EQ(get_text(VPath("/file")), "content");
  EXPECT_EQ(stat(VPath("/file")).mode, before.mode);
}

TEST_F(StorageCapabilities, StayTheSameForOnePlace) {
  const Capabilities before = fs_->capabilities();
  static_cast<void>(fs_->remove(context_, VPath("/file")).ok());
  EXPECT_EQ(fs_->capabilities(), before);
  EXPECT_EQ(mount_again()->capabilities(), before);
}

TEST_F(StorageCapabilities, UnknownInterfacesAreNull) {
  EXPECT_EQ(fs_->query("slipway.no-such-interface.v1"), nullptr);
  EXPECT_EQ(module_.object().query("slipway.no-such-interface.v1"), nullptr);
  const auto file = open(VPath("/file"), OpenOptions::reading());
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->query("slipway.no-such-interface.v1"), nullptr);
}

TEST_F(StorageCapabilities, PartsMakeAFileWhenMultipartIsOffered) {
  auto* const multipart = static_cast<MultipartUploads*>(fs_->query(MultipartUploads::kInterfaceId));
  if (multipart == nullptr) return;  // optional, and nothing is claimed
  const auto hints = multipart->hints(0);
  ASSERT_GT(hints.part_size, 0u);
  ASSERT_GT(hints.concurrency, 0u);
  const Bytes content = pattern(hints.part_size + 1'000);
  {
    auto upload = multipart->begin(context_, VPath("/parts"));
    ASSERT_OK(upload);
    ASSERT_OK((*upload)->put_part(context_, 2, std::span(content).subspan(hints.part_size)));
    ASSERT_OK((*upload)->put_part(context_, 1, std::span(content).first(hints.part_size)));
    EXPECT_FALSE(exists(VPath("/parts")));
    const auto info = (*upload)->complete(context_);
    ASSERT_OK(info);
    EXPECT_EQ(info->size, content.size());
  }
  EXPECT_EQ(get(VPath("/parts")), content);
  {
    auto upload = multipart->begin(context_, VPath("/aborted"));
    ASSERT_OK(upload);
    ASSERT_OK((*upload)->put_part(context_, 1, std::span(content).first(hints.part_size)));
  }
  EXPECT_FALSE(exists(VPath("/aborted")));
}

}  // namespace
}  // namespace slipway::kit
