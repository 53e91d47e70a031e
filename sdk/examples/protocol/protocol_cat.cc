// A connection sends one line, "USER PASSWORD PATH", and gets "ok SIZE" and the file's bytes, or "no" and why.
#include <slipway/protocol.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <mutex>
#include <optional>
#include <thread>

using namespace slipway;
namespace {

constexpr OptionSpec kOptions[] = {{"port", OptionType::Integer, "7007", "The port on 127.0.0.1", 0, 65535}};

class CatProtocol final : public ProtocolModule {
 public:
  explicit CatProtocol(Host& host)
      : listeners_(host.service<ListenerService>()),
        sessions_(host.service<SessionService>()),
        paths_(host.service<PathResolver>()) {}
  Status configure(const OptionView& options) override {  // an open listener keeps its address
    wanted_ = {"127.0.0.1", static_cast<std::uint16_t>(options.integer("port"))};
    return ok();
  }
  Status start() override {
    if (!listeners_ || !sessions_ || !paths_) return Error(Errc::NotSupported, "cat", "it is denied a service");
    SLIPWAY_ASSIGN(listener_, listeners_->listen({.endpoint = wanted_}));
    thread_ = std::thread([this] {
      for (unsigned number = 1;; ++number) {  // one client at a time
        auto accepted = listener_->accept();
        if (!accepted) return;
        set_client(accepted->fd);
        const std::string answer = serve(*accepted, "cat-" + std::to_string(number));
        ::send(accepted->fd, answer.data(), answer.size(), MSG_NOSIGNAL);  // a blocking socket takes all of it
        set_client(-1);
        ::close(accepted->fd);
      }
    });
    return ok();
  }
  void drain(std::chrono::steady_clock::time_point) noexcept override { listener_->close(); }
  void stop() noexcept override {
    listener_->close();
    set_client(std::nullopt);
    thread_.join();
  }
  std::vector<Endpoint> listening() const override { return {listener_->endpoint()}; }

 private:
  // The connection that is served, -1 for none; nullopt: whatever it is, end it, and those that follow.
  void set_client(std::optional<int> fd) {
    std::lock_guard lock(mutex_);
    stopping_ = stopping_ || !fd;
    client_ = fd.value_or(client_);
    if (stopping_ && client_ >= 0) ::shutdown(client_, SHUT_RDWR);
  }
  std::string serve(const AcceptedConnection& peer, const std::string& id) {
    const timeval patience{30, 0};
    ::setsockopt(peer.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    std::string line;
    for (char c = 0; line.size() < 4096 && ::read(peer.fd, &c, 1) == 1 && c != '\n';) line += c;
    const auto first = line.find(' '), second = line.find(' ', first + 1);
    if (second >= line.size()) return "no: send USER PASSWORD PATH\n";
    auto attempt = sessions_->begin({"FTP", id, peer.remote, peer.local, {}, false});
    if (!attempt) return "no\n";
    const PasswordCredential password{line.substr(first + 1, second - first - 1)};
    const auto step = (*attempt)->submit({}, line.substr(0, first), password);
    if (step.outcome != LoginStep::Outcome::Accepted) return "no\n";
    auto session = step.login->open("FTP", id);
    auto content = session ? read_file(**session, line.substr(second + 1)) : session.error();
    if (!content) return "no: " + content.error().message() + "\n";
    return "ok " + std::to_string(content->size()) + "\n" + *content;
  }
  Result<std::string> read_file(Session& session, const std::string& name) {
    SLIPWAY_ASSIGN(const VPath path, paths_->resolve(session.start_directory(), name));
    SLIPWAY_ASSIGN(const auto file, session.fs().open(session.context(), path, OpenOptions::reading()));
    std::string content(1 << 20, '\0');  // no more than a mebibyte
    const auto bytes = std::as_writable_bytes(std::span(content));
    SLIPWAY_ASSIGN(const std::size_t size, file->read_at(session.context(), 0, bytes));
    content.resize(size);
    return content;
  }
  ListenerService* const listeners_;
  SessionService* const sessions_;
  PathResolver* const paths_;
  Endpoint wanted_;
  std::unique_ptr<Listener> listener_;
  std::thread thread_;
  std::mutex mutex_;
  int client_ = -1;
  bool stopping_ = false;
};

}  // namespace
SLIPWAY_MODULE(CatProtocol, .kind = ModuleKind::Protocol, .name = "protocol-cat", .version = "0.1.0",
               .summary = "Example: one file for one line of text", .provides = "cat", .options = kOptions,
               .option_count = std::size(kOptions));
