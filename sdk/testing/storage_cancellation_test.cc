// A context that was stopped, or whose deadline has passed, is answered so, and nothing happens.
#include <thread>

#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageCancellation : public StorageFixture {
 protected:
  void SetUp() override {
    put(VPath("/file"), "content");
    if (folders()) {
      make_dir(VPath("/empty"));
    }
  }

  // Storage that ends its calls at once may leave contexts to its caller, but then to all of its calls.
  bool looks_at(const OpContext& context, Errc expected) {
    const auto answer = fs_->stat(context, VPath("/file"), Follow::No);
    if (can(Capability::Immediate) && answer) {
      return false;
    }
    EXPECT_CODE(expected, answer);
    return true;
  }

  // Every call of the contract with this context.
  void expect_all(const OpContext& context, Errc expected) {
    if (!looks_at(context, expected)) {
      return;
    }
    const VPath file("/file"), created("/new");
    const std::vector<std::string> before = names(VPath());
    EXPECT_CODE(expected, fs_->list(context, VPath()));
    EXPECT_CODE(expected, fs_->open(context, file, OpenOptions::reading()));
    EXPECT_CODE(expected, fs_->open(context, created, OpenOptions::replacing()));
    EXPECT_CODE(expected, fs_->open(context, file, OpenOptions::replacing()));
    EXPECT_CODE(expected, fs_->remove(context, file));
    EXPECT_ONE_OF(fs_->make_dir(context, created), expected, Errc::NotSupported);
    EXPECT_ONE_OF(fs_->remove_dir(context, VPath("/empty")), expected, Errc::NotSupported);
    EXPECT_ONE_OF(fs_->rename(context, file, created), expected, Errc::NotSupported);
    EXPECT_ONE_OF(fs_->copy(context, file, created), expected, Errc::NotSupported);
    EXPECT_ONE_OF(fs_->set_attributes(context, file, {.mode = 0}, Follow::Yes), expected, Errc::NotSupported);
    EXPECT_ONE_OF(fs_->set_attributes(context, file, {.size = 0}, Follow::Yes), expected, Errc::NotSupported);
    EXPECT_ONE_OF(fs_->symlink(context, "file", created), expected, Errc::NotSupported);
    EXPECT_ONE_OF(fs_->read_link(context, file), expected, Errc::NotSupported);
    EXPECT_ONE_OF(fs_->space(context, file), expected, Errc::NotSupported);

    EXPECT_EQ(names(VPath()), before);
    EXPECT_EQ(get_text(file), "content");

    const auto reader = open(file, OpenOptions::reading());
    ASSERT_NE(reader, nullptr);
    Bytes out(10);
    EXPECT_CODE(expected, reader->read_at(context, 0, out));
    EXPECT_CODE(expected, reader->stat(context));
    const auto writer = open(VPath("/written"), OpenOptions::replacing());
    ASSERT_NE(writer, nullptr);
    ASSERT_OK(writer->write_at(context_, 0, bytes_of("kept")));
    EXPECT_CODE(expected, writer->write_at(context, 4, bytes_of("dropped")));
    ASSERT_OK(writer->finish(context_));
    EXPECT_EQ(get_text(VPath("/written")), "kept");

    auto cursor = fs_->list(context_, VPath());
    ASSERT_OK(cursor);
    std::vector<FileInfo> entries;
    EXPECT_CODE(expected, (*cursor)->next(context, 100, entries));
  }
};

TEST_F(StorageCancellation, StoppedContextIsCancelled) {
  std::stop_source source;
  source.request_stop();
  OpContext context;
  context.stop = source.get_token();
  expect_all(context, Errc::Cancelled);
}

TEST_F(StorageCancellation, PassedDeadlineIsTimedOut) {
  OpContext context;
  context.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  expect_all(context, Errc::TimedOut);
}

TEST_F(StorageCancellation, LiveContextWithADeadlineWorks) {
  std::stop_source source;
  OpContext context;
  context.stop = source.get_token();
  context.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
  EXPECT_OK(fs_->stat(context, VPath("/file"), Follow::No));
  const auto file = fs_->open(context, VPath("/new"), OpenOptions::replacing());
  ASSERT_OK(file);
  EXPECT_OK((*file)->write_at(context, 0, bytes_of("x")));
  EXPECT_OK((*file)->finish(context));
}

TEST_F(StorageCancellation, MountIsCancelledToo) {
  std::stop_source source;
  source.request_stop();
  OpContext context;
  context.stop = source.get_token();
  if (!looks_at(context, Errc::Cancelled)) {
    return;
  }
  const ModuleDescriptor& descriptor = StartedModule::library().descriptor();
  Texts given = StorageRun::get().use_options;
  const OptionTexts options({descriptor.use_options, descriptor.use_option_count}, given);
  const std::string place = (root().parent_path() / "elsewhere").string();
  EXPECT_CODE(Errc::Cancelled, module_.object().mount(context, {.root = place, .options = options}));
  EXPECT_FALSE(std::filesystem::exists(place));
}

TEST_F(StorageCancellation, StopInTheMiddleOfManyWritesLeavesAWorkingFilesystem) {
  std::stop_source source;
  OpContext context;
  context.stop = source.get_token();
  const Bytes piece = pattern(64 * 1024);
  {
    const auto file = open(VPath("/long"), OpenOptions::replacing());
    ASSERT_NE(file, nullptr);
    std::jthread stopper([&] { source.request_stop(); });
    Status status = ok();
    std::uint64_t offset = 0;
    for (int after_stop = 0; status && after_stop < 10; after_stop += source.stop_requested() ? 1 : 0) {
      status = file->write_at(context, offset, piece);
      offset = can(Capability::RandomWrite) ? (offset + piece.size()) % (16 << 20) : offset + piece.size();
    }
    EXPECT_CODE(looks_at(context, Errc::Cancelled) ? Errc::Cancelled : Errc::Ok, status);
  }
  put(VPath("/after"), "works");
  EXPECT_EQ(get_text(VPath("/after")), "works");
}

}  // namespace
}  // namespace slipway::kit
