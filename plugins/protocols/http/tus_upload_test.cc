#include "tus_upload.h"

#include <gtest/gtest.h>

#include <future>

#include "tus_uploads.h"

namespace slipway::httpd {
namespace {

using namespace std::chrono_literals;

// What happened to the file, for everybody who holds it.
struct Seen {
  std::string content;
  bool finished = false, closed = false;
  int uses_back = 0;
  bool parked = false;
  std::function<Status()> before_write = nullptr;
  bool truncates = true;
};

class SeenFile final : public File {
 public:
  explicit SeenFile(Seen& seen) : seen_(seen) {}
  ~SeenFile() override { seen_.closed = true; }
  Status write_at(const OpContext&, std::uint64_t offset, std::span<const std::byte> data) override {
    if (seen_.before_write) SLIPWAY_TRY(seen_.before_write());
    const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
    seen_.content.resize(std::max<std::size_t>(seen_.content.size(), offset + text.size()));
    seen_.content.replace(offset, text.size(), text);
    return ok();
  }
  Status truncate(const OpContext&, std::uint64_t size) override {
    if (!seen_.truncates) return unsupported("truncate");
    seen_.content.resize(size);
    return ok();
  }
  Result<FileInfo> stat(const OpContext&) override { return FileInfo(); }
  Status finish(const OpContext&) override {
    seen_.finished = true;
    return ok();
  }

 private:
  Seen& seen_;
};

class NoFilesystem final : public Filesystem {
 public:
  Capabilities capabilities() const noexcept override { return 0; }
  Result<FileInfo> stat(const OpContext&, const VPath&, Follow) override { return unsupported("stat"); }
  Result<std::unique_ptr<DirCursor>> list(const OpContext&, const VPath&) override { return unsupported("list"); }
  Result<std::unique_ptr<File>> open(const OpContext&, const VPath&, const OpenOptions&) override {
    return unsupported("open");
  }
};

class SeenSession final : public Session {
 public:
  explicit SeenSession(Seen& seen) : seen_(seen) {}
  Filesystem& fs() noexcept override { return fs_; }
  const std::string& id() const noexcept override { return id_; }
  const std::string& user() const noexcept override { return id_; }
  const VPath& start_directory() const noexcept override { return start_; }
  std::stop_token stop_token() const noexcept override { return stop.get_token(); }
  OpContext context() const noexcept override { return {}; }
  void set_command(std::string_view) override {}
  std::chrono::steady_clock::duration idle() const noexcept override { return {}; }
  std::chrono::steady_clock::duration idle_limit() const noexcept override { return 15min; }
  void set_parked(bool parked) noexcept override { seen_.parked = parked; }

  std::stop_source stop;

 private:
  Seen& seen_;
  NoFilesystem fs_;
  const std::string id_ = "anna";
  const VPath start_;
};

class SeenVisit final : public ShareVisit {
 public:
  explicit SeenVisit(Seen& seen) : seen_(seen) {}
  const std::string& name() const noexcept override { return name_; }
  const std::vector<VPath>& paths() const noexcept override { return paths_; }
  Status use(std::int64_t uses) override {
    seen_.uses_back -= static_cast<int>(uses);
    return ok();
  }
  Result<std::unique_ptr<Session>> open(std::string_view) override { return Error(Errc::NotSupported, "open"); }

 private:
  Seen& seen_;
  const std::string name_;
  const std::vector<VPath> paths_;
};

class TusUploadTest : public testing::Test {
 protected:
  std::shared_ptr<TusUpload> begin(std::uint64_t length, std::string id = "1") {
    TusWork work;
    session = std::make_shared<SeenSession>(seen);
    work.session = session;
    work.visit = std::make_unique<SeenVisit>(seen);
    work.file = std::make_unique<SeenFile>(seen);
    TusUpload::Facts facts;
    facts.id = std::move(id);
    facts.user = "anna";
    facts.length = length;
    return std::make_shared<TusUpload>(std::move(facts), std::move(work));
  }
  static auto bytes(std::string_view text) { return std::as_bytes(std::span(text)); }
  using Counts = TusUpload::Counts;
  static auto take(const std::shared_ptr<TusUpload>& upload, std::uint64_t offset, Counts counts = Counts::AtOnce) {
    return TusUpload::Turn::take(upload, offset, "PATCH", counts);
  }

  Seen seen;
  std::shared_ptr<SeenSession> session;
};

TEST_F(TusUploadTest, PiecesBecomeTheFile) {
  const auto upload = begin(6);
  {
    auto turn = take(upload, 0);
    ASSERT_TRUE(turn);
    EXPECT_FALSE(seen.parked);
    EXPECT_TRUE(turn->write(bytes("abc")));
  }
  EXPECT_TRUE(seen.parked);
  EXPECT_EQ(take(upload, 0).code(), Errc::Conflict);
  auto turn = take(upload, 3);
  EXPECT_EQ(turn->write(bytes("defg")).code(), Errc::TooLarge);
  EXPECT_TRUE(turn->write(bytes("def")));
  EXPECT_TRUE(turn->finish());
  EXPECT_TRUE(turn->finish());
  EXPECT_TRUE(upload->state().is_complete);
  EXPECT_TRUE(seen.finished && seen.closed);
  EXPECT_EQ(seen.content, "abcdef");
  EXPECT_EQ(seen.uses_back, 0);
  upload->abandon();
  EXPECT_FALSE(upload->state().is_gone);
}

TEST_F(TusUploadTest, TheNewestTurnWins) {
  const auto upload = begin(6);
  auto old = take(upload, 0);
  EXPECT_TRUE(old->write(bytes("ab")));
  auto fresh = take(upload, 2);
  ASSERT_TRUE(fresh);
  EXPECT_EQ(old->write(bytes("xx")).code(), Errc::Conflict);
  EXPECT_EQ(old->finish().code(), Errc::Conflict);
  EXPECT_TRUE(fresh->write(bytes("cdef")));
  EXPECT_EQ(seen.content, "abcdef");
}

TEST_F(TusUploadTest, ATurnWaitsForThePieceThatIsBeingWritten) {
  const auto upload = begin(6);
  std::promise<void> began, go_on;
  seen.before_write = [&]() -> Status {
    began.set_value();
    go_on.get_future().wait();
    return ok();
  };
  std::jthread writer([&] {
    auto turn = take(upload, 0);
    EXPECT_TRUE(turn->write(bytes("abc")));
  });
  began.get_future().wait();
  std::jthread other([&] { EXPECT_EQ(take(upload, 0).code(), Errc::Conflict) << "it is elsewhere by then"; });
  go_on.set_value();
  writer.join();
  other.join();
  EXPECT_EQ(upload->state().offset, 3u);
}

TEST_F(TusUploadTest, WhatIsGivenUpWhileItIsWrittenEndsWithThePiece) {
  const auto upload = begin(6);
  auto turn = take(upload, 0);
  seen.before_write = [&]() -> Status {
    upload->abandon();
    EXPECT_FALSE(seen.closed);
    return ok();
  };
  EXPECT_TRUE(turn->write(bytes("abc")));
  EXPECT_TRUE(seen.closed);
  EXPECT_FALSE(seen.finished);
  EXPECT_EQ(seen.uses_back, 1);
  EXPECT_EQ(turn->write(bytes("def")).code(), Errc::NotFound);
  EXPECT_EQ(take(upload, 3).code(), Errc::NotFound);
}

TEST_F(TusUploadTest, AFailedPieceIsTheEnd) {
  const auto upload = begin(6);
  auto turn = take(upload, 0);
  seen.before_write = [] { return Status(Error(Errc::QuotaExceeded, "/f")); };
  EXPECT_EQ(turn->write(bytes("abc")).code(), Errc::QuotaExceeded);
  EXPECT_TRUE(upload->state().is_gone && seen.closed && seen.uses_back == 1);
}

TEST_F(TusUploadTest, WhatIsNotAcceptedDoesNotCount) {
  const auto upload = begin(6);
  EXPECT_TRUE(take(upload, 0)->write(bytes("ab")));
  {
    auto turn = take(upload, 2, Counts::OnAccept);
    EXPECT_TRUE(turn->write(bytes("x")));
    EXPECT_TRUE(turn->write(bytes("yz")));
    EXPECT_EQ(turn->write(bytes("zz")).code(), Errc::TooLarge);
    EXPECT_EQ(upload->state().offset, 2u);
    turn->discard();
    EXPECT_EQ(seen.content, "ab");
  }
  auto turn = take(upload, 2, Counts::OnAccept);
  EXPECT_TRUE(turn->write(bytes("cd")));
  EXPECT_TRUE(turn->write(bytes("ef")));
  EXPECT_TRUE(turn->accept());
  EXPECT_TRUE(turn->accept()) << "there is nothing more";
  EXPECT_EQ(upload->state().offset, 6u);
  EXPECT_TRUE(turn->finish());
  EXPECT_EQ(seen.content, "abcdef");
}

TEST_F(TusUploadTest, WhatCannotBeRemovedIsOverwritten) {
  const auto upload = begin(4);
  seen.truncates = false;
  {
    auto turn = take(upload, 0, Counts::OnAccept);
    EXPECT_TRUE(turn->write(bytes("wxyz")));
    turn->discard();
  }
  EXPECT_FALSE(upload->state().is_gone);
  auto turn = take(upload, 0);
  EXPECT_TRUE(turn->write(bytes("abcd")));
  EXPECT_TRUE(turn->finish());
  EXPECT_EQ(seen.content, "abcd");
}

TEST_F(TusUploadTest, WhoTakesOverBeginsWhereTheCheckedPieceDid) {
  const auto upload = begin(6);
  EXPECT_TRUE(take(upload, 0)->write(bytes("ab")));
  auto old = take(upload, 2, Counts::OnAccept);
  EXPECT_TRUE(old->write(bytes("xxxx")));
  auto fresh = take(upload, 2, Counts::OnAccept);
  ASSERT_TRUE(fresh);
  EXPECT_EQ(old->write(bytes("")).code(), Errc::Conflict);
  EXPECT_EQ(old->accept().code(), Errc::Conflict);
  old->discard();
  EXPECT_TRUE(fresh->write(bytes("cd")));
  EXPECT_TRUE(fresh->accept());
  EXPECT_EQ(upload->state().offset, 4u);
  upload->abandon();
  EXPECT_EQ(seen.content, "abcd") << "what never counted does not stay in a file that was given up";
}

TEST_F(TusUploadTest, APieceThatIsBeingCheckedIsNotLeftBehind) {
  const auto upload = begin(6);
  EXPECT_TRUE(take(upload, 0)->write(bytes("ab")));
  auto turn = take(upload, 2, Counts::OnAccept);
  EXPECT_TRUE(turn->write(bytes("xx")));
  upload->abandon();
  EXPECT_EQ(turn->accept().code(), Errc::NotFound);
  turn->discard();
  EXPECT_EQ(seen.content, "ab");
  EXPECT_TRUE(seen.closed);
}

TEST_F(TusUploadTest, WhatNobodyAsksForExpires) {
  const auto upload = begin(6);
  const auto now = std::chrono::steady_clock::now();
  EXPECT_FALSE(upload->sweep(now + 14min));
  EXPECT_TRUE(upload->expires_at());
  {
    auto turn = take(upload, 0);
    EXPECT_FALSE(upload->sweep(now + 1h)) << "a request is at it";
  }
  EXPECT_TRUE(upload->sweep(now + 1h));
  EXPECT_TRUE(upload->state().is_gone && seen.closed && seen.uses_back == 1);
}

TEST_F(TusUploadTest, AClosedSessionIsTheEnd) {
  const auto upload = begin(6);
  session->stop.request_stop();
  EXPECT_TRUE(upload->sweep(std::chrono::steady_clock::now()));
  EXPECT_TRUE(seen.closed);
}

TEST_F(TusUploadTest, CompleteOnesAreRememberedForAWhile) {
  const auto upload = begin(0);
  EXPECT_TRUE(take(upload, 0)->finish());
  const auto now = std::chrono::steady_clock::now();
  EXPECT_FALSE(upload->sweep(now + 14min));
  EXPECT_TRUE(upload->sweep(now + 1h));
  EXPECT_TRUE(upload->state().is_complete);
}

TEST_F(TusUploadTest, TheCollectionEndsWhatIsLeft) {
  TusUploads uploads;
  const auto id = TusUploads::make_id();
  EXPECT_EQ(id.size(), 32u);
  ASSERT_TRUE(uploads.add(begin(6, id)));
  EXPECT_TRUE(uploads.find(id));
  EXPECT_FALSE(uploads.find("other"));
  uploads.close();
  EXPECT_TRUE(seen.closed);
  EXPECT_FALSE(uploads.find(id));
  EXPECT_EQ(uploads.add(begin(6)).code(), Errc::Unavailable);
}

TEST_F(TusUploadTest, EverybodyHasOnlySoMany) {
  TusUploads uploads;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(uploads.add(begin(6, std::to_string(i))));
  EXPECT_FALSE(uploads.check_room("anna", ""));
  EXPECT_TRUE(uploads.check_room("bob", ""));
  const auto refused = uploads.add(begin(6, "more"));
  EXPECT_EQ(refused.code(), Errc::Unavailable);
  EXPECT_TRUE(refused.error().retryable());
  uploads.remove("7");
  EXPECT_TRUE(uploads.check_room("anna", ""));
}

}  // namespace
}  // namespace slipway::httpd
