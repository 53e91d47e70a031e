#include "support/http/io_loop.h"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <thread>

#include "support/http/deadline_wheel.h"

namespace slipway::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

thread_local bool t_on_loop = false;

class AsioDescriptor final : public IoLoop::Descriptor {
 public:
  AsioDescriptor(asio::io_context& context, int fd) : descriptor_(context, fd) {
    error_code ignored;
    descriptor_.native_non_blocking(true, ignored);
  }
  void wait(IoLoop::Direction direction, std::shared_ptr<IoLoop::Task> task) override {
    descriptor_.async_wait(direction == IoLoop::Direction::Read ? asio::posix::descriptor_base::wait_read
                                                                : asio::posix::descriptor_base::wait_write,
                           [task = std::move(task)](const error_code& error) {
                             if (error != asio::error::operation_aborted) task->run();
                           });
  }
  void close() noexcept override {
    error_code ignored;
    descriptor_.close(ignored);
  }

 private:
  asio::posix::stream_descriptor descriptor_;
};

class AsioLoop final : public IoLoop {
 public:
  ~AsioLoop() override { stop(); }

  std::unique_ptr<Descriptor> watch(int fd) override { return std::make_unique<AsioDescriptor>(context_, fd); }
  void post(std::shared_ptr<Task> task) override {
    asio::post(context_, [task = std::move(task)] { task->run(); });
  }
  void post(std::function<void()> call) override { asio::post(context_, std::move(call)); }

  void start(std::function<void()> tick) override {
    tick_ = std::move(tick);
    arm();
    thread_ = std::thread([this] {
      t_on_loop = true;
      // Signals are the main thread's; a client that is gone is an error of send, not a signal.
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_BLOCK, &all, nullptr);
      pthread_setname_np(pthread_self(), "http-io");
      context_.run();
    });
  }
  void stop() noexcept override {
    if (!thread_.joinable()) return;
    context_.stop();
    thread_.join();
  }

 private:
  void arm() {
    timer_.expires_after(DeadlineWheel::kTick);
    timer_.async_wait([this](const error_code& error) {
      if (error) return;
      tick_();
      arm();
    });
  }

  asio::io_context context_{1};
  asio::steady_timer timer_{context_};
  std::function<void()> tick_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<IoLoop> IoLoop::make() { return std::make_unique<AsioLoop>(); }
bool IoLoop::on_loop_thread() noexcept { return t_on_loop; }

}  // namespace slipway::http
