// Checks of routes that run before their bodies are collected, and whose memory those bodies take.
#include <atomic>

#include "support/http/server_fixture.h"

namespace slipway::http {
namespace {

std::string post(std::string_view path, std::size_t length, std::string_view fields = {}) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(length) + "\r\n" +
         std::string(fields) + "\r\n";
}

constexpr std::string_view kKey = "X-Key: 1\r\n";

class BodyCheckTest : public ServerTest {
 protected:
  BodyCheckTest() {
    RouteOptions checked;
    checked.check = [this](Request& q, Response& r) {
      ++checks;
      EXPECT_TRUE(q.may_block());
      r.set_header("X-Of-The-Check", "1");
      if (q.header("X-Throw")) throw std::runtime_error("check");
      if (q.header("X-Key")) return true;
      r.fail(401, "who are you");
      return false;
    };
    const auto echo = [](Request& q, Response& r) {
      auto text = q.text(1 << 20);
      if (!text) return r.fail(400);
      r.set_body(*std::move(text), "text/plain");
    };
    router->add("POST", "/checked", checked, echo);
    checked.run = Run::Inline;
    router->add("POST", "/inline", checked, echo);
    checked.run = Run::Worker;
    checked.lane = 1;
    router->add("POST", "/narrow", checked, echo);
    options.before = [](Request&, Response& r) {
      r.set_header("X-Of-The-Filter", "1");
      return true;
    };
  }
  std::atomic<int> checks{0};
};

TEST_F(BodyCheckTest, ARefusalDoesNotWaitForTheBody) {
  start();
  for (const char* path : {"/checked", "/inline"}) {
    auto client = connect();
    const auto answer = client.ask(post(path, 100'000), "who are you\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 401 ")) << answer;
    EXPECT_TRUE(contains(answer, "X-Of-The-Filter: 1\r\n"));
  }
  EXPECT_EQ(checks, 2);
}

TEST_F(BodyCheckTest, WhoPassesIsServedOnceTheBodyIsHere) {
  start();
  for (const char* path : {"/checked", "/inline"}) {
    auto client = connect();
    client.send(post(path, 4, kKey));
    client.send("bo");
    client.send("dy");
    const auto answer = client.read_until("\r\n\r\nbody");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    EXPECT_EQ(count_of(answer, "X-Of-The-Filter: 1\r\n"), 1);
    EXPECT_FALSE(contains(answer, "X-Of-The-Check"));
    // The connection goes on, with a chunked body now.
    const auto again = client.ask("POST " + std::string(path) +
                                      " HTTP/1.1\r\nHost: x\r\nX-Key: 1\r\nTransfer-Encoding: "
                                      "chunked\r\n\r\n4\r\nmore\r\n0\r\n\r\n",
                                  "\r\n\r\nmore");
    EXPECT_TRUE(again.starts_with("HTTP/1.1 200 ")) << again;
  }
  EXPECT_GE(checks, 2);
}

TEST_F(BodyCheckTest, ABodyThatIsHereGoesToTheHandlerAtOnce) {
  start();
  auto client = connect();
  EXPECT_TRUE(contains(client.ask(post("/checked", 2) + "ok", "\r\n\r\nok"), "200 OK"));
  EXPECT_EQ(checks, 0);
}

TEST_F(BodyCheckTest, NobodyIsToldToGoOnBefore) {
  start();
  auto stranger = connect();
  const auto refused = stranger.ask(post("/checked", 5, "Expect: 100-continue\r\n"), "who are you\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 401 ")) << refused;
  auto known = connect();
  EXPECT_EQ(known.ask(post("/checked", 5, "X-Key: 1\r\nExpect: 100-continue\r\n"), "\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(contains(known.ask("hello", "\r\n\r\nhello"), "200 OK"));
}

TEST_F(BodyCheckTest, ChecksThatThrowAnswer500) {
  start();
  auto client = connect();
  EXPECT_TRUE(client.ask(post("/checked", 5, "X-Throw: 1\r\n"), "\r\n\r\n").starts_with("HTTP/1.1 500 "));
}

TEST_F(BodyCheckTest, AFullLaneTakesNoChecks) {
  start();
  auto first = connect(), second = connect(), third = connect();
  first.send(get("/wait"));
  gate.await(1);
  second.send(get("/wait"));
  for (int i = 0; i < 500 && server->counters().queued == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_TRUE(third.ask(post("/narrow", 5, kKey), "at once\n").starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(checks, 0);
}

TEST_F(BodyCheckTest, StrangersDoNotTakeTheMemoryOfOthers) {
  options.limits.collected = 1000;
  options.limits.collected_unchecked = 400;
  options.limits.collected_shares = 2;
  start();
  std::vector<Client> strangers;
  const auto served = [&](const char* address, std::string_view path, std::string_view fields) {
    auto client = connect(address);
    client.send(post(path, 50, fields));
    client.send(std::string(50, 'y'));
    return client.read_until("\r\n\r\n").substr(9, 3);
  };
  // All that one address may have; and again when the question was there first and took the place.
  const auto fill = [&](const char* address) {
    for (int i = 0; i < 500 && served(address, "/echo", {}) != "503"; ++i) {
      strangers.push_back(connect(address));
      strangers.back().send(post("/echo", 201) + std::string(200, 'x'));
      std::this_thread::sleep_for(10ms);
    }
    return served(address, "/echo", {});
  };
  EXPECT_EQ(fill("192.0.2.1"), "503") << "its share is taken";
  EXPECT_EQ(served("192.0.2.2", "/echo", {}), "200") << "another address has its own";
  EXPECT_EQ(served("192.0.2.1", "/checked", kKey), "200") << "and who was checked is no stranger, wherever from";
  EXPECT_EQ(fill("192.0.2.2"), "503");
  EXPECT_EQ(served("192.0.2.4", "/echo", {}), "503") << "the strangers' part is full";
  for (const char* address : {"192.0.2.1", "192.0.2.4"}) EXPECT_EQ(served(address, "/checked", kKey), "200");
  // It comes back.
  strangers.clear();
  std::string status;
  for (int i = 0; i < 500 && status != "200"; ++i) {
    status = served("192.0.2.1", "/echo", {});
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(status, "200");
}

}  // namespace
}  // namespace slipway::http
