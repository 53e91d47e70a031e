// The server over real sockets: what clients see, what they cannot do, and how it ends.
#include "support/http/server_fixture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <numeric>
#include <thread>

namespace slipway::http {
namespace {

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  start();
  auto client = connect();
  for (int i = 0; i < 3; ++i) {
    const auto text = client.ask(get("/hello"), "\r\n\r\nhi");
    EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\nServer: test\r\nDate: ")) << text;
    EXPECT_TRUE(contains(text, "Content-Length: 2\r\n"));
    EXPECT_FALSE(contains(text, "Connection:"));
  }
  EXPECT_EQ(server->counters().requests, 3u);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  auto client = connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    const auto number = std::to_string(i);
    requests +=
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(number.size() + 1) + "\r\n\r\n<" + number;
    requests += get("/hello");
  }
  requests += get("/hello", "Connection: close\r\n");
  client.send(requests);
  const auto text = client.read_all();
  EXPECT_EQ(count_of(text, "HTTP/1.1 200 OK"), 201);
  std::size_t at = 0;
  for (int i = 0; i < 100; ++i) {
    at = text.find("\r\n\r\n<" + std::to_string(i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_TRUE(text.ends_with("hi<end>"));
}

TEST_F(ServerTest, RequestsThatComeByteByByte) {
  start();
  auto client = connect();
  for (const char c :
       std::string("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")) {
    client.send({&c, 1});
    std::this_thread::sleep_for(200us);
  }
  EXPECT_TRUE(contains(client.read_until("\r\n\r\nhello"), "200 OK"));
}

TEST_F(ServerTest, ConnectionsEndWhenTheClientSaysSo) {
  start();
  EXPECT_TRUE(contains(connect().ask(get("/hello", "Connection: close\r\n"), {}), "Connection: close\r\n\r\nhi<end>"));
  EXPECT_TRUE(contains(connect().ask("GET /hello HTTP/1.0\r\n\r\n", {}), "Connection: close\r\n\r\nhi<end>"));
  EXPECT_TRUE(contains(connect().ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "hi"),
                       "Connection: keep-alive\r\n"));
  auto half = connect();
  half.send(get("/hello"));
  half.half_close();
  EXPECT_TRUE(contains(half.read_all(), "\r\n\r\nhi<end>"));
}

TEST_F(ServerTest, WhatIsMalformedEndsTheConnection) {
  start();
  for (const auto* request : {"GET /hello HTTP/1.1\r\n\r\n", "garbage\r\n\r\n", "GET /hello HTTP/1.1\nHost: x\n\n"}) {
    const auto text = connect().ask(std::string(request) + get("/hello"), {});
    EXPECT_TRUE(text.starts_with("HTTP/1.1 400 ")) << text;
    EXPECT_TRUE(contains(text, "Connection: close"));
    EXPECT_EQ(count_of(text, "HTTP/1.1"), 1) << text;
  }
}

TEST_F(ServerTest, BodiesThatFrameASecondRequestDoNot) {
  start();
  const auto text = connect().ask(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
          get("/hello"),
      {});
  EXPECT_TRUE(text.starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(count_of(text, "HTTP/1.1"), 1);
}

TEST_F(ServerTest, StreamsBodiesOfEverySize) {
  start();
  auto client = connect();
  for (const std::size_t size : {0u, 1u, 999u, 1000u, 16384u, 70000u, 3000000u}) {
    const std::string body(size, 'x');
    std::thread sender([&] {
      client.send("POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + body);
      client.send("POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
      char head[32];
      for (std::size_t at = 0; at < size;) {
        const auto piece = std::min<std::size_t>(size - at, 7000);
        std::snprintf(head, sizeof(head), "%zx\r\n", piece);
        client.send(head + body.substr(at, piece) + "\r\n");
        at += piece;
      }
      client.send("0\r\n\r\n");
    });
    const auto want = "\r\n\r\n" + std::to_string(size) + " bytes";
    auto text = client.read_until(want);
    while (count_of(text, want) < 2 && !contains(text, "<")) text += client.read_until(want);
    sender.join();
    EXPECT_EQ(count_of(text, want), 2) << text;
  }
}

TEST_F(ServerTest, TellsClientsToGoOn) {
  start();
  auto client = connect();
  const std::string head = " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  for (const std::string path : {"/echo", "/count"}) {
    EXPECT_EQ(client.ask("POST " + path + head, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    EXPECT_TRUE(contains(client.read_until("\r\n\r\n"), "200 OK"));
    // The rest of the answer comes with the next read.
    std::this_thread::sleep_for(20ms);
  }
  auto eager = connect();
  EXPECT_FALSE(contains(eager.ask("POST /echo" + head + "hello", "\r\n\r\nhello"), "100 Continue"));
  EXPECT_TRUE(connect().ask("POST /nothing" + head, {}).starts_with("HTTP/1.1 404 "));
}

TEST_F(ServerTest, RefusesLargeBodies) {
  RouteOptions small;
  small.max_body = 10;
  router->add("POST", "/small", small, [](Request&, Response&) {});
  router->add("POST", "/small-stream", streamed(10), [](Request& q, Response& r) {
    const auto text = q.text(1000);
    r.fail(text.code() == Errc::TooLarge ? 413 : 500);
  });
  start();
  for (const std::string path : {"/small", "/small-stream"}) {
    EXPECT_TRUE(connect()
                    .ask("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello", "\r\n\r\n")
                    .starts_with("HTTP/1.1 413 "));
    EXPECT_TRUE(
        connect()
            .ask("POST " + path + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n",
                 "\r\n\r\n")
            .starts_with("HTTP/1.1 413 "));
  }
}

TEST_F(ServerTest, AnEarlyAnswerArrivesWhileTheBodyIsStillComing) {
  router->add("POST", "/refuse", streamed(), [](Request&, Response& r) { r.fail(403); });
  start();
  auto client = connect();
  client.send("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n");
  std::thread sender([&] { client.send(std::string(5000000, 'x')); });
  const auto text = client.read_all();
  sender.join();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 403 ")) << text;
  EXPECT_TRUE(contains(text, "Connection: close"));
  EXPECT_TRUE(text.ends_with("<end>"));
}

TEST_F(ServerTest, ASmallUnreadBodyKeepsTheConnection) {
  router->add("POST", "/refuse", streamed(), [](Request&, Response& r) { r.fail(403); });
  start();
  auto client = connect();
  client.send("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n0123456789");
  EXPECT_TRUE(client.read_until("Forbidden\n").starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(contains(client.ask("0123456789" + get("/hello"), "\r\n\r\nhi"), "200 OK"));
}

TEST_F(ServerTest, AHeadHasNoBody) {
  router->add("GET", "/stream", [](Request&, Response& r) { (void)r.write("some text"); });
  start();
  auto client = connect();
  client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  client.send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto text = client.ask(get("/hello", "Connection: close\r\n"), {});
  EXPECT_EQ(count_of(text, "HTTP/1.1 200 OK"), 3);
  EXPECT_EQ(count_of(text, "hi"), 1);
  EXPECT_EQ(count_of(text, "some text"), 0);
}

TEST_F(ServerTest, Streams) {
  router->add("GET", "/stream", [](Request&, Response& r) {
    for (int i = 0; i < 20000; ++i) {
      if (!r.write("0123456789")) return;
    }
  });
  router->add("GET", "/known", [](Request&, Response& r) {
    r.set_length(6);
    (void)r.write("abc");
    (void)r.flush();
    (void)r.write("def");
  });
  router->add("GET", "/cut", [](Request&, Response& r) {
    (void)r.write("abc");
    (void)r.flush();
    r.abort();
  });
  start();
  const auto chunks = connect().ask(get("/stream", "Connection: close\r\n"), {});
  EXPECT_EQ(count_of(chunks, "0123456789") > 19000, true);
  EXPECT_TRUE(chunks.ends_with("\r\n0\r\n\r\n<end>"));
  EXPECT_TRUE(contains(connect().ask(get("/known"), "def"), "Content-Length: 6\r\n\r\nabcdef"));
  const auto old = connect().ask("GET /stream HTTP/1.0\r\n\r\n", {});
  EXPECT_FALSE(contains(old, "chunked"));
  EXPECT_EQ(old.size() - old.find("\r\n\r\n") - 4, 200000u + 5);
  const auto cut = connect().ask(get("/cut"), {});
  EXPECT_TRUE(contains(cut, "abc"));
  EXPECT_FALSE(contains(cut, "0\r\n\r\n"));
}

TEST_F(ServerTest, HandlersThatThrowAnswer500) {
  router->add("GET", "/throws", [](Request&, Response&) { throw std::runtime_error("no"); });
  router->add("GET", "/throws-inline", inline_run(), [](Request&, Response&) { throw 7; });
  start();
  auto client = connect();
  EXPECT_TRUE(contains(client.ask(get("/throws"), "Error\n"), "500 Internal Server Error"));
  EXPECT_TRUE(contains(client.ask(get("/throws-inline"), "Error\n"), "500 Internal Server Error"));
  EXPECT_TRUE(contains(client.ask(get("/hello"), "hi"), "200 OK"));
}

TEST_F(ServerTest, HandsOverWhatMayBlock) {
  std::atomic<int> inline_runs{0}, worker_runs{0};
  router->add("POST", "/auto", {.run = Run::Automatic}, [&](Request& q, Response& r) {
    const auto text = q.text(100);
    if (!q.may_block()) {
      ++inline_runs;
      r.set_header("X-Forgotten", "1");
      return r.hand_over(1);
    }
    ++worker_runs;
    r.set_body(*text, "text/plain");
  });
  start();
  auto client = connect();
  const auto text = client.ask("POST /auto HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "\r\n\r\nhello");
  EXPECT_TRUE(contains(text, "200 OK"));
  EXPECT_FALSE(contains(text, "X-Forgotten"));
  EXPECT_EQ(inline_runs, 1);
  EXPECT_EQ(worker_runs, 1);
}

TEST_F(ServerTest, ALaneThatIsFullAnswers503AndOthersGoOn) {
  start();
  auto first = connect();
  first.send(get("/wait"));
  gate.await(1);
  auto second = connect();
  second.send(get("/wait"));
  for (int i = 0; i < 500 && server->counters().queued == 0; ++i) std::this_thread::sleep_for(10ms);
  auto third = connect();
  const auto refused = third.ask(get("/wait"), "at once\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
  EXPECT_TRUE(contains(refused, "Retry-After: 1"));
  EXPECT_TRUE(
      contains(third.ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok", "\r\n\r\nok"), "200 OK"));
  gate.open();
  EXPECT_TRUE(contains(first.read_until("waited"), "200 OK"));
  EXPECT_TRUE(contains(second.read_until("waited"), "200 OK"));
  EXPECT_EQ(server->counters().overloaded, 1u);
}

TEST_F(ServerTest, FiltersMayAnswerAndLogsSeeEverything) {
  std::mutex mutex;
  std::vector<std::string> seen;
  options.before = [](Request& q, Response& r) {
    q.attachment() = std::string("from the filter");
    if (q.header("X-Refuse")) return r.fail(429), false;
    return true;
  };
  options.finished = [&](const Request& q, const Response&, const Finished& f) {
    std::lock_guard lock(mutex);
    seen.push_back(std::string(q.method()) + " " + std::to_string(f.status) + " " + std::to_string(f.received));
  };
  router->add("GET", "/attached", inline_run(),
              [](Request& q, Response& r) { r.set_body(std::any_cast<std::string>(q.attachment()), "text/plain"); });
  start();
  auto client = connect();
  EXPECT_TRUE(contains(client.ask(get("/attached"), "filter"), "from the filter"));
  EXPECT_TRUE(client.ask(get("/attached", "X-Refuse: 1\r\n"), "Requests\n").starts_with("HTTP/1.1 429 "));
  client.ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "\r\n\r\nhello");
  client.ask("nonsense\r\n\r\n", {});
  std::lock_guard lock(mutex);
  EXPECT_EQ(seen, (std::vector<std::string>{"GET 200 0", "GET 429 0", "POST 200 5", " 400 0"}));
}

TEST_F(ServerTest, FailuresHaveTheServersForm) {
  options.failure = [](Response& r, int status, std::string_view detail) {
    r.set_body("{\"status\":" + std::to_string(status) + ",\"detail\":\"" + std::string(detail) + "\"}",
               "application/json");
  };
  start();
  EXPECT_TRUE(contains(connect().ask(get("/nothing"), "}"), "{\"status\":404,\"detail\":\"\"}"));
  EXPECT_TRUE(contains(connect().ask("DELETE /hello HTTP/1.1\r\nHost: x\r\n\r\n", "}"), "Allow: GET, HEAD\r\n"));
}

TEST_F(ServerTest, CompressesTextForThoseWhoTakeIt) {
  RouteOptions compressed;
  compressed.compress = true;
  const std::string text(5000, 'a');
  router->add("GET", "/text", compressed, [&](Request&, Response& r) {
    r.set_header("ETag", "\"a\"");
    r.set_body(text, "text/plain");
  });
  router->add("GET", "/small", compressed, [&](Request&, Response& r) { r.set_body("small", "text/plain"); });
  router->add("GET", "/image", compressed, [&](Request&, Response& r) { r.set_body(text, "image/png"); });
  start();
  const auto zipped = connect().ask(get("/text", "Accept-Encoding: gzip\r\nConnection: close\r\n"), {});
  EXPECT_TRUE(contains(zipped, "Content-Encoding: gzip\r\n"));
  EXPECT_TRUE(contains(zipped, "ETag: W/\"a\"\r\n"));
  EXPECT_TRUE(contains(zipped, "Vary: Accept-Encoding\r\n"));
  EXPECT_LT(zipped.size(), 500u);
  for (const auto& request :
       {get("/text", "Connection: close\r\n"), get("/small", "Accept-Encoding: gzip\r\nConnection: close\r\n"),
        get("/image", "Accept-Encoding: gzip\r\nConnection: close\r\n")})
    EXPECT_FALSE(contains(connect().ask(request, {}), "Content-Encoding"));
}

// ---- files

class FileTest : public ServerTest {
 protected:
  void SetUp() override {
    path = std::filesystem::temp_directory_path() / ("http_file_test." + std::to_string(::getpid()));
    for (int i = 0; content.size() < 300000; ++i) content += std::to_string(i) + ",";
    std::ofstream(path) << content;
    const auto send = [this](bool now) {
      return [this, now](Request&, Response& r) {
        FileBody file;
        file.source = make_file_source(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        file.size = content.size();
        file.validators = {"\"tag\"", std::chrono::sys_seconds(std::chrono::seconds(1000000))};
        file.content_type = "text/plain";
        if (!now) return r.set_file(std::move(file));
        (void)r.send_file(file);
      };
    };
    router->add("GET", "/file", {.run = Run::Automatic}, send(false));
    router->add("GET", "/now", {.run = Run::Worker}, send(true));
    start();
  }
  void TearDown() override {
    ServerTest::TearDown();
    std::filesystem::remove(path);
  }
  std::string body(const std::string& text) { return text.substr(text.find("\r\n\r\n") + 4); }

  std::filesystem::path path;
  std::string content;
};

TEST_F(FileTest, WholeFiles) {
  for (const char* route : {"/file", "/now"}) {
    const auto text = connect().ask(get(route, "Connection: close\r\n"), {});
    EXPECT_EQ(body(text), content + "<end>");
    EXPECT_TRUE(contains(text, "ETag: \"tag\"\r\n"));
    EXPECT_TRUE(contains(text, "Last-Modified: Mon, 12 Jan 1970 13:46:40 GMT\r\n"));
    EXPECT_TRUE(contains(text, "Accept-Ranges: bytes\r\n"));
  }
}

TEST_F(FileTest, Ranges) {
  for (const char* route : {"/file", "/now"}) {
    auto client = connect();
    const auto one = client.ask(get(route, "Range: bytes=10-19\r\n"), content.substr(10, 10));
    EXPECT_TRUE(one.starts_with("HTTP/1.1 206 ")) << one;
    EXPECT_TRUE(contains(one, "Content-Range: bytes 10-19/" + std::to_string(content.size())));
    EXPECT_TRUE(contains(one, "Content-Length: 10\r\n"));
    const auto large = connect().ask(get(route, "Range: bytes=100000-\r\nConnection: close\r\n"), {});
    EXPECT_EQ(body(large), content.substr(100000) + "<end>");
    const auto outside = client.ask(get(route, "Range: bytes=9999999-\r\n"), "able\n");
    EXPECT_TRUE(outside.starts_with("HTTP/1.1 416 ")) << outside;
    EXPECT_TRUE(contains(outside, "Content-Range: bytes */" + std::to_string(content.size())));
  }
}

TEST_F(FileTest, SeveralRanges) {
  const auto text = connect().ask(get("/file", "Range: bytes=0-3,100-50099,-5\r\nConnection: close\r\n"), {});
  ASSERT_TRUE(contains(text, "multipart/byteranges; boundary="));
  const auto at = text.find("boundary=") + 9;
  const auto boundary = text.substr(at, text.find("\r\n", at) - at);
  std::string expected;
  for (const auto& [first, size] : {std::pair(0, 4), std::pair(100, 50000), std::pair(int(content.size()) - 5, 5)}) {
    expected += "\r\n--" + boundary + "\r\nContent-Type: text/plain\r\nContent-Range: bytes " + std::to_string(first) +
                "-" + std::to_string(first + size - 1) + "/" + std::to_string(content.size()) + "\r\n\r\n" +
                content.substr(first, size);
  }
  expected += "\r\n--" + boundary + "--\r\n";
  EXPECT_EQ(body(text), expected + "<end>");
  EXPECT_TRUE(contains(text, "Content-Length: " + std::to_string(expected.size()) + "\r\n"));
}

TEST_F(FileTest, Conditions) {
  auto client = connect();
  const auto same = client.ask(get("/file", "If-None-Match: \"tag\"\r\n"), "\r\n\r\n");
  EXPECT_TRUE(same.starts_with("HTTP/1.1 304 "));
  EXPECT_FALSE(contains(same, "Content-Length"));
  EXPECT_TRUE(contains(same, "ETag: \"tag\""));
  EXPECT_TRUE(client.ask(get("/file", "If-Match: \"other\"\r\n"), "Failed\n").starts_with("HTTP/1.1 412 "));
  client.send("HEAD /file HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = client.read_until("\r\n\r\n");
  EXPECT_TRUE(contains(head, "Content-Length: " + std::to_string(content.size())));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

// ---- time

class DeadlineTest : public ServerTest {
 protected:
  void SetUp() override {
    auto& limits = options.limits;
    limits.header_read = limits.body_read = limits.idle = limits.write = 300ms;
    limits.linger = 200ms;
    start();
  }
};

TEST_F(DeadlineTest, IdleConnectionsEnd) {
  EXPECT_EQ(connect().read_all(), "<end>");
  auto client = connect();
  client.ask(get("/hello"), "\r\n\r\nhi");
  EXPECT_EQ(client.read_all(), "<end>");
}

TEST_F(DeadlineTest, SlowHeadersAndBodiesEnd) {
  EXPECT_TRUE(connect().ask("GET /hello HTTP/1.1\r\n", {}).starts_with("HTTP/1.1 408 "));
  for (const std::string path : {"/echo", "/count"})
    EXPECT_TRUE(connect()
                    .ask("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe", {})
                    .starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(server->counters().timed_out, 2u);  // that of /count is its handler's
}

TEST_F(DeadlineTest, ClientsThatDoNotReadAreCut) {
  auto big = std::make_shared<Router>();
  big->add("GET", "/inline", inline_run(), [](Request&, Response& r) { r.set_body(std::string(8 << 20, 'x')); });
  big->add("GET", "/worker", [](Request&, Response& r) {
    const std::string piece(1 << 20, 'x');
    for (int i = 0; i < 8; ++i) {
      if (!r.write(piece)) return;
    }
  });
  ASSERT_TRUE(server->change_binding(binding, {.router = big}));
  auto one = connect(), two = connect();
  one.send(get("/inline"));
  two.send(get("/worker"));
  std::this_thread::sleep_for(100ms);
  wait_for_connections(0);
}

// ---- the end

TEST_F(ServerTest, DrainsWhatRuns) {
  start();
  auto idle = connect();
  idle.ask(get("/hello"), "\r\n\r\nhi");
  auto busy = connect();
  busy.send(get("/wait"));
  gate.await(1);
  std::thread drainer([&] { server->drain(std::chrono::steady_clock::now() + 30s); });
  EXPECT_EQ(idle.read_all(), "<end>");
  gate.open();
  const auto text = busy.read_all();
  EXPECT_TRUE(contains(text, "Connection: close\r\n\r\nwaited<end>")) << text;
  busy.end();
  drainer.join();
  EXPECT_EQ(server->counters().connections, 0u);
  auto late = connect();
  EXPECT_EQ(late.ask(get("/hello"), {}).substr(0, 4), "<end");
}

TEST_F(ServerTest, StopCutsWhatIsLeft) {
  std::atomic<bool> stopped{false};
  router->add("GET", "/until-stop", [&](Request& q, Response&) {
    gate.pass();
    while (!q.stop_token().stop_requested()) std::this_thread::sleep_for(1ms);
    stopped = true;
  });
  start();
  auto waiting = connect(), reading = connect(), idle = connect();
  gate.open();
  waiting.send(get("/until-stop"));
  reading.send("POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
  gate.await(1);
  for (int i = 0; i < 500 && server->counters().running < 2; ++i) std::this_thread::sleep_for(10ms);
  server->stop();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(server->counters().connections, 0u);
}

TEST_F(ServerTest, ABindingMayBeClosedAlone) {
  start();
  const auto other = *server->add_binding({.router = router});
  auto kept = connect();
  kept.ask(get("/hello"), "\r\n\r\nhi");
  const auto first = std::exchange(binding, other);
  auto ended = connect();
  ended.ask(get("/hello"), "\r\n\r\nhi");
  server->close_binding(other);
  EXPECT_EQ(ended.read_all(), "<end>");
  EXPECT_TRUE(contains(kept.ask(get("/hello"), "\r\n\r\nhi"), "200 OK"));
  binding = first;
}

TEST_F(ServerTest, BindingsChangeForTheNextRequest) {
  start();
  auto client = connect();
  client.ask(get("/hello"), "\r\n\r\nhi");
  auto changed = std::make_shared<Router>();
  changed->add("GET", "/hello", inline_run(), [](Request&, Response& r) { r.set_body("changed"); });
  ASSERT_TRUE(server->change_binding(binding, {.router = changed}));
  EXPECT_TRUE(contains(client.ask(get("/hello"), "changed"), "200 OK"));
  EXPECT_FALSE(server->change_binding(binding, {}));
  EXPECT_FALSE(server->change_binding(99, {.router = changed}));
}

TEST_F(ServerTest, UnixSockets) {
  start();
  const auto path =
      (std::filesystem::temp_directory_path() / ("http_unix_test." + std::to_string(::getpid()))).string();
  auto listener = listen_on_unix_socket(path);
  ASSERT_TRUE(listener.ok());
  EXPECT_EQ(listen_on_unix_socket(path).code(), Errc::Conflict);
  ASSERT_TRUE(server->listen(*std::move(listener), binding));
  EXPECT_TRUE(std::filesystem::is_socket(path));
  server->close_binding(binding);
  EXPECT_FALSE(std::filesystem::exists(path));
}

// A file whose bandwidth makes it pause after each piece.
class ThrottledSource final : public FileSource {
 public:
  ThrottledSource(int fd, std::vector<std::size_t>& pieces) : file_(make_file_source(fd)), pieces_(pieces) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    return file_->read_at(offset, out);
  }
  int fd() const noexcept override { return file_->fd(); }
  Status sent(std::size_t bytes) override {
    pieces_.push_back(bytes);
    if (pieces_.size() <= 4) std::this_thread::sleep_for(250ms);
    return ok();
  }

 private:
  const std::unique_ptr<FileSource> file_;
  std::vector<std::size_t>& pieces_;
};

TEST_F(ServerTest, AFileThatIsThrottledComesInSmallPieces) {
  constexpr std::size_t kSize = 300 << 10;
  std::vector<std::size_t> pieces;
  router->add("GET", "/slow", [&](Request&, Response& r) {
    const int fd = ::memfd_create("file", MFD_CLOEXEC);
    ASSERT_EQ(::ftruncate(fd, kSize), 0);
    FileBody file;
    file.size = kSize;
    file.source = std::make_shared<ThrottledSource>(fd, pieces);
    r.set_file(std::move(file));
  });
  start();
  auto client = connect();
  const std::string answer = client.ask(get("/slow", "Connection: close\r\n"), {});
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4 - std::string("<end>").size(), kSize);
  server->stop();
  ASSERT_GT(pieces.size(), 4u);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(pieces[i], pieces[i - 1] / 2) << i;
  EXPECT_EQ(std::accumulate(pieces.begin(), pieces.end(), std::size_t(0)), kSize);
}

// Says what becomes of it.
class UnreadableSource final : public FileSource {
 public:
  UnreadableSource(Errc why, bool is_immediate, std::atomic<Errc>& told)
      : why_(why), is_immediate_(is_immediate), told_(told) {}
  Result<std::size_t> read_at(std::uint64_t, std::span<std::byte>) override { return Error(why_, "file", "a test"); }
  bool is_immediate() const noexcept override { return is_immediate_; }
  void finished(const Status& status, std::uint64_t) noexcept override { told_ = status.code(); }

 private:
  const Errc why_;
  const bool is_immediate_;
  std::atomic<Errc>& told_;
};

TEST_F(ServerTest, ASmallFileThatCannotBeReadIsAnErrorAndNoEndOfTheConnection) {
  std::atomic<Errc> told = Errc::Ok, why = Errc::IoError;
  for (const bool is_immediate : {false, true})
    router->add("GET", is_immediate ? "/inline" : "/worker", is_immediate ? inline_run() : RouteOptions{},
                [&, is_immediate](Request&, Response& r) {
                  FileBody file;
                  file.size = 4096;
                  file.disposition = "attachment";
                  file.source = std::make_shared<UnreadableSource>(why.load(), is_immediate, told);
                  r.set_file(std::move(file));
                });
  start();
  auto client = connect();
  for (const char* path : {"/worker", "/inline"}) {
    why = Errc::IoError;
    const std::string answer = client.ask(get("/hello") + get(path), "500 Internal Server Error");
    EXPECT_TRUE(contains(answer, "200 OK")) << "of the one before";
    EXPECT_FALSE(contains(answer, "4096"));
    EXPECT_FALSE(contains(answer, "attachment"));
    EXPECT_EQ(told, Errc::IoError);
    why = Errc::Cancelled;
    EXPECT_TRUE(contains(client.ask(get(path) + get("/hello"), "\r\n\r\nhi"), "503 Service Unavailable"));
  }
}

TEST_F(ServerTest, LanesRunMoreAtOnceThanCameBeforeAndGoOnAfterwards) {
  Gate all;
  router->add("GET", "/all", [&](Request&, Response& r) {
    all.pass();
    r.set_body("all", "text/plain");
  });
  options.lanes[0].threads = 20;
  start();
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(connect());
  for (auto& client : clients) client.send(get("/all"));
  all.await(20);
  all.open();
  for (auto& client : clients) EXPECT_TRUE(contains(client.read_until("all"), "200 OK"));
  for (auto& client : clients) EXPECT_TRUE(contains(client.ask(get("/all"), "all"), "200 OK"));
}

}  // namespace
}  // namespace slipway::http
