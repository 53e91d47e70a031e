// SFTP for measuring: many requests under way over one channel, replies to a callback.
#pragma once

#include <libssh/libssh.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace slipway::bench {

struct Target {
  std::string host, user, key_file, cipher;
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

// Throws, as everything here, with libssh's words.
Session log_in(const Target& target);

// A channel with the SFTP subsystem at its other end.
class Link {
 public:
  virtual ~Link() = default;
  // How much write() takes without waiting for the server's window.
  virtual std::size_t room() = 0;
  virtual void write(std::string_view bytes) = 0;
  // Appends what has come; waits for it if `block`.
  virtual void read(std::string& in, bool block) = 0;
};

// libssh's client, with a receive window of that size.
std::unique_ptr<Link> make_libssh_link(const Target& target, std::uint32_t window);
// OpenSSH's ssh, through a pair of sockets.
std::unique_ptr<Link> make_ssh_link(const Target& target);

std::string u32(std::uint32_t value);
std::string u64(std::uint64_t value);
std::string text(std::string_view value);
std::uint32_t read_u32(std::string_view bytes);

enum Type : unsigned char { kOpen = 3, kClose = 4, kRead = 5, kWrite = 6, kStatus = 101, kHandle = 102, kData = 103 };

enum class Sending {
  Gathered,        // as much as waits in one write
  OneByOne,        // each request in a write of its own
  AfterEachReply,  // what one reply brought about in one write
};

class Pipeline {
 public:
  // What follows the type and the id.
  using OnReply = std::function<void(unsigned char type, std::uint32_t id, std::string_view rest)>;

  Pipeline(std::unique_ptr<Link> link, Sending sending);

  void request(Type type, std::uint32_t id, std::string_view rest);
  // How much waits to be sent.
  std::size_t unsent() const { return out_.size() - sent_; }
  // Until done(): sends requests, passes replies on; `more`, if any, may add requests.
  void run(const OnReply& on_reply, const std::function<bool()>& done, const std::function<void()>& more = {});

 private:
  bool flush();
  void write(std::size_t count);
  void parse(const OnReply& on_reply);

  const std::unique_ptr<Link> link_;
  const Sending sending_;
  std::string in_, out_;
  std::size_t sent_ = 0;
};

}  // namespace slipway::bench
