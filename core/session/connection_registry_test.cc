#include "core/session/connection_registry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace slipway::session {
namespace {

ConnectionRequest from(std::string address) {
  ConnectionRequest request;
  request.protocol = "SSH";
  request.connection_id = "c1";
  request.remote.address = std::move(address);
  return request;
}

TEST(ConnectionRegistry, RefusesBeyondThePerHostCap) {
  ConnectionRegistry registry({.max_per_host_connections = 2});
  auto a = registry.admit(from("192.0.2.1"));
  auto b = registry.admit(from("192.0.2.1"));
  ASSERT_TRUE(a && b);
  EXPECT_EQ(registry.admit(from("192.0.2.1")).code(), Errc::QuotaExceeded);
  EXPECT_TRUE(registry.admit(from("192.0.2.1"), admission::HostCap::Waived));
  EXPECT_TRUE(registry.admit(from("192.0.2.2")));
  a->reset();
  EXPECT_TRUE(registry.admit(from("192.0.2.1")));
}

TEST(ConnectionRegistry, CountsConnectionsAtomically) {
  ConnectionRegistry registry({.max_total_connections = 10, .max_per_host_connections = 0});
  std::atomic<int> admitted{0};
  std::vector<std::jthread> threads;
  std::mutex mutex;
  std::vector<std::shared_ptr<ConnectionRegistry::Connection>> kept;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n)
        if (auto c = registry.admit(from("192.0.2.1"))) {
          ++admitted;
          std::lock_guard lock(mutex);
          kept.push_back(*c);
        }
    });
  threads.clear();
  EXPECT_EQ(admitted, 10);
}

TEST(ConnectionRegistry, LimitsSessionsAndTransfersOfAUser) {
  ConnectionRegistry registry({});
  auto connection = registry.admit(from("192.0.2.1"));
  auto first = registry.open("anna", 1, "SFTP", "SFTP_1", *connection);
  ASSERT_TRUE(first);
  EXPECT_EQ(registry.open("anna", 1, "SFTP", "SFTP_2", *connection).code(), Errc::PermissionDenied);
  EXPECT_EQ(registry.session_count("anna"), 1u);

  auto transfers = (*first)->transfers();
  auto upload = transfers->begin(true, VPath("/a"));
  ASSERT_TRUE(upload);
  EXPECT_EQ(transfers->begin(false, VPath("/b")).code(), Errc::PermissionDenied);
  (*upload)->bytes = 7;
  const auto status = registry.sessions();
  ASSERT_EQ(status.size(), 1u);
  ASSERT_EQ(status[0].transfers.size(), 1u);
  EXPECT_EQ(status[0].transfers[0].size, 7u);
  upload->reset();
  EXPECT_TRUE(transfers->begin(false, VPath("/b")));
}

TEST(ConnectionRegistry, ClosingASessionRequestsItsStop) {
  ConnectionRegistry registry({});
  auto connection = registry.admit(from("192.0.2.1"));
  auto session = registry.open("anna", 0, "SFTP", "SFTP_1", *connection);
  EXPECT_EQ(registry.close("SFTP_9"), 0u);
  EXPECT_EQ(registry.close("SFTP_1"), 1u);
  EXPECT_TRUE((*session)->stop_token().stop_requested());
}

TEST(ConnectionRegistry, DrainRefusesWhatIsNewAndWaitsForTransfers) {
  ConnectionRegistry registry({});
  auto connection = registry.admit(from("192.0.2.1"));
  auto session = registry.open("anna", 0, "SFTP", "SFTP_1", *connection);
  auto ticket = (*session)->transfers()->begin(true, VPath("/a"));
  std::atomic<bool> drained{false};
  std::jthread drainer([&] {
    registry.drain(std::chrono::steady_clock::now() + std::chrono::minutes(1));
    drained = true;
  });
  while (registry.admit(from("192.0.2.1")).code() != Errc::Unavailable) std::this_thread::yield();
  EXPECT_FALSE(drained);
  EXPECT_FALSE((*session)->stop_token().stop_requested());
  ticket->reset();
  drainer.join();
  EXPECT_TRUE((*session)->stop_token().stop_requested());
  EXPECT_EQ(registry.open("anna", 0, "SFTP", "SFTP_2", *connection).code(), Errc::Unavailable);
}

TEST(ConnectionRegistry, DrainDoesNotWaitForParkedSessions) {
  ConnectionRegistry registry({});
  auto connection = registry.admit(from("192.0.2.1"));
  auto parked = registry.open("anna", 0, "HTTP", "HTTP_1", *connection);
  auto working = registry.open("anna", 0, "HTTP", "HTTP_2", *connection);
  auto first = (*parked)->transfers()->begin(true, VPath("/a"));
  (*parked)->set_parked(true);
  (*parked)->set_parked(true);
  auto second = (*parked)->transfers()->begin(true, VPath("/b"));
  auto third = (*working)->transfers()->begin(true, VPath("/c"));
  first->reset();
  std::jthread drainer([&] { registry.drain(std::chrono::steady_clock::now() + std::chrono::minutes(1)); });
  while (registry.admit(from("192.0.2.1")).code() != Errc::Unavailable) std::this_thread::yield();
  EXPECT_FALSE((*parked)->stop_token().stop_requested());
  third->reset();
  drainer.join();
  EXPECT_TRUE((*parked)->stop_token().stop_requested());
  (*parked)->set_parked(false);
  second->reset();
}

TEST(ConnectionRegistry, MovingTransfersAreNotIdle) {
  ConnectionRegistry registry({});
  auto connection = registry.admit(from("192.0.2.1"));
  auto session = registry.open("anna", 0, "SFTP", "SFTP_1", *connection);
  auto ticket = (*session)->transfers()->begin(true, VPath("/a"));
  (*ticket)->bytes = 1;
  const auto before = (*session)->idle();
  registry.close_if([](const std::string&, auto) { return false; });
  EXPECT_LE((*session)->idle(), before + std::chrono::seconds(1));
  registry.close_if([](const std::string& user, auto) { return user == "anna"; });
  EXPECT_TRUE((*session)->stop_token().stop_requested());
}

}  // namespace
}  // namespace slipway::session
