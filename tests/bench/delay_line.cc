// Joins two network namespaces by a line with a delay and a rate, for kernels without netem. Needs root.
//
//     delay_line NAMESPACE NAMESPACE INTERFACE
//
// makes a TUN interface of that name in both and prints "up"; the caller gives them addresses. Each line on standard
// input, "DELAY_US RATE_MBIT", sets the delay of one way and the rate (0: unlimited); end of input ends the line, and
// with it the interfaces.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

// One packet as the interface gives it: up to 64 KiB, because the kernel leaves segmentation to us and we to the other
// kernel.
constexpr std::size_t kLargestPacket = 66 * 1024;
constexpr std::size_t kLargestQueue = 256u << 20;
constexpr int kVirtualHeader = 10;

std::atomic<std::int64_t> delay_us{0}, rate_mbit{0};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int open_interface(const std::string& name_space, const char* name) {
  const int handle = ::open(("/run/netns/" + name_space).c_str(), O_RDONLY | O_CLOEXEC);
  if (handle < 0 || ::setns(handle, CLONE_NEWNET) != 0) fail(name_space.c_str());
  ::close(handle);
  const int fd = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) fail("/dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  int header = kVirtualHeader;
  if (::ioctl(fd, TUNSETIFF, &request) != 0) fail("TUNSETIFF");
  if (::ioctl(fd, TUNSETVNETHDRSZ, &header) != 0) fail("TUNSETVNETHDRSZ");
  if (::ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) != 0) fail("TUNSETOFFLOAD");
  return fd;
}

struct Packet {
  Clock::time_point due;
  std::vector<char> bytes;
};

// One direction. Packets that do not fit into the queue are lost, as on any line.
class Direction {
 public:
  Direction(int from, int to) : from_(from), to_(to) {}

  [[noreturn]] void run() {
    ::prctl(PR_SET_TIMERSLACK, 1);
    while (true) {
      take();
      deliver();
      wait();
    }
  }

 private:
  void take() {
    for (int i = 0; i < 64; ++i) {
      if (spare_.empty()) spare_.emplace_back(kLargestPacket);
      auto& buffer = spare_.back();
      buffer.resize(kLargestPacket);
      const auto count = ::read(from_, buffer.data(), buffer.size());
      if (count <= 0) return;
      const auto size = static_cast<std::size_t>(count);
      if (queued_ + size > kLargestQueue) continue;
      buffer.resize(size);
      const auto rate = rate_mbit.load(std::memory_order_relaxed);
      free_at_ = std::max(free_at_, Clock::now());
      if (rate > 0) free_at_ += std::chrono::nanoseconds(static_cast<std::int64_t>(size) * 8000 / rate);
      queued_ += size;
      queue_.push_back(
          {free_at_ + std::chrono::microseconds(delay_us.load(std::memory_order_relaxed)), std::move(buffer)});
      spare_.pop_back();
    }
  }

  void deliver() {
    const auto now = Clock::now();
    while (!queue_.empty() && queue_.front().due <= now) {
      auto& bytes = queue_.front().bytes;
      (void)!::write(to_, bytes.data(), bytes.size());
      queued_ -= bytes.size();
      if (spare_.size() < 1024) spare_.push_back(std::move(bytes));
      queue_.pop_front();
    }
  }

  void wait() const {
    using namespace std::chrono;
    auto left = queue_.empty() ? nanoseconds(1s) : duration_cast<nanoseconds>(queue_.front().due - Clock::now());
    if (left.count() < 0) left = 0ns;
    const timespec time{static_cast<time_t>(left.count() / 1'000'000'000),
                        static_cast<long>(left.count() % 1'000'000'000)};
    pollfd entry{from_, POLLIN, 0};
    ::ppoll(&entry, 1, &time, nullptr);
  }

  const int from_, to_;
  std::deque<Packet> queue_;
  std::vector<std::vector<char>> spare_;
  std::size_t queued_ = 0;
  Clock::time_point free_at_;
};

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::fputs("usage: delay_line NAMESPACE NAMESPACE INTERFACE\n", stderr);
    return 2;
  }
  const int a = open_interface(words[1], words[3]), b = open_interface(words[2], words[3]);
  std::thread([=] { Direction(a, b).run(); }).detach();
  std::thread([=] { Direction(b, a).run(); }).detach();
  std::cout << "up" << std::endl;
  std::int64_t delay = 0, rate = 0;
  while (std::cin >> delay >> rate) {
    delay_us = delay;
    rate_mbit = rate;
    std::cout << "set" << std::endl;
  }
  std::quick_exit(0);
}
