// Listeners behind proxies: whose connection it is, and that nobody waits for somebody else's header.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <semaphore>
#include <thread>

#include "core/base/unique_fd.h"
#include "core/net/listener.h"

namespace slipway::net {
namespace {

using namespace std::chrono_literals;
using Mode = ProxySettings::Mode;

constexpr char kHeader[] = "PROXY TCP4 192.0.2.1 198.51.100.2 12345 22\r\n";
const Endpoint kClient{"192.0.2.1", 12345};

ProxySettings settings(Mode mode, bool allow_loopback = true) {
  ProxySettings s;
  s.mode = mode;
  if (allow_loopback) s.allowed = {*IpNetwork::parse("127.0.0.0/8")};
  s.header_time = s.silence = 1h;  // tests that want less say so
  return s;
}

class ProxyListener : public testing::Test {
 protected:
  void listen(ProxySettings s, bool apply = true) {
    listeners_.configure(std::move(s));
    auto listener = listeners_.listen({{"127.0.0.1", 0}, apply});
    ASSERT_TRUE(listener) << listener.error().message();
    listener_ = *std::move(listener);
  }

  UniqueFd connect(const std::string& text = {}, const char* from = "127.0.0.1") {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, from, &address.sin_addr);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(listener_->endpoint().port);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    send(fd, text);
    return fd;
  }
  static void send(const UniqueFd& fd, const std::string& text) {
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // The next `size` bytes; fewer when the other side ends.
  static std::string read(int fd, std::size_t size) {
    std::string text(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const ssize_t n = ::recv(fd, text.data() + got, size - got, 0);
      if (n <= 0) break;
      got += static_cast<std::size_t>(n);
    }
    text.resize(got);
    return text;
  }
  // The server closed the connection without a word.
  static bool refused(const UniqueFd& fd) {
    char c;
    return ::recv(fd.get(), &c, 1, 0) <= 0;
  }
  struct Accepted {
    UniqueFd fd;
    Endpoint remote, local;
  };
  Accepted accept() {
    auto accepted = listener_->accept();
    EXPECT_TRUE(accepted) << accepted.error().message();
    if (!accepted) return {};
    return {UniqueFd(accepted->fd), accepted->remote, accepted->local};
  }

  Listeners listeners_;
  std::unique_ptr<Listener> listener_;
};

TEST_F(ProxyListener, TheHeaderSaysWhoseConnectionItIsAndNotAByteMoreIsTaken) {
  listen(settings(Mode::Required));
  const auto client = connect(std::string(kHeader) + "SSH-2.0-x");
  const auto accepted = accept();
  EXPECT_EQ(accepted.remote, kClient);
  EXPECT_EQ(accepted.local, (Endpoint{"198.51.100.2", 22}));
  EXPECT_EQ(read(accepted.fd.get(), 9), "SSH-2.0-x");
}

TEST_F(ProxyListener, AHeaderInPiecesIsPutTogether) {
  listen(settings(Mode::Required));
  const auto client = connect();
  std::thread slow([&] {
    for (const char c : std::string(kHeader)) {
      send(client, std::string(1, c));
      std::this_thread::yield();
    }
    send(client, "after");
  });
  const auto accepted = accept();
  slow.join();
  EXPECT_EQ(accepted.remote, kClient);
  EXPECT_EQ(read(accepted.fd.get(), 5), "after");
}

TEST_F(ProxyListener, ClientsThatSayNothingStopNobody) {
  listen(settings(Mode::Required));
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 20; ++i) silent.push_back(connect(i % 2 == 0 ? "" : "PROXY TC"));
  const auto client = connect(kHeader);
  EXPECT_EQ(accept().remote, kClient);
  // They are not forgotten.
  send(silent[1], std::string(kHeader).substr(8));
  EXPECT_EQ(accept().remote, kClient);
}

TEST_F(ProxyListener, WithoutAHeaderWhereOneIsRequiredTheConnectionIsRefused) {
  listen(settings(Mode::Required));
  const auto plain = connect("SSH-2.0-x");
  const auto proper = connect(kHeader);
  EXPECT_EQ(accept().remote, kClient);
  EXPECT_TRUE(refused(plain));
}

TEST_F(ProxyListener, WhereAHeaderIsRequiredStrangersAreRefused) {
  auto s = settings(Mode::Required, false);
  s.allowed = {*IpNetwork::parse("127.0.0.2/32")};
  listen(s);
  const auto stranger = connect(kHeader, "127.0.0.3");
  const auto proxy = connect(kHeader, "127.0.0.2");
  EXPECT_EQ(accept().remote, kClient);
  EXPECT_TRUE(refused(stranger));
}

TEST_F(ProxyListener, WhereAHeaderIsOptionalThoseOfStrangersDoNotCount) {
  auto s = settings(Mode::Optional, false);
  s.allowed = {*IpNetwork::parse("127.0.0.2/32")};
  listen(s);
  const auto stranger = connect(std::string(kHeader) + "SSH", "127.0.0.3");
  const auto accepted = accept();
  EXPECT_EQ(accepted.remote.address, "127.0.0.3");
  EXPECT_EQ(read(accepted.fd.get(), 3), "SSH") << "the header is taken all the same";
  const auto proxy = connect(kHeader, "127.0.0.2");
  EXPECT_EQ(accept().remote, kClient);
}

TEST_F(ProxyListener, WhereAHeaderIsOptionalClientsNeedNone) {
  listen(settings(Mode::Optional));
  const auto client = connect("SSH-2.0-x");
  const auto accepted = accept();
  EXPECT_EQ(accepted.remote.address, "127.0.0.1");
  EXPECT_EQ(read(accepted.fd.get(), 9), "SSH-2.0-x");
}

TEST_F(ProxyListener, AClientThatWaitsForTheServersWordIsHandedOutAfterAWhile) {
  auto s = settings(Mode::Optional);
  s.silence = 20ms;
  listen(s);
  const auto client = connect();
  EXPECT_EQ(accept().remote.address, "127.0.0.1");
}

TEST_F(ProxyListener, AHeaderThatDoesNotEndInTimeIsRefused) {
  auto s = settings(Mode::Optional);
  s.silence = 10ms;
  s.header_time = 20ms;
  listen(s);
  const auto slow = connect("PROXY TCP4 ");
  std::thread acceptor([&] { EXPECT_EQ(accept().remote.address, "127.0.0.4"); });
  EXPECT_TRUE(refused(slow));
  const auto other = connect("SSH", "127.0.0.4");
  acceptor.join();
}

TEST_F(ProxyListener, MalformedHeadersAreRefused) {
  listen(settings(Mode::Optional));
  const auto bad = connect("PROXY TCP4 1 2 3 4\r\n");
  const auto good = connect(kHeader);
  EXPECT_EQ(accept().remote, kClient);
  EXPECT_TRUE(refused(bad));
}

TEST_F(ProxyListener, TheProxysOwnConnectionsKeepItsAddress) {
  listen(settings(Mode::Required));
  const auto check = connect(std::string("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16) + "x");
  const auto accepted = accept();
  EXPECT_EQ(accepted.remote.address, "127.0.0.1");
  EXPECT_EQ(read(accepted.fd.get(), 1), "x");
}

TEST_F(ProxyListener, SkippedPeersAreNeverRead) {
  auto s = settings(Mode::Required);
  s.skipped = {*IpNetwork::parse("127.0.0.9/32")};
  listen(s);
  const auto direct = connect(kHeader, "127.0.0.9");
  const auto accepted = accept();
  EXPECT_EQ(accepted.remote.address, "127.0.0.9");
  EXPECT_EQ(read(accepted.fd.get(), 5), "PROXY");
}

TEST_F(ProxyListener, ABindingMayStandApart) {
  listen(settings(Mode::Required), false);
  const auto client = connect();
  EXPECT_EQ(accept().remote.address, "127.0.0.1");
}

TEST_F(ProxyListener, NewSettingsHoldForTheNextConnection) {
  listen(settings(Mode::Off));
  const auto first = connect(kHeader);
  EXPECT_EQ(accept().remote.address, "127.0.0.1");
  listeners_.configure(settings(Mode::Required));
  const auto second = connect(kHeader);
  EXPECT_EQ(accept().remote, kClient);
}

TEST_F(ProxyListener, OneStrangerCannotFillTheQueue) {
  auto s = settings(Mode::Optional, false);
  s.allowed = {*IpNetwork::parse("127.0.0.2/32")};
  listen(s);
  std::vector<UniqueFd> flood;
  for (int i = 0; i < 65; ++i) flood.push_back(connect("", "127.0.0.3"));
  std::thread acceptor([&] { EXPECT_EQ(accept().remote, kClient); });
  EXPECT_TRUE(refused(flood.back()));
  const auto proxy = connect(kHeader, "127.0.0.2");
  acceptor.join();
}

TEST_F(ProxyListener, ClosingEndsTheWaitForHeaders) {
  listen(settings(Mode::Required));
  const auto silent = connect();
  std::thread acceptor([&] { EXPECT_EQ(listener_->accept().code(), Errc::Cancelled); });
  listener_->close();
  acceptor.join();
  listener_.reset();
  EXPECT_TRUE(refused(silent));
}

TEST_F(ProxyListener, ClientsThatLeaveAreForgotten) {
  listen(settings(Mode::Required));
  for (int i = 0; i < 10; ++i) connect(i % 2 == 0 ? "" : "PROXY");
  const auto client = connect(kHeader);
  EXPECT_EQ(accept().remote, kClient);
}

}  // namespace
}  // namespace slipway::net
