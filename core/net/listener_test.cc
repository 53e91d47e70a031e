#include "core/net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atomic>
#include <cerrno>
#include <semaphore>
#include <thread>

#include "core/base/unique_fd.h"
#include "core/log/log.h"
#include "core/net/socket_address.h"

namespace slipway::net {
namespace {

std::unique_ptr<Listener> listen_on(std::string address, std::uint16_t port = 0) {
  Listeners listeners;
  auto listener = listeners.listen({.endpoint = {std::move(address), port}});
  EXPECT_TRUE(listener) << listener.error().message();
  return listener ? *std::move(listener) : nullptr;
}

UniqueFd connect_v4(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return {};
  return fd;
}

UniqueFd connect_v6(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  address.sin6_addr = in6addr_loopback;
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return {};
  return fd;
}

TEST(Listener, PortZeroBecomesARealPort) {
  const auto listener = listen_on("127.0.0.1");
  ASSERT_TRUE(listener);
  EXPECT_NE(listener->endpoint().port, 0);
  EXPECT_EQ(listener->endpoint().address, "127.0.0.1");
}

TEST(Listener, AcceptedConnectionsAreBlockingCloseOnExecAndWithoutDelay) {
  const auto listener = listen_on("127.0.0.1");
  const UniqueFd client = connect_v4(listener->endpoint().port);
  ASSERT_TRUE(client);
  auto accepted = listener->accept();
  ASSERT_TRUE(accepted) << accepted.error().message();
  const UniqueFd fd(accepted->fd);
  EXPECT_EQ(::fcntl(fd.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  int no_delay = 0;
  socklen_t size = sizeof(no_delay);
  ASSERT_EQ(::getsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_NE(no_delay, 0);
  EXPECT_EQ(accepted->remote, local_endpoint(client.get()));
  EXPECT_EQ(accepted->local, listener->endpoint());
}

TEST(Listener, AnEmptyAddressTakesIpv4ClientsAndShowsThemAsIpv4) {
  const auto listener = listen_on("");
  const UniqueFd client = connect_v4(listener->endpoint().port);
  ASSERT_TRUE(client);
  auto accepted = listener->accept();
  ASSERT_TRUE(accepted);
  const UniqueFd fd(accepted->fd);
  EXPECT_EQ(accepted->remote.address, "127.0.0.1");
  EXPECT_EQ(accepted->local.address, "127.0.0.1");
}

TEST(Listener, AnEmptyAddressTakesIpv6ClientsWhereTheMachineHasIpv6) {
  const auto listener = listen_on("");
  const bool has_ipv6 = listener->endpoint().address == "::";
  const UniqueFd client = connect_v6(listener->endpoint().port);
  if (!has_ipv6) {
    EXPECT_FALSE(client);
    return;
  }
  // IPv6 sockets without an IPv6 loopback address are possible, in containers.
  if (!client) {
    EXPECT_EQ(errno, EADDRNOTAVAIL);
    return;
  }
  auto accepted = listener->accept();
  ASSERT_TRUE(accepted);
  const UniqueFd fd(accepted->fd);
  EXPECT_EQ(accepted->remote.address, "::1");
}

TEST(Listener, AnAddressInUseIsAConflictThatNamesIt) {
  const auto listener = listen_on("127.0.0.1");
  Listeners listeners;
  auto second = listeners.listen({.endpoint = listener->endpoint()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.code(), Errc::Conflict);
  EXPECT_EQ(second.error().subject(), "listen on 127.0.0.1:" + std::to_string(listener->endpoint().port));
  EXPECT_NE(second.error().cause().find("in use"), std::string::npos);
}

TEST(Listener, ADualStackListenerConflictsWithAnIpv4One) {
  const auto listener = listen_on("");
  Listeners listeners;
  EXPECT_EQ(listeners.listen({.endpoint = {"0.0.0.0", listener->endpoint().port}}).code(), Errc::Conflict);
}

TEST(Listener, AForeignAddressIsNotLocal) {
  Listeners listeners;
  auto listener = listeners.listen({.endpoint = {"192.0.2.1", 0}});
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.code(), Errc::InvalidArgument);
  EXPECT_NE(listener.error().cause().find("not one of this machine"), std::string::npos);
}

TEST(Listener, WhatIsNoAddressIsRefused) {
  Listeners listeners;
  for (const std::string& address : {std::string("300.1.2.3.4"), std::string("a b"), std::string("127.0.0.1\0x", 11)}) {
    EXPECT_EQ(listeners.listen({.endpoint = {address, 0}}).code(), Errc::InvalidArgument) << address;
  }
}

TEST(Listener, APortCanBeTakenAgainAfterItsConnectionsWereClosed) {
  auto listener = listen_on("127.0.0.1");
  const Endpoint endpoint = listener->endpoint();
  {
    const UniqueFd client = connect_v4(endpoint.port);
    auto accepted = listener->accept();
    ASSERT_TRUE(accepted);
    const UniqueFd fd(accepted->fd);  // closed first: it is this side that waits in TIME_WAIT
  }
  listener.reset();
  EXPECT_TRUE(listen_on("127.0.0.1", endpoint.port));
}

TEST(Listener, CloseEndsAnAcceptThatWaits) {
  const auto listener = listen_on("127.0.0.1");
  Errc code = Errc::Ok;
  std::thread acceptor([&] { code = listener->accept().code(); });
  listener->close();
  acceptor.join();
  EXPECT_EQ(code, Errc::Cancelled);
  EXPECT_EQ(listener->accept().code(), Errc::Cancelled);
}

TEST(Listener, CloseRefusesNewConnections) {
  const auto listener = listen_on("127.0.0.1");
  listener->close();
  EXPECT_FALSE(connect_v4(listener->endpoint().port));
  EXPECT_EQ(errno, ECONNREFUSED);
}

TEST(Listener, AfterCloseWaitingConnectionsAreNotHandedOut) {
  const auto listener = listen_on("127.0.0.1");
  const UniqueFd client = connect_v4(listener->endpoint().port);
  ASSERT_TRUE(client);
  listener->close();
  EXPECT_EQ(listener->accept().code(), Errc::Cancelled);
}

// The limit of open files is lowered in a child process; what it finds is its exit status. A connection and a line of
// the log come before that: UBSan needs a pipe for the first look at an object of a class.
int accept_without_descriptors() {
  log::warn("listener", "descriptors are about to end", {{"error", std::string("none yet")}});
  Listeners listeners;
  auto opened = listeners.listen({.endpoint = {"127.0.0.1", 0}});
  if (!opened) return 1;
  Listener& listener = **opened;
  const UniqueFd first = connect_v4(listener.endpoint().port);
  rlimit usual{};
  if (::getrlimit(RLIMIT_NOFILE, &usual) != 0) return 6;
  std::binary_semaphore exhausted{0};
  std::atomic<Errc> code = Errc::Internal;
  timespec before{}, after{};
  std::thread acceptor([&] {
    auto accepted = listener.accept();
    if (accepted) ::close(accepted->fd);
    exhausted.acquire();
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    accepted = listener.accept();
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    ::setrlimit(RLIMIT_NOFILE, &usual);
    code = accepted.code();
    if (accepted) ::close(accepted->fd);
  });
  char end;
  const bool first_ended = ::read(first.get(), &end, 1) == 0;
  const UniqueFd client = connect_v4(listener.endpoint().port);
  UniqueFd reserve(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const rlimit limit{static_cast<rlim_t>(reserve.get()) + 1, usual.rlim_max};
  const bool limited = first && first_ended && client && reserve && ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
  exhausted.release();
  ::poll(nullptr, 0, 300);
  const bool waits = code == Errc::Internal;
  reserve.reset();
  acceptor.join();
  if (!limited) return 2;
  if (!waits) return 3;
  if (code != Errc::Ok) return 4;
  const auto used_ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1'000'000;
  return used_ms < 100 ? 0 : 5;  // spinning would have used all of the pause
}

TEST(Listener, WithoutDescriptorsItWaitsWithoutSpinningAndThenAccepts) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(accept_without_descriptors());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SocketAddress, EndpointsAreWrittenWithBracketsWhereNeeded) {
  EXPECT_EQ(to_string(Endpoint{"192.0.2.1", 22}), "192.0.2.1:22");
  EXPECT_EQ(to_string(Endpoint{"2001:db8::1", 22}), "[2001:db8::1]:22");
  EXPECT_EQ(to_string(Endpoint{"", 22}), "*:22");
}

}  // namespace
}  // namespace slipway::net
