// A client that puts load on an SSH server, and prints what it did as one line of JSON.
//
//     ssh_load logins HOST PORT USER KEY DIRECTORY CONNECTIONS SECONDS   log in, list, leave; again and again
//     ssh_load idle HOST PORT USER KEY CONNECTIONS                       hold them open until end of input
//     ssh_load get-files|put-files HOST PORT USER KEY DIRECTORY FILES ROUNDS DEPTH GATHERED
//     ssh_load get|put HOST PORT USER KEY FILE BYTES WINDOW              one file, by a client with a large window
//
// Files are f00000, f00001 ... of 4096 bytes in DIRECTORY; DEPTH of them are under way at any time. put-files writes
// into DIRECTORY/0, DIRECTORY/1 ... by round. GATHERED 0: each request is a packet of SSH, as most clients do it; 1: as
// many as wait go into one. Times are those of the transfers, without logging in.
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/sftp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Target {
  std::string host, user, cipher;
  int port = 0;
  ssh_key key = nullptr;
};

struct FreeSession {
  void operator()(ssh_session session) const {
    ssh_disconnect(session);
    ssh_free(session);
  }
};
using Session = std::unique_ptr<ssh_session_struct, FreeSession>;

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

// ---- logins and idle connections, by libssh's own SFTP client

struct FreeSftp {
  void operator()(sftp_session session) const { sftp_free(session); }
};

struct Connection {
  Session session;
  std::unique_ptr<sftp_session_struct, FreeSftp> sftp;  // ends before its session
};

Connection open_sftp(const Target& target) {
  Connection connection;
  connection.session = log_in(target);
  connection.sftp.reset(sftp_new(connection.session.get()));
  if (!connection.sftp || sftp_init(connection.sftp.get()) != SSH_OK) throw std::runtime_error("sftp");
  return connection;
}

std::size_t list(const Connection& connection, const std::string& directory) {
  sftp_dir open = sftp_opendir(connection.sftp.get(), directory.c_str());
  if (open == nullptr) throw std::runtime_error("opendir");
  std::size_t entries = 0;
  while (sftp_attributes entry = sftp_readdir(connection.sftp.get(), open)) {
    sftp_attributes_free(entry);
    ++entries;
  }
  sftp_closedir(open);
  return entries;
}

void logins(const Target& target, const std::string& directory, int connections, double seconds) {
  std::atomic<long> done{0}, failed{0};
  const auto start = Clock::now();
  std::vector<std::jthread> threads;
  for (int i = 0; i < connections; ++i) {
    threads.emplace_back([&] {
      while (seconds_since(start) < seconds && failed < 20) {
        try {
          list(open_sftp(target), directory);
          ++done;
        } catch (const std::exception& error) {
          ++failed;
          std::fprintf(stderr, "%s\n", error.what());
        }
      }
    });
  }
  threads.clear();
  std::printf("{\"count\": %ld, \"failed\": %ld, \"seconds\": %.4f}\n", done.load(), failed.load(),
              seconds_since(start));
}

void idle(const Target& target, int connections) {
  std::vector<Connection> held(static_cast<std::size_t>(connections));
  std::atomic<std::size_t> next{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (auto at = next++; at < held.size(); at = next++) {
          try {
            held[at] = open_sftp(target);
          } catch (const std::exception& error) {
            std::fprintf(stderr, "%s\n", error.what());
          }
        }
      });
    }
  }
  const auto open = std::count_if(held.begin(), held.end(), [](const auto& c) { return c.sftp != nullptr; });
  std::printf("{\"count\": %ld}\n", static_cast<long>(open));
  std::fflush(stdout);
  char ignored;
  while (::read(0, &ignored, 1) > 0) {
  }
  for (auto& connection : held) (void)connection.sftp.release();  // the sockets' end is enough
}

// ---- SFTP with many requests under way

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

enum Type : unsigned char { kOpen = 3, kClose = 4, kRead = 5, kWrite = 6, kStatus = 101, kHandle = 102, kData = 103 };
constexpr std::uint32_t kReadFlag = 1, kWriteFlags = 0x1A;  // write, create, truncate

// A channel whose replies come to a callback, as whole packets: type, id, what follows.
class Pipeline {
 public:
  using OnReply = std::function<void(unsigned char type, std::uint32_t id, std::string_view rest)>;

  Pipeline(const Target& target, std::uint32_t window, bool gather = true)
      : session_(log_in(target)), window_(window), gather_(gather) {
    channel_ = ssh_channel_new(session_.get());
    if (ssh_channel_open_session(channel_) != SSH_OK || ssh_channel_request_sftp(channel_) != SSH_OK)
      throw std::runtime_error("channel");
    callbacks_.userdata = this;
    callbacks_.channel_data_function = [](ssh_session, ssh_channel, void* data, std::uint32_t size, int, void* me) {
      static_cast<Pipeline*>(me)->received(static_cast<const char*>(data), size);
      return static_cast<int>(size);
    };
    ssh_callbacks_init(&callbacks_);
    ssh_set_channel_callbacks(channel_, &callbacks_);
    sink_ = ::mmap(nullptr, window, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    event_ = ssh_event_new();
    ssh_event_add_session(event_, session_.get());
    raise_window();
    send(u32(5) + '\1' + u32(3));
    bool greeted = false;
    run([&](unsigned char, std::uint32_t, std::string_view) { greeted = true; }, [&] { return greeted; });
  }
  ~Pipeline() {
    ssh_event_free(event_);
    ssh_remove_channel_callbacks(channel_, &callbacks_);
    ssh_channel_free(channel_);
    ::munmap(sink_, window_);
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void request(Type type, std::uint32_t id, std::string_view rest) {
    out_ += u32(static_cast<std::uint32_t>(rest.size() + 5));
    out_ += static_cast<char>(type);
    out_ += u32(id);
    out_ += rest;
  }
  // How much waits to be sent.
  std::size_t unsent() const { return out_.size() - sent_; }

  // Until done(): sends requests, passes replies on; `more`, if any, may add requests.
  void run(const OnReply& on_reply, const std::function<bool()>& done, const std::function<void()>& more = {}) {
    while (!done()) {
      if (more) more();
      const auto sent = flush();
      const int polled = ssh_event_dopoll(event_, sent && unsent() > 0 ? 0 : 60'000);
      if (polled == SSH_ERROR) throw std::runtime_error(ssh_get_error(session_.get()));
      if (polled == SSH_AGAIN && !(sent && unsent() > 0)) throw std::runtime_error("no answer in a minute");
      parse(on_reply);
      if (since_granted_ >= window_ / 8) raise_window();
    }
  }

 private:
  void received(const char* data, std::uint32_t size) {
    in_.append(data, size);
    since_granted_ += size;
  }
  void raise_window() {
    if (ssh_channel_read_timeout(channel_, sink_, window_, 0, 0) > 0) throw std::runtime_error("bytes were lost");
    since_granted_ = 0;
  }
  void send(const std::string& bytes) { out_ += bytes; }
  bool flush() {
    const auto count = std::min<std::size_t>({unsent(), ssh_channel_window_size(channel_), 512 * 1024});
    if (count == 0) return false;
    if (!gather_) {
      for (std::size_t end = sent_ + count; sent_ < end;)
        write(std::min<std::size_t>(4 + read_u32(std::string_view(out_).substr(sent_)), end - sent_));
    } else {
      write(count);
    }
    if (sent_ == out_.size()) out_.clear(), sent_ = 0;
    return true;
  }
  void write(std::size_t count) {
    if (ssh_channel_write(channel_, out_.data() + sent_, static_cast<std::uint32_t>(count)) != static_cast<int>(count))
      throw std::runtime_error(ssh_get_error(session_.get()));
    sent_ += count;
  }
  void parse(const OnReply& on_reply) {
    std::size_t at = 0;
    while (in_.size() - at >= 9) {
      const auto rest = std::string_view(in_).substr(at);
      const std::size_t length = read_u32(rest);
      if (rest.size() < 4 + length) break;
      on_reply(static_cast<unsigned char>(rest[4]), read_u32(rest.substr(5)), rest.substr(9, length - 5));
      at += 4 + length;
    }
    in_.erase(0, at);
  }

  Session session_;
  const std::uint32_t window_;
  const bool gather_;
  ssh_channel channel_ = nullptr;
  ssh_channel_callbacks_struct callbacks_{};
  ssh_event event_ = nullptr;
  void* sink_ = nullptr;
  std::string in_, out_;
  std::size_t sent_ = 0;
  std::uint64_t since_granted_ = 0;
};

void require_ok(unsigned char type, std::string_view rest) {
  if (type == kStatus && read_u32(rest) != 0) throw std::runtime_error("status " + std::to_string(read_u32(rest)));
}

void small_files(const Target& target, bool put, const std::string& directory, long files, long rounds, long depth,
                 bool gather) {
  constexpr std::size_t kSize = 4096;
  Pipeline pipeline(target, 2u << 20, gather);
  const std::string content(kSize, 'x');
  const long all = files * rounds;
  long opened = 0, closed = 0;
  const auto open_next = [&] {
    if (opened == all) return;
    char name[32];
    std::snprintf(name, sizeof name, "/f%05ld", opened % files);
    const auto path = directory + (put ? "/" + std::to_string(opened / files) : "") + name;
    pipeline.request(kOpen, static_cast<std::uint32_t>(opened++),
                     text(path) + u32(put ? kWriteFlags : kReadFlag) + u32(0));
  };
  std::vector<char> steps(static_cast<std::size_t>(all));  // replies so far
  const auto start = Clock::now();
  for (long i = 0; i < depth; ++i) open_next();
  pipeline.run(
      [&](unsigned char type, std::uint32_t id, std::string_view rest) {
        require_ok(type, rest);
        if (type == kHandle) {
          const auto handle = std::string(rest);
          pipeline.request(put ? kWrite : kRead, id,
                           put ? handle + u64(0) + text(content) : handle + u64(0) + u32(kSize * 2));
          pipeline.request(kClose, id, handle);
        } else if (type == kData && read_u32(rest) != kSize) {
          throw std::runtime_error("short read");
        }
        if (++steps.at(id) == 3) {
          ++closed;
          open_next();
        }
      },
      [&] { return closed == all; });
  std::printf("{\"count\": %ld, \"seconds\": %.4f}\n", all, seconds_since(start));
}

void large_file(const Target& target, bool put, const std::string& file, std::uint64_t bytes, std::uint32_t window) {
  const std::uint32_t block_size = put ? 32 * 1024 : 64 * 1024;
  Pipeline pipeline(target, put ? 2u << 20 : window);
  std::string handle;
  const auto start = Clock::now();
  pipeline.request(kOpen, 0, text(file) + u32(put ? kWriteFlags : kReadFlag) + u32(0));
  pipeline.run(
      [&](unsigned char type, std::uint32_t, std::string_view rest) {
        require_ok(type, rest);
        handle = rest;
      },
      [&] { return !handle.empty(); });

  std::unordered_map<std::uint32_t, std::pair<std::uint64_t, std::uint32_t>> under_way;  // by id: offset, length
  std::uint64_t asked = 0, done = 0, in_flight = 0;
  std::uint32_t last_id = 0;
  const std::string block(block_size, 'x');
  const auto ask = [&](std::uint64_t offset, std::uint32_t length) {
    under_way[++last_id] = {offset, length};
    in_flight += length;
    if (put) {
      pipeline.request(kWrite, last_id, handle + u64(offset) + text(std::string_view(block).substr(0, length)));
    } else {
      pipeline.request(kRead, last_id, handle + u64(offset) + u32(length));
    }
  };
  pipeline.run(
      [&](unsigned char type, std::uint32_t id, std::string_view rest) {
        require_ok(type, rest);
        const auto [offset, length] = under_way.at(id);
        under_way.erase(id);
        in_flight -= length;
        const auto got = put ? length : read_u32(rest);
        done += got;
        if (got < length) ask(offset + got, length - got);
      },
      [&] { return done == bytes; },
      [&] {
        while (asked < bytes && in_flight < window && pipeline.unsent() < (1u << 20)) {
          const auto length = static_cast<std::uint32_t>(std::min<std::uint64_t>(block_size, bytes - asked));
          ask(asked, length);
          asked += length;
        }
      });
  bool closed = false;
  pipeline.request(kClose, 0, handle);
  pipeline.run(
      [&](unsigned char type, std::uint32_t, std::string_view rest) {
        require_ok(type, rest);
        closed = true;
      },
      [&] { return closed; });
  std::printf("{\"count\": %llu, \"seconds\": %.4f}\n", static_cast<unsigned long long>(bytes), seconds_since(start));
}

int run(const std::vector<std::string>& words) {
  const auto number = [&](std::size_t at) { return std::stol(words.at(at)); };
  const std::string what = words.at(0);
  const char* cipher = std::getenv("SSH_LOAD_CIPHER");
  Target target{words.at(1), words.at(3), cipher ? cipher : "aes128-gcm@openssh.com", static_cast<int>(number(2)),
                nullptr};
  if (ssh_pki_import_privkey_file(words.at(4).c_str(), nullptr, nullptr, nullptr, &target.key) != SSH_OK)
    throw std::runtime_error("the key cannot be read");
  if (what == "logins") {
    logins(target, words.at(5), static_cast<int>(number(6)), std::stod(words.at(7)));
  } else if (what == "idle") {
    idle(target, static_cast<int>(number(5)));
  } else if (what == "get-files" || what == "put-files") {
    small_files(target, what == "put-files", words.at(5), number(6), number(7), number(8), number(9) != 0);
  } else if (what == "get" || what == "put") {
    large_file(target, what == "put", words.at(5), std::stoull(words.at(6)), static_cast<std::uint32_t>(number(7)));
  } else {
    return 2;
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  try {
    return run({words + 1, words + count});
  } catch (const std::out_of_range&) {
    std::fputs("too few arguments; see the top of ssh_load.cc\n", stderr);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
