// A guard over fake storages, with its counters and what it published in reach of a test.
#pragma once

#include <gtest/gtest.h>

#include "core/log/log.h"
#include "core/vfs/guard.h"
#include "core/vfs/testing/fake_storage.h"

namespace slipway::vfs::testing {

inline Permissions tokens(std::initializer_list<std::string_view> names) {
  Permissions bits = 0;
  for (std::string_view name : names) bits |= permissions_of_token(name).value();
  return bits;
}

class GuardTest : public ::testing::Test {
 protected:
  GuardTest() {
    log::set_level(LogLevel::Error);
    policy.user = "alice";
    policy.role = "staff";
    policy.protocol = "SFTP";
    policy.ip = "192.0.2.1";
    policy.connection_id = "SFTP_1_1";
    account = std::make_shared<QuotaAccount>(QuotaUsage{}, [this](QuotaUsage delta) {
      std::lock_guard lock(mutex);
      persisted += delta;
    });
    policy.mounts.push_back(home_mount());
  }

  Mount home_mount() {
    Mount mount;
    mount.at = VPath();
    mount.fs = home;
    mount.resource = "home";
    mount.quota = account;
    mount.symlinks = true;
    return mount;
  }
  Mount& add_mount(const char* at, std::shared_ptr<FakeStorage> storage, std::string resource) {
    Mount mount;
    mount.at = VPath(at);
    mount.fs = std::move(storage);
    mount.resource = std::move(resource);
    mount.folder = at;
    return policy.mounts.emplace_back(std::move(mount));
  }
  void permit(const char* path, std::initializer_list<std::string_view> names) {
    policy.permissions.add(VPath(path), tokens(names));
  }

  // Everything not said yet is permitted; events are recorded.
  Filesystem& guard() {
    if (guard_) return *guard_;
    policy.permissions.add(VPath(), kAllPermissions);
    recorder_ = bus->on_after_sync("test", "*", [this](const OpContext&, const Event& event) {
      std::lock_guard lock(mutex);
      events.push_back(event);
      return ok();
    });
    guard_ = make_guard(policy, bus);
    return *guard_;
  }

  Errc code(const Status& status) { return status.code(); }
  std::vector<std::string> actions() {
    std::lock_guard lock(mutex);
    std::vector<std::string> names;
    for (const Event& event : events) names.push_back(event.action);
    return names;
  }
  std::unique_ptr<File> open(const char* path, OpenOptions options = OpenOptions::replacing()) {
    auto file = guard().open(ctx, VPath(path), options);
    EXPECT_TRUE(file) << path << ": " << (file ? "" : file.error().message());
    return file ? *std::move(file) : nullptr;
  }
  Status upload(const char* path, std::string_view content, OpenOptions options = OpenOptions::replacing()) {
    SLIPWAY_ASSIGN(auto file, guard().open(ctx, VPath(path), options));
    SLIPWAY_TRY(file->write_at(ctx, 0, bytes_of(content)));
    return file->finish(ctx);
  }
  Result<std::string> download(const char* path) {
    SLIPWAY_ASSIGN(auto file, guard().open(ctx, VPath(path), OpenOptions::reading()));
    std::string out(1 << 16, '\0');
    SLIPWAY_ASSIGN(const std::size_t n, file->read_at(ctx, 0, std::as_writable_bytes(std::span(out))));
    SLIPWAY_TRY(file->finish(ctx));
    out.resize(n);
    return out;
  }
  std::vector<std::string> names_in(const char* path, std::size_t page = 100) {
    std::vector<std::string> names;
    auto cursor = guard().list(ctx, VPath(path));
    EXPECT_TRUE(cursor) << (cursor ? "" : cursor.error().message());
    if (!cursor) return names;
    for (bool more = true; more;) {
      std::vector<FileInfo> entries;
      auto next = (*cursor)->next(ctx, page, entries);
      EXPECT_TRUE(next);
      if (!next) break;
      more = *next;
      for (auto& entry : entries) names.push_back(entry.name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  OpContext ctx;
  std::mutex mutex;
  QuotaUsage persisted;
  std::vector<Event> events;
  std::shared_ptr<FakeStorage> home = std::make_shared<FakeStorage>();
  std::shared_ptr<QuotaAccount> account;
  std::shared_ptr<events::EventBus> bus = std::make_shared<events::EventBus>();
  Policy policy;

 private:
  std::unique_ptr<events::EventBus::Registration> recorder_;
  std::unique_ptr<Filesystem> guard_;
};

}  // namespace slipway::vfs::testing
