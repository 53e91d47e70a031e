// A connection sends one line, "USER PASSWORD PATH", and gets "ok SIZE" and the file's bytes, or "no" and why.
#include <slipway/protocol.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <thread>

using namespace slipway;

namespace {

constexpr std::array kOptions{
    OptionSpec{"address", OptionType::String, "127.0.0.1", "Where to listen; passwords come in the clear"},
    OptionSpec{"port", OptionType::Integer, "7007", "0 takes a free one", 0, 65535},
};

class CatProtocol final : public ProtocolModule {
 public:
  explicit CatProtocol(Host& host) : host_(host) {}
  Status configure(const OptionView& options) override {  // an open listener keeps its address
    wanted_ = {std::string(options.string("address")), static_cast<std::uint16_t>(options.integer("port"))};
    return ok();
  }
  Status start() override {
    auto* listeners = host_.service<ListenerService>();
    sessions_ = host_.service<SessionService>();
    paths_ = host_.service<PathResolver>();
    if (!listeners || !sessions_ || !paths_)
      return Error(Errc::NotSupported, "cat", "the host denies a service it needs");
    SLIPWAY_ASSIGN(listener_, listeners->listen({.endpoint = wanted_}));
    thread_ = std::thread([this] {
      for (unsigned number = 1;; ++number) {
        auto accepted = listener_->accept();
        if (!accepted) return;
        set_client(accepted->fd);  // one at a time
        send_all(accepted->fd, serve(*accepted, "cat-" + std::to_string(number)));
        set_client(-1);
        ::close(accepted->fd);
      }
    });
    return ok();
  }
  void drain(std::chrono::steady_clock::time_point) noexcept override { listener_->close(); }
  void stop() noexcept override {
    listener_->close();
    {
      std::lock_guard lock(mutex_);
      if (client_ >= 0) ::shutdown(client_, SHUT_RDWR);  // ends its reads and writes
    }
    thread_.join();
  }
  std::vector<Endpoint> listening() const override { return {listener_->endpoint()}; }

 private:
  void set_client(int fd) {
    std::lock_guard lock(mutex_);
    client_ = fd;
  }
  static void send_all(int fd, std::string_view data) {
    for (ssize_t sent = 0; !data.empty() && sent >= 0; data.remove_prefix(std::max<ssize_t>(sent, 0))) {
      sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    }
  }
  std::string serve(const AcceptedConnection& peer, const std::string& id) {
    std::string line;
    for (char c = 0; line.size() < 4096 && ::read(peer.fd, &c, 1) == 1 && c != '\n';) line += c;
    const auto first = line.find(' '), second = line.find(' ', first + 1);
    if (second >= line.size()) return "no: send USER PASSWORD PATH\n";
    const ConnectionRequest request{"FTP", id, peer.remote, peer.local, {}, false};
    auto attempt = sessions_->begin(request);
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
    SLIPWAY_ASSIGN(const std::size_t size,
                   file->read_at(session.context(), 0, std::as_writable_bytes(std::span(content))));
    content.resize(size);
    SLIPWAY_TRY(file->finish(session.context()));
    return content;
  }

  Host& host_;
  Endpoint wanted_;
  SessionService* sessions_ = nullptr;
  PathResolver* paths_ = nullptr;
  std::unique_ptr<Listener> listener_;
  std::thread thread_;
  std::mutex mutex_;
  int client_ = -1;
};

}  // namespace

SLIPWAY_MODULE(CatProtocol, .kind = ModuleKind::Protocol, .name = "protocol-cat", .version = "0.1.0",
               .summary = "Example: one file for one line of text", .provides = "cat", .options = kOptions.data(),
               .option_count = kOptions.size());
