// Files over HTTP, with ranges, for who has a password: what a protocol adds to the HTTP library of the SDK.
#include <slipway/protocol.h>

#include "support/http/server.h"

using namespace slipway;
namespace {

constexpr OptionSpec kOptions[] = {{"port", OptionType::Integer, "7080", "The port on 127.0.0.1", 0, 65535}};

// A file of a session, which must not end before it.
class SessionFile final : public http::FileSource {
 public:
  SessionFile(std::unique_ptr<Session> session, std::unique_ptr<File> file)
      : session_(std::move(session)), file_(std::move(file)) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    return file_->read_at(session_->context(), offset, out);
  }
  void finished(const Status& status, std::uint64_t) noexcept override {
    if (status) (void)file_->finish(session_->context());  // without it the download counts as aborted
  }

 private:
  const std::unique_ptr<Session> session_;
  const std::unique_ptr<File> file_;
};

class WebProtocol final : public ProtocolModule {
 public:
  explicit WebProtocol(Host& host)
      : logger_(host.logger()),
        listeners_(host.service<ListenerService>()),
        sessions_(host.service<SessionService>()),
        paths_(host.service<PathResolver>()) {}
  Status configure(const OptionView& options) override {  // an open listener keeps its address
    wanted_ = {"127.0.0.1", static_cast<std::uint16_t>(options.integer("port"))};
    return ok();
  }
  Status start() override {
    if (!listeners_ || !sessions_ || !paths_) return Error(Errc::NotSupported, "web", "it is denied a service");
    auto router = std::make_shared<http::Router>();
    router->add("GET", "/{path*}", [this](http::Request& request, http::Response& response) {
      auto session = log_in(request);
      if (!session) {
        response.set_header("WWW-Authenticate", "Basic realm=\"files\"");
        return response.fail(401);
      }
      const auto status = send_file(std::move(session), request.parameter("path"), response);
      if (!status) response.fail(status.code() == Errc::NotFound ? 404 : 403, status.error().message());
    });
    SLIPWAY_ASSIGN(auto server, http::Server::make(logger_, {}));
    SLIPWAY_ASSIGN(const auto binding, server->add_binding({.router = router}));
    SLIPWAY_ASSIGN(auto listener, listeners_->listen({.endpoint = wanted_}));
    listening_ = listener->endpoint();
    SLIPWAY_TRY(server->start());
    SLIPWAY_TRY(server->listen(std::move(listener), binding));
    server_ = std::move(server);
    return ok();
  }
  void drain(std::chrono::steady_clock::time_point deadline) noexcept override { server_->drain(deadline); }
  void stop() noexcept override { server_.reset(); }
  std::vector<Endpoint> listening() const override { return {listening_}; }

 private:
  std::unique_ptr<Session> log_in(const http::Request& request) {
    const auto credentials = request.basic_credentials();
    if (!credentials) return nullptr;
    const std::string id = "web-" + std::to_string(request.id());
    auto attempt = sessions_->begin({"HTTP", id, request.remote(), request.local(), {}, request.is_https()});
    if (!attempt) return nullptr;
    const auto step = (*attempt)->submit({}, credentials->first, PasswordCredential{credentials->second});
    if (step.outcome != LoginStep::Outcome::Accepted) return nullptr;
    auto session = step.login->open("HTTP", id);
    return session ? *std::move(session) : nullptr;
  }
  Status send_file(std::unique_ptr<Session> session, const std::string& name, http::Response& response) {
    SLIPWAY_ASSIGN(const VPath path, paths_->resolve({}, name));
    SLIPWAY_ASSIGN(auto file, session->fs().open(session->context(), path, OpenOptions::reading()));
    SLIPWAY_ASSIGN(const FileInfo info, file->stat(session->context()));
    response.set_file({std::make_shared<SessionFile>(std::move(session), std::move(file)), info.size});
    return ok();
  }

  Logger& logger_;
  ListenerService* const listeners_;
  SessionService* const sessions_;
  PathResolver* const paths_;
  Endpoint wanted_, listening_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace
SLIPWAY_MODULE(WebProtocol, .kind = ModuleKind::Protocol, .name = "protocol-web", .version = "0.1.0",
               .summary = "Example: files over HTTP, for who has a password", .provides = "web", .options = kOptions,
               .option_count = std::size(kOptions));
