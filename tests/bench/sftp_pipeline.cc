#include "sftp_pipeline.h"

#include <libssh/callbacks.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

namespace slipway::bench {
namespace {

constexpr int kPatience = 60'000;  // ms

class LibsshLink final : public Link {
 public:
  LibsshLink(const Target& target, std::uint32_t window) : session_(log_in(target)), window_(window) {
    channel_ = ssh_channel_new(session_.get());
    if (ssh_channel_open_session(channel_) != SSH_OK || ssh_channel_request_sftp(channel_) != SSH_OK)
      throw std::runtime_error(ssh_get_error(session_.get()));
    callbacks_.userdata = this;
    callbacks_.channel_data_function = [](ssh_session, ssh_channel, void* data, std::uint32_t size, int, void* me) {
      auto& link = *static_cast<LibsshLink*>(me);
      link.received_.append(static_cast<const char*>(data), size);
      link.since_granted_ += size;
      return static_cast<int>(size);
    };
    ssh_callbacks_init(&callbacks_);
    ssh_set_channel_callbacks(channel_, &callbacks_);
    sink_ = ::mmap(nullptr, window, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    event_ = ssh_event_new();
    ssh_event_add_session(event_, session_.get());
    raise_window();
  }
  ~LibsshLink() override {
    ssh_event_free(event_);
    ssh_remove_channel_callbacks(channel_, &callbacks_);
    ssh_channel_free(channel_);
    ::munmap(sink_, window_);
  }

  std::size_t room() override { return std::min<std::size_t>(ssh_channel_window_size(channel_), 512 * 1024); }
  void write(std::string_view bytes) override {
    if (ssh_channel_write(channel_, bytes.data(), static_cast<std::uint32_t>(bytes.size())) !=
        static_cast<int>(bytes.size()))
      throw std::runtime_error(ssh_get_error(session_.get()));
  }
  void read(std::string& in, bool block) override {
    const int polled = received_.empty() ? ssh_event_dopoll(event_, block ? kPatience : 0) : SSH_OK;
    if (polled == SSH_ERROR) throw std::runtime_error(ssh_get_error(session_.get()));
    if (polled == SSH_AGAIN && block) throw std::runtime_error("no answer in a minute");
    in += received_;
    received_.clear();
    if (since_granted_ >= window_ / 8) raise_window();
  }

 private:
  // Reading with a size raises the window to that size; the callback has left nothing to read.
  void raise_window() {
    if (ssh_channel_read_timeout(channel_, sink_, window_, 0, 0) > 0) throw std::runtime_error("bytes were lost");
    since_granted_ = 0;
  }

  const Session session_;
  const std::uint32_t window_;
  ssh_channel channel_ = nullptr;
  ssh_channel_callbacks_struct callbacks_{};
  ssh_event event_ = nullptr;
  void* sink_ = nullptr;
  std::string received_;
  std::uint64_t since_granted_ = 0;
};

class ProgramLink final : public Link {
 public:
  explicit ProgramLink(const Target& target) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) throw std::runtime_error("socketpair");
    fd_ = pair[0];
    std::vector<std::string> words{
        "ssh", "-q", "-F", "/dev/null", "-i", target.key_file, "-p", std::to_string(target.port), "-c", target.cipher};
    for (const char* option : {"StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes"}) {
      words.emplace_back("-o");
      words.emplace_back(option);
    }
    for (const std::string& word : {std::string("-s"), target.user + "@" + target.host, std::string("sftp")})
      words.push_back(word);
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pair[1], 0);
    ::posix_spawn_file_actions_adddup2(&actions, pair[1], 1);
    const int failed = ::posix_spawnp(&child_, "ssh", &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pair[1]);
    if (failed != 0) throw std::runtime_error("ssh cannot be started");
  }
  ~ProgramLink() override {
    ::close(fd_);
    ::waitpid(child_, nullptr, 0);
  }

  std::size_t room() override { return 64 * 1024; }
  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto count = ::write(fd_, bytes.data(), bytes.size());
      if (count <= 0) throw std::runtime_error("ssh has ended");
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void read(std::string& in, bool block) override {
    pollfd entry{fd_, POLLIN, 0};
    if (::poll(&entry, 1, block ? kPatience : 0) == 0) {
      if (block) throw std::runtime_error("no answer in a minute");
      return;
    }
    std::array<char, 64 * 1024> part;
    const auto count = ::read(fd_, part.data(), part.size());
    if (count <= 0) throw std::runtime_error("ssh has ended");
    in.append(part.data(), static_cast<std::size_t>(count));
  }

 private:
  int fd_ = -1;
  pid_t child_ = 0;
};

}  // namespace

Session log_in(const Target& target) {
  Session session(ssh_new());
  const int off = 0, on = 1;
  const long timeout = 120;
  const auto set = [&](ssh_options_e option, const void* value) { ssh_options_set(session.get(), option, value); };
  set(SSH_OPTIONS_HOST, target.host.c_str());
  set(SSH_OPTIONS_PORT, &target.port);
  set(SSH_OPTIONS_USER, target.user.c_str());
  set(SSH_OPTIONS_PROCESS_CONFIG, &off);
  set(SSH_OPTIONS_NODELAY, &on);
  set(SSH_OPTIONS_TIMEOUT, &timeout);
  set(SSH_OPTIONS_KEY_EXCHANGE, "curve25519-sha256,curve25519-sha256@libssh.org");
  set(SSH_OPTIONS_HOSTKEYS, "ssh-ed25519");
  set(SSH_OPTIONS_CIPHERS_C_S, target.cipher.c_str());
  set(SSH_OPTIONS_CIPHERS_S_C, target.cipher.c_str());
  const auto failed = [&](const char* step) {
    return std::runtime_error(std::string(step) + ": " + ssh_get_error(session.get()));
  };
  if (ssh_connect(session.get()) != SSH_OK) throw failed("connect");
  if (ssh_userauth_publickey(session.get(), nullptr, target.key) != SSH_AUTH_SUCCESS) throw failed("login");
  return session;
}

std::unique_ptr<Link> make_libssh_link(const Target& target, std::uint32_t window) {
  return std::make_unique<LibsshLink>(target, window);
}
std::unique_ptr<Link> make_ssh_link(const Target& target) { return std::make_unique<ProgramLink>(target); }

std::string u32(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}
std::string u64(std::uint64_t value) {
  return u32(static_cast<std::uint32_t>(value >> 32)) + u32(static_cast<std::uint32_t>(value));
}
std::string text(std::string_view value) { return u32(static_cast<std::uint32_t>(value.size())).append(value); }
std::uint32_t read_u32(std::string_view bytes) {
  if (bytes.size() < 4) throw std::runtime_error("short packet");
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

Pipeline::Pipeline(std::unique_ptr<Link> link, Sending sending) : link_(std::move(link)), sending_(sending) {
  out_ = u32(5) + '\1' + u32(3);
  bool greeted = false;
  run([&](unsigned char, std::uint32_t, std::string_view) { greeted = true; }, [&] { return greeted; });
}

void Pipeline::request(Type type, std::uint32_t id, std::string_view rest) {
  out_ += u32(static_cast<std::uint32_t>(rest.size() + 5));
  out_ += static_cast<char>(type);
  out_ += u32(id);
  out_ += rest;
}

void Pipeline::run(const OnReply& on_reply, const std::function<bool()>& done, const std::function<void()>& more) {
  while (!done()) {
    if (more) more();
    const bool sent = flush();
    link_->read(in_, !sent || unsent() == 0);
    parse(on_reply);
  }
}

bool Pipeline::flush() {
  const auto count = std::min(unsent(), link_->room());
  if (count == 0) return false;
  if (sending_ == Sending::OneByOne) {
    for (std::size_t end = sent_ + count; sent_ < end;)
      write(std::min<std::size_t>(4 + read_u32(std::string_view(out_).substr(sent_)), end - sent_));
  } else {
    write(count);
  }
  if (sent_ == out_.size()) out_.clear(), sent_ = 0;
  return true;
}

void Pipeline::write(std::size_t count) {
  link_->write(std::string_view(out_).substr(sent_, count));
  sent_ += count;
}

void Pipeline::parse(const OnReply& on_reply) {
  std::size_t at = 0;
  while (in_.size() - at >= 9) {
    const auto rest = std::string_view(in_).substr(at);
    const std::size_t length = read_u32(rest);
    if (rest.size() < 4 + length) break;
    on_reply(static_cast<unsigned char>(rest[4]), read_u32(rest.substr(5)), rest.substr(9, length - 5));
    if (sending_ == Sending::AfterEachReply) flush();
    at += 4 + length;
  }
  in_.erase(0, at);
}

}  // namespace slipway::bench
