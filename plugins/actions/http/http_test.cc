// The module as it ships, against a real server.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "test_server.h"
#include "tests/support/loaded_action.h"

namespace slipway::http {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::LoadedAction;

constexpr const char* kFastRetries = R"({"retry_wait_min": 0, "retry_wait_max": 0})";

std::string text(json::object options) { return json::serialize(options); }

Response always_ok(const SeenRequest&) { return {}; }

TEST(HttpAction, SendsMethodBodyHeadersAndQueryAndReturnsTheAnswer) {
  TestServer server([](const SeenRequest&) { return Response{201, "made"}; });
  LoadedAction action(MODULE_FILE, "{}");
  const auto reply = action.run(text(
      {{"endpoint", server.url("/hook?fixed=1")},
       {"method", "PUT"},
       {"body", "{\"a\":1}\n"},
       {"headers", {{{"key", "Content-Type"}, {"value", "application/json"}}, {{"key", "X-Empty"}, {"value", ""}}}},
       {"query_parameters", {{{"key", "name"}, {"value", "a b"}}}},
       {"username", "u"},
       {"password", "p"}}));
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->code, 201);
  EXPECT_EQ(reply->body, "made");
  ASSERT_EQ(server.requests().size(), 1u);
  SeenRequest seen = server.requests()[0];
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.target, "/hook?fixed=1&name=a%20b");
  EXPECT_EQ(seen.body, "{\"a\":1}\n");
  EXPECT_EQ(seen.headers["content-type"], "application/json");
  EXPECT_EQ(seen.headers["authorization"], "Basic dTpw");
  EXPECT_TRUE(seen.headers.contains("x-empty"));
  EXPECT_FALSE(seen.headers.contains("expect"));
}

TEST(HttpAction, EveryMethodIsSentAsItIs) {
  TestServer server(always_ok);
  LoadedAction action(MODULE_FILE, "{}");
  for (const char* method : {"GET", "POST", "PUT", "DELETE"}) {
    ASSERT_TRUE(action.run(text({{"endpoint", server.url("/")}, {"method", method}})));
    EXPECT_EQ(server.requests().back().method, method);
    EXPECT_FALSE(server.requests().back().headers.contains("content-type")) << method;
  }
  EXPECT_EQ(server.connections(), 1);  // the connection is kept between requests
}

TEST(HttpAction, AnotherStatusIsARefusalThatCarriesStatusAndAnswer) {
  TestServer server([](const SeenRequest&) { return Response{403, "not on sundays"}; });
  LoadedAction action(MODULE_FILE, kFastRetries);
  const auto reply = action.run(text({{"endpoint", server.url("/?token=secret")}, {"retry", true}}));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.code(), Errc::PermissionDenied);
  EXPECT_EQ(reply.error().cause(), "status 403: not on sundays");
  EXPECT_EQ(reply.error().message().find("secret"), std::string::npos);
  EXPECT_EQ(server.requests().size(), 1u);  // 4xx is final
}

TEST(HttpAction, RedirectsAreNotFollowed) {
  TestServer server([](const SeenRequest&) { return Response{302, "", "Location: /elsewhere\r\n"}; });
  LoadedAction action(MODULE_FILE, "{}");
  EXPECT_EQ(action.run(text({{"endpoint", server.url("/")}})).code(), Errc::PermissionDenied);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(HttpAction, OnlyHttpUrlsAreRequested) {
  LoadedAction action(MODULE_FILE, "{}");
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "/bin/true", ""})
    EXPECT_EQ(action.run(text({{"endpoint", url}})).code(), Errc::InvalidArgument) << url;
}

TEST(HttpAction, ServerErrorsAndDroppedConnectionsAreRetriedWhenAsked) {
  std::atomic<int> count = 0;
  TestServer server([&](const SeenRequest&) {
    switch (count++) {
      case 0:
        return Response{503, "", "Retry-After: 3600\r\n"};  // longer than the section allows to wait
      case 1:
        return Response{.drop = true};
      case 2:
        return Response{429};
      default:
        return Response{200, "at last"};
    }
  });
  LoadedAction action(MODULE_FILE, kFastRetries);
  const auto reply = action.run(text({{"endpoint", server.url("/")}, {"retry", true}, {"body", "x"}}));
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->body, "at last");
  EXPECT_EQ(count, 4);
}

TEST(HttpAction, RetriesEndAfterTheirNumberAnd501IsFinal) {
  std::atomic<int> status = 500;
  TestServer server([&](const SeenRequest&) { return Response{status}; });
  LoadedAction action(MODULE_FILE, R"({"retry_wait_min": 0, "retry_wait_max": 0, "retry_max": 2})");
  EXPECT_EQ(action.run(text({{"endpoint", server.url("/")}, {"retry", true}})).error().cause(), "status 500");
  EXPECT_EQ(server.requests().size(), 3u);
  EXPECT_FALSE(action.run(text({{"endpoint", server.url("/")}})));
  EXPECT_EQ(server.requests().size(), 4u);
  status = 501;
  EXPECT_FALSE(action.run(text({{"endpoint", server.url("/")}, {"retry", true}})));
  EXPECT_EQ(server.requests().size(), 5u);
}

TEST(HttpAction, NobodyListeningIsUnavailable) {
  std::string url;
  {
    TestServer gone(always_ok);
    url = gone.url("/");
  }
  LoadedAction action(MODULE_FILE, "{}");
  const auto reply = action.run(text({{"endpoint", url}}));
  EXPECT_EQ(reply.code(), Errc::Unavailable);
  EXPECT_TRUE(reply.error().retryable());
}

TEST(HttpAction, ASilentServerEndsWithTheTimeoutTheDeadlineOrAStopRequest) {
  TestServer server([](const SeenRequest&) { return Response{.hang = true}; });
  LoadedAction action(MODULE_FILE, R"({"timeout": 0.05})");
  EXPECT_EQ(action.run(text({{"endpoint", server.url("/")}})).code(), Errc::Unavailable);
  const std::string patient = text({{"endpoint", server.url("/")}, {"timeout", 1000}});
  EXPECT_EQ(action.run(patient, {.deadline = steady_clock::now() + 50ms}).code(), Errc::TimedOut);
  std::stop_source stop;
  std::jthread stopper([&] {
    while (server.requests().size() < 3) std::this_thread::sleep_for(1ms);
    stop.request_stop();
  });
  EXPECT_EQ(action.run(patient, {.stop = stop.get_token()}).code(), Errc::Cancelled);
}

TEST(HttpAction, WaitingForARetryEndsWithAStopRequest) {
  TestServer server([](const SeenRequest&) { return Response{500}; });
  LoadedAction action(MODULE_FILE, R"({"retry_wait_min": 3600, "retry_wait_max": 3600})");
  std::stop_source stop;
  std::jthread stopper([&] {
    while (server.requests().empty()) std::this_thread::sleep_for(1ms);
    stop.request_stop();
  });
  EXPECT_EQ(action.run(text({{"endpoint", server.url("/")}, {"retry", true}}), {.stop = stop.get_token()}).code(),
            Errc::Cancelled);
}

TEST(HttpAction, AnAnswerBeyondOneMebibyteIsRefused) {
  std::atomic<std::size_t> size = 1024 * 1024;
  TestServer server([&](const SeenRequest&) { return Response{200, std::string(size, 'x')}; });
  LoadedAction action(MODULE_FILE, "{}");
  const auto fits = action.run(text({{"endpoint", server.url("/")}}));
  ASSERT_TRUE(fits);
  EXPECT_EQ(fits->body.size(), 1024u * 1024);
  ++size;
  EXPECT_EQ(action.run(text({{"endpoint", server.url("/")}})).code(), Errc::TooLarge);
}

TEST(HttpAction, HeadersOfTheSectionGoToUrlsWithTheirPrefix) {
  TestServer server(always_ok);
  LoadedAction action(MODULE_FILE, text({{"headers",
                                          {{{"key", "X-All"}, {"value", "1"}},
                                           {{"key", "X-Api"}, {"value", "secret"}, {"url", server.url("/api")}},
                                           {{"key", "X-Nothing"}, {"value", ""}},
                                           {{"key", "X-Own"}, {"value", "section"}}}}}));
  const auto headers_of = [&](const std::string& target) {
    EXPECT_TRUE(
        action.run(text({{"endpoint", server.url(target)}, {"headers", {{{"key", "x-own"}, {"value", "use"}}}}})));
    return server.requests().back().headers;
  };
  auto api = headers_of("/api/v1");
  EXPECT_EQ(api["x-all"], "1");
  EXPECT_EQ(api["x-api"], "secret");
  EXPECT_EQ(api["x-own"], "use");
  EXPECT_FALSE(api.contains("x-nothing"));
  auto other = headers_of("/apix");
  EXPECT_EQ(other["x-all"], "1");
  EXPECT_FALSE(other.contains("x-api"));
}

TEST(HttpAction, AHeaderCannotSmuggleAnother) {
  TestServer server(always_ok);
  LoadedAction action(MODULE_FILE, "{}");
  EXPECT_EQ(
      action.run(text({{"endpoint", server.url("/")}, {"headers", {{{"key", "A"}, {"value", "b\r\nC: d"}}}}})).code(),
      Errc::InvalidArgument);
  EXPECT_EQ(
      action.run(text({{"endpoint", server.url("/")}, {"headers", {{{"key", "A: b\r\nC"}, {"value", "d"}}}}})).code(),
      Errc::InvalidArgument);
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpAction, ASectionThatCannotWorkIsRefusedAndTheOldOneKept) {
  TestServer server(always_ok);
  LoadedAction action(MODULE_FILE, R"({"headers": [{"key": "X-Kept", "value": "1"}]})");
  for (const char* bad :
       {R"({"timeout": 0})", R"({"retry_wait_min": 9, "retry_wait_max": 1})",
        R"({"headers": [{"key": "a b", "value": "1"}]})",
        R"({"headers": [{"key": "a", "value": "1", "url": "ftp://x"}]})",
        R"({"skip_tls_verify_for_urls": [{"url": "x"}]})", R"({"ca_certificates": ["/does/not/exist"]})",
        R"({"certificates": [{"cert": "/no", "key": "/no"}]})"})
    EXPECT_EQ(action.configure(bad).code(), Errc::InvalidArgument) << bad;
  ASSERT_TRUE(action.run(text({{"endpoint", server.url("/")}})));
  EXPECT_EQ(server.requests()[0].headers["x-kept"], "1");
}

TEST(HttpAction, StoppingTheModuleEndsWhatRunsAndRefusesMore) {
  TestServer server([](const SeenRequest&) { return Response{.hang = true}; });
  LoadedAction action(MODULE_FILE, "{}");
  std::jthread running([&] { EXPECT_EQ(action.run(text({{"endpoint", server.url("/")}})).code(), Errc::Cancelled); });
  while (server.requests().empty()) std::this_thread::sleep_for(1ms);
  action.stop();
  running.join();
  EXPECT_EQ(action.run(text({{"endpoint", server.url("/")}})).code(), Errc::Unavailable);
}

TEST(HttpAction, ManyRequestsRunAtOnceWhileTheSectionChanges) {
  TestServer server([](const SeenRequest& request) { return Response{200, request.body}; });
  LoadedAction action(MODULE_FILE, "{}");
  std::atomic<int> left = 8;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const std::string body = std::to_string(t) + "." + std::to_string(i);
        const auto reply = action.run(text({{"endpoint", server.url("/")}, {"body", body}}));
        ASSERT_TRUE(reply) << reply.error().message();
        EXPECT_EQ(reply->body, body);
      }
      --left;
    });
  while (left > 0) {
    EXPECT_TRUE(action.configure(R"({"timeout": 30})"));
    std::this_thread::sleep_for(1ms);
  }
}

class HttpActionTls : public ::testing::Test {
 protected:
  HttpActionTls() {
    std::string pattern = (fs::temp_directory_path() / "slipway-http-XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
  }
  ~HttpActionTls() override { fs::remove_all(directory); }
  std::string directory;
};

TEST_F(HttpActionTls, AnUnknownAuthorityIsRefusedUntilItIsTrustedOrCheckingIsOff) {
  const TestCertificate own(directory, "server");
  TestServer server(always_ok, {.own = &own});
  const std::string use = text({{"endpoint", server.url("/api/x")}, {"retry", true}});

  LoadedAction strict(MODULE_FILE, kFastRetries);
  const auto refused = strict.run(use);
  EXPECT_EQ(refused.code(), Errc::Unavailable);
  EXPECT_FALSE(refused.error().retryable());
  EXPECT_EQ(server.connections(), 1);  // a wrong certificate does not get better by trying again
  EXPECT_TRUE(strict.run(text({{"endpoint", server.url("/api/x")}, {"skip_tls_verify", true}})));
  EXPECT_FALSE(strict.run(use));  // a connection that was not checked is not used for one that must be

  LoadedAction trusting(MODULE_FILE, text({{"ca_certificates", {own.certificate_file}}}));
  const auto trusted = trusting.run(use);
  EXPECT_TRUE(trusted) << trusted.error().message();

  LoadedAction for_url(MODULE_FILE, text({{"skip_tls_verify_for_urls", {{{"url", server.url("/api")}}}}}));
  EXPECT_TRUE(for_url.run(use));
  EXPECT_FALSE(for_url.run(text({{"endpoint", server.url("/other")}})));

  LoadedAction careless(MODULE_FILE, R"({"skip_tls_verify": true})");
  EXPECT_TRUE(careless.run(use));
}

TEST_F(HttpActionTls, TheClientCertificateThatTheServerTrustsIsShown) {
  const TestCertificate own(directory, "server"), wrong(directory, "wrong"), right(directory, "right");
  TestServer server(always_ok, {.own = &own, .trusted_client = &right});
  LoadedAction action(MODULE_FILE, text({{"ca_certificates", {own.certificate_file}},
                                         {"certificates",
                                          {{{"cert", wrong.certificate_file}, {"key", wrong.key_file}},
                                           {{"cert", right.certificate_file}, {"key", right.key_file}}}}}));
  const auto reply = action.run(text({{"endpoint", server.url("/")}}));
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(server.requests()[0].client_subject, "/CN=right");
}

TEST_F(HttpActionTls, ACertificateWithAForeignKeyIsRefused) {
  const TestCertificate one(directory, "one"), two(directory, "two");
  LoadedAction action(MODULE_FILE, "{}");
  EXPECT_EQ(
      action.configure(text({{"certificates", {{{"cert", one.certificate_file}, {"key", two.key_file}}}}})).code(),
      Errc::InvalidArgument);
}

}  // namespace
}  // namespace slipway::http
