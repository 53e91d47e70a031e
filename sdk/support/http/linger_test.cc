// What becomes of clients that still send when their answer is out.
#include <string>

#include "support/http/server_fixture.h"

namespace slipway::http {
namespace {

class LingerTest : public ServerTest {
 protected:
  void start() {
    RouteOptions small;
    small.max_body = 1000;
    router->add("POST", "/small", small, [](Request&, Response& r) { r.set_body("ok", "text/plain"); });
    ServerTest::start();
  }
  // The server has refused the body when this returns.
  Client refused() {
    auto client = connect();
    client.send("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
    EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 413 "));
    return client;
  }
};

TEST_F(LingerTest, ASlowClientSendsForSecondsAndGetsItsAnswer) {
  start();
  auto client = connect();
  client.send("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(client.send(std::string(100, 'x'))) << "after " << i << " pieces";
    std::this_thread::sleep_for(100ms);
  }
  const auto answer = client.read_all();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
  EXPECT_TRUE(answer.ends_with("<end>")) << answer;
}

TEST_F(LingerTest, HowMuchComesDoesNotMatter) {
  start();
  auto client = refused();
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(client.send(piece)) << "after " << i << " MiB";
}

TEST_F(LingerTest, WhoNeverStopsIsCut) {
  options.limits.linger = 1s;
  options.limits.linger_idle = 600s;
  start();
  auto client = refused();
  const std::string piece(64 << 10, 'x');
  while (client.send(piece)) {
  }
  wait_for_connections(0);
}

TEST_F(LingerTest, WhoSendsAPieceNowAndThenIsCut) {
  options.limits.linger = 1s;
  options.limits.linger_idle = 600s;
  start();
  auto client = refused();
  while (client.send("x")) std::this_thread::sleep_for(10ms);
  wait_for_connections(0);
}

TEST_F(LingerTest, WhoSendsNothingIsCutSooner) {
  options.limits.linger = 600s;
  options.limits.linger_idle = 100ms;
  start();
  auto client = refused();
  wait_for_connections(0);
}

TEST_F(LingerTest, AConnectionThatLingersCounts) {
  options.limits.connections = 1;
  start();
  auto client = refused();
  EXPECT_EQ(connect().read_all(), "<end>");
  client.end();
  wait_for_connections(0);
  EXPECT_TRUE(contains(connect().ask(get("/hello"), "\r\n\r\nhi"), "200 OK"));
}

TEST_F(LingerTest, NoneOutlivesADrain) {
  options.limits.linger = options.limits.linger_idle = 600s;
  start();
  auto before = refused();
  auto later = connect();
  later.send(get("/wait", "Connection: close\r\n"));
  gate.await(1);
  std::thread drainer([&] { server->drain(std::chrono::steady_clock::now() + 600s); });
  EXPECT_TRUE(before.read_all().ends_with("<end>"));
  gate.open();
  drainer.join();
  EXPECT_EQ(server->counters().connections, 0u);
  EXPECT_TRUE(contains(later.read_all(), "waited"));
}

}  // namespace
}  // namespace slipway::http
