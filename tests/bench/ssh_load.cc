// A client that puts load on an SSH server, and prints what it did as one line of JSON.
//
//     ssh_load logins HOST PORT USER KEY DIRECTORY CONNECTIONS SECONDS   log in, list, leave; again and again
//     ssh_load idle HOST PORT USER KEY CONNECTIONS                       hold them open until end of input
//     ssh_load get-files|put-files HOST PORT USER KEY DIRECTORY FILES ROUNDS DEPTH HOW
//     ssh_load get|put HOST PORT USER KEY FILE BYTES WINDOW              one file, by a client with a large window
//
// Files are f00000, f00001 ... of 4096 bytes in DIRECTORY; DEPTH of them are under way at any time. put-files writes
// into DIRECTORY/0, DIRECTORY/1 ... by round. HOW: "gathered" sends all requests that wait as one packet of SSH,
// "apart" each in a packet of its own, "ssh" goes through OpenSSH's client and sends after each reply. Times are those
// of the transfers, without logging in.
#include <libssh/libssh.h>
#include <libssh/sftp.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "sftp_pipeline.h"

namespace {

using namespace slipway::bench;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

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

constexpr std::uint32_t kReadFlag = 1, kWriteFlags = 0x1A;  // write, create, truncate

void require_ok(unsigned char type, std::string_view rest) {
  if (type == kStatus && read_u32(rest) != 0) throw std::runtime_error("status " + std::to_string(read_u32(rest)));
}

void small_files(const Target& target, bool put, const std::string& directory, long files, long rounds, long depth,
                 std::string_view how) {
  constexpr std::size_t kSize = 4096;
  Pipeline pipeline(how == "ssh" ? make_ssh_link(target) : make_libssh_link(target, 2u << 20),
                    how == "ssh"     ? Sending::AfterEachReply
                    : how == "apart" ? Sending::OneByOne
                                     : Sending::Gathered);
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
  // As large as OpenSSH serves; smaller once a server gives less, as OpenSSH's client does it.
  std::uint32_t block_size = put ? 32 * 1024 : 255 * 1024;
  Pipeline pipeline(make_libssh_link(target, put ? 2u << 20 : window), Sending::Gathered);
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
        if (got < length) {
          block_size = std::min(block_size, std::max(got, 4096u));
          for (auto at = got; at < length; at += block_size) ask(offset + at, std::min(block_size, length - at));
        }
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
  Target target;
  target.host = words.at(1);
  target.port = static_cast<int>(number(2));
  target.user = words.at(3);
  target.key_file = words.at(4);
  target.cipher = cipher ? cipher : "aes128-gcm@openssh.com";
  if (ssh_pki_import_privkey_file(words.at(4).c_str(), nullptr, nullptr, nullptr, &target.key) != SSH_OK)
    throw std::runtime_error("the key cannot be read");
  if (what == "logins") {
    logins(target, words.at(5), static_cast<int>(number(6)), std::stod(words.at(7)));
  } else if (what == "idle") {
    idle(target, static_cast<int>(number(5)));
  } else if (what == "get-files" || what == "put-files") {
    small_files(target, what == "put-files", words.at(5), number(6), number(7), number(8), words.at(9));
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
