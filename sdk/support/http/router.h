// Which handler answers a request, and where it runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/http/limits.h"
#include "support/http/request.h"
#include "support/http/response.h"

namespace slipway::http {

// Plain code from top to bottom. What it throws is caught, logged and answered with 500.
using Handler = std::function<void(Request&, Response&)>;
// Before the handler; false: it has answered.
using Filter = std::function<bool(Request&, Response&)>;

enum class Run : std::uint8_t {
  Inline,     // on an io thread: never waits for a disk, a lock that is held long, or a network
  Automatic,  // on an io thread first; hand_over() moves it to a worker. A body that is streamed goes there at once,
              // unless all of it came with the header
  Worker,     // on a thread of the lane
};

enum class Body : std::uint8_t {
  Collected,  // the handler runs once the whole body is here: a slow client holds no thread. For small bodies
  Streamed,   // the handler reads it as it comes; only where it may block
};

struct RouteOptions {
  Run run = Run::Worker;
  LaneId lane = 0;
  Body body = Body::Collected;
  std::uint64_t max_body = 1 << 20;  // bytes; 413 beyond, before the handler runs when the length is announced
  // Before a body is collected that is not here yet, on a worker, without the body; false: it has answered, and nothing
  // of the body is read into memory. The handler must not rely on it. Null: the memory is that of
  // Limits::collected_unchecked.
  Filter check = nullptr;
  bool compress = false;  // text and JSON, for clients that take gzip
  // From the end of the header to the end of the response; 0: none, as for file transfers.
  std::chrono::milliseconds deadline{60'000};
};

// Routes are added before the router is used; after that any number of threads may match.
//
// A pattern is a path of components: "/users/{name}" binds one component, "/files/{path*}" the rest of the path, with
// its slashes and perhaps empty. A literal component is preferred to a parameter, and that to a rest. Components are
// percent-decoded before they are compared and bound. A path with a component "." or "..", encoded or not, with NUL or
// a malformed escape is answered with 400.
class Router {
 public:
  struct Options {
    // "/users/" is taken for "/users" when only that is a route.
    bool ignore_trailing_slash = true;
  };
  struct Route {
    std::string pattern;
    RouteOptions options;
    Handler handler;
    std::vector<std::string> parameters;
  };
  enum class Outcome : std::uint8_t { Found, NotFound, MethodNotAllowed, BadPath };
  struct Match {
    Outcome outcome = Outcome::NotFound;
    const Route* route = nullptr;
    std::string allow;  // with MethodNotAllowed: for the Allow field
  };

  Router();
  explicit Router(Options options);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // `methods`: one or more, separated by blanks ("GET", "PATCH PUT"), or "*" for those that have no route of their own.
  // HEAD goes to GET's handler unless it has its own. Two routes of one method and pattern: the later replaces the
  // earlier. Calling it with a malformed pattern is a programming error.
  void add(std::string_view methods, std::string_view pattern, RouteOptions options, Handler handler);
  void add(std::string_view methods, std::string_view pattern, Handler handler) {
    add(methods, pattern, RouteOptions{}, std::move(handler));
  }
  // All routes, in the order of their patterns: for documents and tests.
  std::vector<std::pair<std::string, std::string>> routes() const;  // method, pattern

  // Binds the parameters in `request`.
  Match match(Request& request) const;

 private:
  struct Node;
  const Options options_;
  std::unique_ptr<Node> root_;
};

}  // namespace slipway::http
