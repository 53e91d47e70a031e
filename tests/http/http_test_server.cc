// A server on the HTTP library alone: files of a folder, uploads, and routes that show one behaviour each. For tests
// and benchmarks; knows no users and checks nothing.
//
//   http_test_server root=FOLDER [port=0] [tls_port=0 cert=FILE key=FILE [ca=FILE] [crl=FILE] [auth=require|optional]]
//                    [unix=PATH] [proxy=NETWORK] [limits=test] [threads=N]
//
// Prints "port N", "tls N" and "ready"; ends on SIGTERM after a drain, reloads TLS on SIGHUP, prints counters on USR1.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "core/net/listener.h"
#include "support/http/server.h"

namespace {

using namespace slipway;
using namespace slipway::http;

class StderrLogger final : public Logger {
 public:
  explicit StderrLogger(bool debug) : debug_(debug) {}
  bool enabled(LogLevel level) const noexcept override { return debug_ || level >= LogLevel::Info; }
  void log(LogLevel level, std::string_view message, std::span<const LogField> fields) noexcept override {
    if (!enabled(level)) return;
    std::string line(message);
    for (const auto& field : fields) {
      line.append(" ").append(field.key).append("=");
      line += field.type == LogField::Type::Text ? std::string(field.text) : std::to_string(field.number);
    }
    line += '\n';
    std::fputs(line.c_str(), stderr);
  }

 private:
  const bool debug_;
};

class Files {
 public:
  explicit Files(const std::string& root) : root_(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

  void get(Request& request, Response& response) const {
    const int fd = ::openat(root_, name_of(request), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat info {};
    if (fd < 0) return response.fail(errno == ENOENT ? 404 : 403);
    FileBody file;
    file.source = make_file_source(fd);
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return response.fail(403, "not a file");
    const std::chrono::sys_time<std::chrono::nanoseconds> modified(std::chrono::seconds(info.st_mtim.tv_sec) +
                                                                   std::chrono::nanoseconds(info.st_mtim.tv_nsec));
    file.size = static_cast<std::uint64_t>(info.st_size);
    file.validators.etag = make_etag(modified, file.size);
    file.validators.modified = std::chrono::sys_seconds(std::chrono::seconds(info.st_mtim.tv_sec));
    response.set_file(std::move(file));
  }

  void put(Request& request, Response& response) const {
    static std::atomic<unsigned> counter{0};
    const std::string temporary = ".upload." + std::to_string(::getpid()) + "." + std::to_string(counter++);
    const int fd = ::openat(root_, temporary.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0) return response.fail(409, "no such folder");
    const auto saved = save(request, fd);
    ::close(fd);
    if (!saved) {
      ::unlinkat(root_, temporary.c_str(), 0);
      switch (saved.code()) {
        case Errc::TooLarge:
          return response.fail(413);
        case Errc::InvalidArgument:
          return response.fail(400, saved.error().message());
        case Errc::TimedOut:
          return response.fail(408, saved.error().message());
        default:
          return response.abort();
      }
    }
    if (::renameat(root_, temporary.c_str(), root_, name_of(request)) != 0) {
      ::unlinkat(root_, temporary.c_str(), 0);
      return response.fail(409);
    }
    response.set_status(201);
  }

 private:
  static const char* name_of(const Request& request) { return request.parameter("path").c_str(); }

  static Status save(Request& request, int fd) {
    constexpr std::size_t kPiece = 256 << 10;
    thread_local const std::unique_ptr<std::byte[]> memory(new std::byte[kPiece]);
    while (true) {
      SLIPWAY_ASSIGN(const std::size_t count, request.fill({memory.get(), kPiece}));
      if (count == 0) return ok();
      if (::write(fd, memory.get(), count) != static_cast<ssize_t>(count)) return Error(Errc::IoError, "write");
    }
  }

  const int root_;
};

// Everybody who is connected to /chat hears everybody.
class Chat {
 public:
  void start(Request& request, Response& response) {
    WebSocketOptions options;
    options.protocols = {"chat"};
    response.upgrade(request, options, [this](std::shared_ptr<WebSocket> socket) {
      const auto id = add(socket);
      return WebSocketEvents{[this](std::string_view text, WebSocket::Kind kind) { tell(text, kind); },
                             [this, id](std::uint16_t) { remove(id); }};
    });
  }

 private:
  int add(std::shared_ptr<WebSocket> socket) {
    std::lock_guard lock(mutex_);
    sockets_[++last_] = std::move(socket);
    return last_;
  }
  void remove(int id) {
    std::lock_guard lock(mutex_);
    sockets_.erase(id);
  }
  void tell(std::string_view text, WebSocket::Kind kind) {
    std::lock_guard lock(mutex_);
    for (auto& [id, socket] : sockets_) (void)socket->send(text, kind);
  }
  std::mutex mutex_;
  std::map<int, std::shared_ptr<WebSocket>> sockets_;
  int last_ = 0;
};

void echo_socket(Request& request, Response& response) {
  WebSocketOptions options;
  options.max_message = 1 << 20;
  response.upgrade(request, options, [](std::shared_ptr<WebSocket> socket) {
    return WebSocketEvents{[socket](std::string_view text, WebSocket::Kind kind) { (void)socket->send(text, kind); },
                           {}};
  });
}

std::string describe(const Request& request) {
  std::string text = std::string(request.method()) + " " + std::string(request.raw_path()) +
                     "\nremote=" + request.remote().address + "\npeer=" + request.peer().address +
                     "\nhttps=" + (request.is_https() ? "1" : "0") + "\nhost=" + std::string(request.host());
  if (const auto* certificate = request.certificate()) text += "\ncertificate=" + certificate->common_name;
  for (const auto& [name, value] : request.query_parameters()) text += "\nquery " + name + "=" + value;
  return text + "\n";
}

void add_routes(Router& router, const std::string& root) {
  auto files = std::make_shared<Files>(root);
  auto chat = std::make_shared<Chat>();
  const RouteOptions inline_run{.run = Run::Inline};
  RouteOptions transfer{.run = Run::Automatic, .body = Body::Streamed, .max_body = kUnlimited};
  transfer.deadline = std::chrono::milliseconds(0);
  RouteOptions limited = transfer;
  limited.max_body = 1000;
  RouteOptions compressed;
  compressed.compress = true;

  router.add("GET", "/hello", inline_run, [](Request&, Response& r) { r.set_body("hi", "text/plain"); });
  router.add("GET", "/healthz", inline_run, [](Request&, Response& r) { r.set_body("ok", "text/plain"); });
  router.add("GET", "/get/{path*}", transfer, [files](Request& q, Response& r) { files->get(q, r); });
  router.add("PUT", "/put/{path*}", transfer, [files](Request& q, Response& r) {
    if (!q.may_block()) return r.hand_over();
    files->put(q, r);
  });
  router.add("PUT", "/limited/{path*}", limited, [files](Request& q, Response& r) {
    if (!q.may_block()) return r.hand_over();
    files->put(q, r);
  });
  // Answers without looking at the body.
  router.add("PUT", "/refuse", transfer, [](Request&, Response& r) { r.fail(403); });
  router.add("GET", "/slow", RouteOptions{.run = Run::Worker, .lane = 1}, [](Request&, Response& r) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    r.set_body("slow", "text/plain");
  });
  router.add("GET", "/stuck", RouteOptions{.run = Run::Worker, .lane = 2}, [](Request&, Response& r) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    r.set_body("stuck", "text/plain");
  });
  router.add("GET", "/describe", inline_run, [](Request& q, Response& r) { r.set_body(describe(q), "text/plain"); });
  router.add("POST", "/echo", [](Request& q, Response& r) {
    auto text = q.text(1 << 20);
    if (!text) return r.fail(400, text.error().message());
    r.set_body(*std::move(text), "text/plain");
  });
  router.add("POST", "/echo/inline", inline_run, [](Request& q, Response& r) {
    auto text = q.text(1 << 20);
    if (!text) return r.fail(400, text.error().message());
    r.set_body(*std::move(text), "text/plain");
  });
  router.add("GET", "/stream/{count}", [](Request& q, Response& r) {
    r.set_header("Content-Type", "text/plain");
    const long count = std::atol(q.parameter("count").c_str());
    for (long i = 0; i < count; ++i) {
      if (!r.write("line " + std::to_string(i) + "\n")) return;
    }
  });
  router.add("GET", "/broken", [](Request&, Response& r) {
    (void)r.write("half of it");
    (void)r.flush();
    r.abort();
  });
  router.add("GET", "/throws", [](Request&, Response&) { throw std::runtime_error("on purpose"); });
  router.add("GET", "/text/{count}", compressed, [](Request& q, Response& r) {
    std::string text;
    for (long i = std::atol(q.parameter("count").c_str()); i > 0; --i) text += "all work and no play\n";
    r.set_header("ETag", "\"text\"");
    r.set_body(std::move(text), "text/plain");
  });
  router.add("GET", "/text-stream/{count}", compressed, [](Request& q, Response& r) {
    r.set_header("Content-Type", "text/plain");
    for (long i = std::atol(q.parameter("count").c_str()); i > 0; --i) {
      if (!r.write("all work and no play\n")) return;
    }
  });
  router.add("GET", "/users/{name}", inline_run,
             [](Request& q, Response& r) { r.set_body(q.parameter("name"), "text/plain"); });
  router.add("GET", "/big-inline", inline_run,
             [](Request&, Response& r) { r.set_body(std::string(8 << 20, 'x'), "text/plain"); });
  router.add("GET", "/ws/echo", inline_run, echo_socket);
  router.add("GET", "/ws/chat", inline_run, [chat](Request& q, Response& r) { chat->start(q, r); });
}

int fail(const Error& error) {
  std::cerr << error.message() << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto equals = argument.find('=');
    options[argument.substr(0, equals)] = equals == std::string::npos ? "" : argument.substr(equals + 1);
  }
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  StderrLogger logger(options.contains("debug"));
  ServerOptions server_options;
  server_options.server_header = "Slipway";
  if (options.contains("threads")) server_options.io_threads = std::stoul(options["threads"]);
  server_options.lanes = {{"requests"}, {"slow"}, {"tiny"}};
  server_options.lanes[2].threads = 1;
  server_options.lanes[2].queue = 1;
  if (options["limits"] == "test") {
    auto& limits = server_options.limits;
    limits.header_read = limits.idle = limits.body_read = limits.handshake = std::chrono::milliseconds(1500);
    limits.write = std::chrono::milliseconds(3000);
    limits.linger_idle = std::chrono::milliseconds(500);
    limits.websocket_ping = std::chrono::milliseconds(1000);
    limits.body_rate = 1000;
    limits.body_rate_grace = std::chrono::milliseconds(1000);
  }
  auto server = Server::make(logger, std::move(server_options));
  if (!server) return fail(server.error());

  auto router = std::make_shared<Router>();
  add_routes(*router, options["root"]);
  BindingOptions binding_options;
  binding_options.router = router;
  if (options.contains("proxy")) {
    binding_options.proxy = {{options["proxy"]}, "X-Forwarded-For", 0};
    binding_options.security.enabled = true;
    binding_options.security.https_proxy_headers = {{"X-Forwarded-Proto", "https"}};
    binding_options.security.content_type_nosniff = true;
    binding_options.security.sts_seconds = 600;
    binding_options.cors.enabled = true;
    binding_options.cors.allowed_origins = {"https://*.example.com"};
    binding_options.cors.allowed_headers = {"*"};
  }
  auto binding = (*server)->add_binding(binding_options);
  if (!binding) return fail(binding.error());
  if (auto started = (*server)->start(); !started) return fail(started.error());

  net::Listeners listeners;
  const auto listen = [&](const std::string& port, BindingId id) -> Result<std::uint16_t> {
    SLIPWAY_ASSIGN(auto listener, listeners.listen({{"127.0.0.1", static_cast<std::uint16_t>(std::stoi(port))}}));
    const auto bound = listener->endpoint().port;
    SLIPWAY_TRY((*server)->listen(std::move(listener), id));
    return bound;
  };
  const auto port = listen(options.contains("port") ? options["port"] : "0", *binding);
  if (!port) return fail(port.error());
  std::cout << "port " << *port << "\n";

  std::shared_ptr<TlsContext> tls;
  if (options.contains("cert")) {
    TlsConfig config;
    config.certificates = {{options["cert"], options["key"]}};
    if (options.contains("ca")) config.ca_files = {options["ca"]};
    if (options.contains("crl")) config.crl_files = {options["crl"]};
    if (options.contains("min")) config.min_version = std::stoi(options["min"]);
    if (options.contains("cipher")) config.cipher_suites = {options["cipher"]};
    if (options["auth"] == "require") config.client_auth = ClientAuth::Require;
    if (options["auth"] == "optional") config.client_auth = ClientAuth::VerifyIfGiven;
    auto made = TlsContext::make(config);
    if (!made) return fail(made.error());
    tls = *made;
    binding_options.tls = tls;
    const auto id = (*server)->add_binding(binding_options);
    if (!id) return fail(id.error());
    const auto bound = listen(options.contains("tls_port") ? options["tls_port"] : "0", *id);
    if (!bound) return fail(bound.error());
    std::cout << "tls " << *bound << "\n";
  }
  if (options.contains("unix")) {
    auto listener = listen_on_unix_socket(options["unix"]);
    if (!listener) return fail(listener.error());
    if (auto listening = (*server)->listen(*std::move(listener), *binding); !listening) return fail(listening.error());
  }
  std::cout << "ready" << std::endl;

  for (int signal = 0; sigwait(&signals, &signal) == 0;) {
    if (signal == SIGHUP && tls) {
      const auto reloaded = tls->reload();
      std::cout << (reloaded ? "reloaded" : "kept: " + reloaded.error().message()) << std::endl;
    } else if (signal == SIGUSR1) {
      const auto counters = (*server)->counters();
      std::cout << "connections=" << counters.connections << " requests=" << counters.requests
                << " overloaded=" << counters.overloaded << " timed_out=" << counters.timed_out
                << " running=" << counters.running << " websockets=" << counters.websockets << std::endl;
    } else if (signal == SIGTERM || signal == SIGINT) {
      break;
    }
  }
  (*server)->drain(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  (*server)->stop();
  return 0;
}
