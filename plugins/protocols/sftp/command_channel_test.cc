#include "command_channel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <semaphore>

#include "fake_session.h"
#include "posix_filesystem.h"

namespace slipway::sftp {
namespace {

using namespace std::chrono_literals;

class Silent final : public Logger {
 public:
  bool enabled(LogLevel) const noexcept override { return false; }
  void log(LogLevel, std::string_view, std::span<const LogField>) noexcept override {}
};

class Scripted final : public Command {
 public:
  explicit Scripted(std::function<int(CommandContext&)> body) : body_(std::move(body)) {}
  int run(CommandContext& context) override { return body_(context); }

 private:
  const std::function<int(CommandContext&)> body_;
};

class CommandChannelTest : public ::testing::Test {
 protected:
  void begin(std::function<int(CommandContext&)> body) {
    auto session = std::make_unique<testing::FakeSession>(
        testing::make_posix_filesystem(std::filesystem::temp_directory_path().string()), "id", "user");
    CommandChannel::Setup setup{std::move(session), paths, log, std::make_unique<Scripted>(std::move(body)),
                                [this] { woken.release(); }};
    channel = std::make_unique<CommandChannel>(std::move(setup), stop.get_token());
    ASSERT_TRUE(channel->start());
  }
  // Sends and receives as a connection does, until the command is over or has no more to say for now.
  std::optional<int> serve() {
    while (true) {
      while (channel->has_output()) {
        const auto part = channel->to_send();
        output.append(reinterpret_cast<const char*>(part.data()), part.size());
        channel->sent(part.size());
      }
      if (const auto status = channel->exit_status()) return status;
      woken.acquire();
    }
  }
  bool send(std::string_view text) { return channel->receive(std::as_bytes(std::span(text))); }

  Silent log;
  testing::LexicalPaths paths;
  std::stop_source stop;
  std::counting_semaphore<> woken{0};
  std::unique_ptr<CommandChannel> channel;
  std::string output;
};

int echo(CommandContext& context) {
  while (true) {
    const auto part = context.io.input();
    if (!part) return 2;
    if (part->empty()) return 0;
    context.io.write({reinterpret_cast<const char*>(part->data()), part->size()});
    context.io.consume(part->size());
  }
}

TEST_F(CommandChannelTest, WhatComesGoesToTheCommandAndBack) {
  begin(echo);
  EXPECT_TRUE(channel->busy());
  EXPECT_TRUE(send("hello "));
  EXPECT_TRUE(send("world"));
  channel->end_of_input();
  EXPECT_EQ(serve(), 0);
  EXPECT_EQ(output, "hello world");
  EXPECT_TRUE(channel->at_rest());
  EXPECT_FALSE(channel->busy());
}

TEST_F(CommandChannelTest, TheExitStatusComesBehindTheOutput) {
  begin([](CommandContext& context) {
    context.io.write("last words");
    return 7;
  });
  while (!channel->at_rest()) woken.acquire();
  EXPECT_EQ(channel->exit_status(), std::nullopt);
  EXPECT_EQ(serve(), 7);
  EXPECT_EQ(output, "last words");
}

TEST_F(CommandChannelTest, ACommandThatDoesNotReadIsNotFed) {
  std::binary_semaphore go(0);
  begin([&](CommandContext& context) {
    go.acquire();
    return echo(context);
  });
  const std::string block(100'000, 'x');
  std::size_t taken = 0;
  while (send(block)) taken += block.size();
  EXPECT_GE(taken, CommandChannel::kMaxWaiting);
  EXPECT_LT(taken, CommandChannel::kMaxWaiting + block.size());
  EXPECT_TRUE(channel->full());
  EXPECT_FALSE(channel->has_headroom());
  while (woken.try_acquire()) {
  }
  go.release();
  woken.acquire();  // there is room again, and the connection is told
  EXPECT_FALSE(channel->full());
  EXPECT_TRUE(send(block));
  channel->end_of_input();
  EXPECT_EQ(serve(), 0);
  EXPECT_EQ(output.size(), taken + block.size());
}

TEST_F(CommandChannelTest, AClientThatDoesNotReadHoldsTheCommandUp) {
  std::atomic<std::size_t> written = 0;
  begin([&](CommandContext& context) {
    const std::string block(100'000, 'x');
    for (int i = 0; i < 100; ++i) {
      context.io.write(block);
      if (!context.io.flush()) return 2;
      written += block.size();
    }
    return 0;
  });
  while (written < CommandChannel::kMaxWaiting - 200'000) woken.try_acquire_for(1ms);
  // What it has written until it waits; more cannot come, however long this test looks.
  EXPECT_LE(written, CommandChannel::kMaxWaiting + 200'000);
  EXPECT_EQ(serve(), 0);
  EXPECT_EQ(output.size(), 10'000'000u);
}

TEST_F(CommandChannelTest, AStopEndsEveryWait) {
  for (const bool reading : {true, false}) {
    stop = std::stop_source();
    begin([&](CommandContext& context) {
      if (reading) return context.io.input() ? 0 : 3;
      while (true) {
        context.io.write(std::string(1000, 'x'));
        if (!context.io.flush()) return 3;
      }
    });
    stop.request_stop();
    while (!channel->at_rest()) woken.acquire();
    while (channel->has_output()) channel->sent(channel->to_send().size());
    EXPECT_EQ(channel->exit_status(), 3);
    EXPECT_TRUE(send("nobody reads this"));
  }
}

TEST_F(CommandChannelTest, DestroyingItEndsTheCommand) {
  begin([](CommandContext& context) {
    const auto part = context.io.input();
    return part ? 0 : 1;
  });
  channel.reset();
}

TEST_F(CommandChannelTest, AnExceptionIsAFailedCommand) {
  begin([](CommandContext&) -> int { throw std::runtime_error("oops"); });
  EXPECT_EQ(serve(), 1);
}

}  // namespace
}  // namespace slipway::sftp
