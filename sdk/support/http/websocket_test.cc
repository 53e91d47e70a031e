// WebSockets over a real server.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "support/http/server_fixture.h"

namespace slipway::http {
namespace {

std::string masked(unsigned first, std::string_view payload) {
  std::string frame{static_cast<char>(first), static_cast<char>(0x80 | payload.size()), 0, 0, 0, 0};
  return frame + std::string(payload);
}
std::string upgrade(std::string_view path) {
  return get(path,
             "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
             "dGhlIHNhbXBsZSBub25jZQ==\r\n");
}

class WebSocketTest : public ServerTest {
 protected:
  void SetUp() override {
    options.limits.websocket_ping = 300ms;
    options.limits.linger_idle = 300ms;
    const auto start_echo = [this](Request& q, Response& r) {
      r.upgrade(q, {.max_message = 100, .max_queued = 1 << 20}, [this](std::shared_ptr<WebSocket> socket) {
        {
          std::lock_guard lock(mutex);
          last = socket;
        }
        return WebSocketEvents{
            [socket](std::string_view text, WebSocket::Kind kind) { (void)socket->send(text, kind); },
            [this](std::uint16_t code) {
              std::lock_guard lock(mutex);
              closed = code;
              changed.notify_all();
            }};
      });
    };
    router->add("GET", "/ws", inline_run(), start_echo);
    router->add("GET", "/ws-worker", start_echo);
    start();
  }
  int wait_closed() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, 10s, [this] { return closed != 0; });
    return closed;
  }
  std::shared_ptr<WebSocket> socket() {
    std::lock_guard lock(mutex);
    return last;
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<WebSocket> last;
  int closed = 0;
};

TEST_F(WebSocketTest, EchoesAndCloses) {
  for (const char* path : {"/ws", "/ws-worker"}) {
    closed = 0;
    auto client = connect();
    const auto head = client.ask(upgrade(path), "\r\n\r\n");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
    EXPECT_TRUE(contains(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    EXPECT_EQ(client.ask(masked(0x81, "hello"), "hello"), "\x81\x05hello");
    EXPECT_EQ(client.ask(masked(0x89, "p!"), "p!"), "\x8a\x02p!");
    EXPECT_EQ(client.ask(masked(0x88, "\x03\xe8"), {}), "\x88\x02\x03\xe8<end>");
    EXPECT_EQ(wait_closed(), 1000);
    EXPECT_EQ(socket()->send("too late").code(), Errc::Cancelled);
  }
}

TEST_F(WebSocketTest, TheServerMaySpeakFirstAndClose) {
  auto client = connect();
  client.ask(upgrade("/ws"), "\r\n\r\n");
  ASSERT_TRUE(socket()->send("news"));
  EXPECT_EQ(client.read_until("news"), "\x81\x04news");
  socket()->close(1001, "bye");
  EXPECT_EQ(client.read_until("bye"),
            "\x88\x05\x03\xe9"
            "bye");
  EXPECT_EQ(client.ask(masked(0x88, "\x03\xe9"), {}), "<end>");
  EXPECT_EQ(wait_closed(), 1001);
}

TEST_F(WebSocketTest, SilentClientsArePingedThenCut) {
  auto client = connect();
  client.ask(upgrade("/ws"), "\r\n\r\n");
  EXPECT_EQ(client.read_until(std::string_view("\x89\0", 2)), std::string("\x89\0", 2));
  client.send(masked(0x8a, ""));
  EXPECT_EQ(client.read_until(std::string_view("\x89\0", 2)), std::string("\x89\0", 2));
  EXPECT_EQ(client.read_all(), "<end>");
  EXPECT_EQ(wait_closed(), 1006);
}

TEST_F(WebSocketTest, LargeMessagesEndTheConnection) {
  auto client = connect();
  client.ask(upgrade("/ws"), "\r\n\r\n");
  EXPECT_EQ(client.ask(masked(0x81, std::string(101, 'a')), "\x03\xf1"), "\x88\x02\x03\xf1");
}

TEST_F(WebSocketTest, ClientsThatDoNotKeepUpAreLetGo) {
  auto client = connect();
  client.ask(upgrade("/ws"), "\r\n\r\n");
  const std::string piece(100000, 'x');
  Status status = ok();
  for (int i = 0; i < 1000 && status; ++i) status = socket()->send(piece);
  EXPECT_EQ(status.code(), Errc::TooLarge);
  EXPECT_FALSE(socket()->is_open());
  EXPECT_NE(wait_closed(), 0);
}

TEST_F(WebSocketTest, WantsAProperRequest) {
  EXPECT_TRUE(connect().ask(get("/ws"), "clients\n").starts_with("HTTP/1.1 426 "));
  auto old = upgrade("/ws");
  old.replace(old.find("Version: 13"), 11, "Version: 12");
  EXPECT_TRUE(contains(connect().ask(old, "here\n"), "Sec-WebSocket-Version: 13\r\n"));
  auto odd = upgrade("/ws");
  odd.replace(odd.find("dGhl"), 4, "dGh!");
  EXPECT_TRUE(connect().ask(odd, "field\n").starts_with("HTTP/1.1 400 "));
}

TEST_F(WebSocketTest, ADrainSaysGoodbye) {
  auto client = connect();
  client.ask(upgrade("/ws"), "\r\n\r\n");
  std::thread drainer([&] { server->drain(std::chrono::steady_clock::now() + 10s); });
  EXPECT_TRUE(contains(client.read_until("ends"), "\x03\xe9the server ends"));
  client.send(masked(0x88, "\x03\xe9"));
  EXPECT_EQ(client.read_all(), "<end>");
  drainer.join();
}

}  // namespace
}  // namespace slipway::http
