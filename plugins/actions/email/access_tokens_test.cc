#include "access_tokens.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace slipway::email {
namespace {

using namespace std::chrono_literals;

class AccessTokensTest : public testing::Test {
 protected:
  std::string get() {
    const auto token = tokens_.get({}, settings_);
    EXPECT_TRUE(token) << token.error().message();
    return token ? *token : "";
  }
  Result<TokenAnswer> answer(const OAuth2Settings& settings) {
    ++asked_;
    if (settings.refresh_token != good_) return Error(Errc::AuthFailed, "smtp.oauth2.refresh_token", "refused");
    TokenAnswer answer{"token" + std::to_string(asked_), lifetime_, rotated_};
    if (!rotated_.empty()) good_ = rotated_;
    return answer;
  }

  OAuth2Settings settings_{OAuth2Settings::Provider::Google, "", "client", "secret", "refresh", ""};
  std::string good_ = "refresh", rotated_, stored_ = "refresh";
  std::chrono::seconds lifetime_{3600};
  std::atomic<int> asked_ = 0;
  std::vector<std::string> replaced_;
  AccessTokens::Clock::time_point now_{};
  AccessTokens tokens_{{.latest = [this](const std::string&) { return stored_; },
                        .replace =
                            [this](const std::string& old, const std::string& fresh) {
                              replaced_.push_back(old + " " + fresh);
                              stored_ = fresh;
                            }},
                       [this](const OpContext&, const OAuth2Settings& settings) { return answer(settings); },
                       [this] { return now_; }};
};

TEST_F(AccessTokensTest, ATokenIsKeptUntilShortlyBeforeItsEnd) {
  EXPECT_EQ(get(), "token1");
  now_ += 3600s - 121s;
  EXPECT_EQ(get(), "token1");
  now_ += 1s;
  EXPECT_EQ(get(), "token2");
}

TEST_F(AccessTokensTest, AShortOneIsKeptForMostOfItsTime) {
  lifetime_ = 40s;
  EXPECT_EQ(get(), "token1");
  now_ += 29s;
  EXPECT_EQ(get(), "token1");
  now_ += 1s;
  EXPECT_EQ(get(), "token2");
}

TEST_F(AccessTokensTest, ADroppedOneIsReplaced) {
  EXPECT_EQ(get(), "token1");
  tokens_.drop("another");
  EXPECT_EQ(get(), "token1");
  tokens_.drop("token1");
  EXPECT_EQ(get(), "token2");
}

TEST_F(AccessTokensTest, OtherSettingsHaveTokensOfTheirOwn) {
  EXPECT_EQ(get(), "token1");
  settings_.client_id = "other";
  EXPECT_EQ(get(), "token2");
  EXPECT_EQ(get(), "token2");
}

TEST_F(AccessTokensTest, ANewRefreshTokenIsHandedOnAndUsed) {
  rotated_ = "second";
  EXPECT_EQ(get(), "token1");
  EXPECT_EQ(replaced_, std::vector<std::string>{"refresh second"});
  rotated_ = "";
  now_ += 2h;
  EXPECT_EQ(get(), "token2");
  EXPECT_EQ(replaced_.size(), 1u);
}

TEST_F(AccessTokensTest, WhatAnotherServerStoredIsTriedWhenOursIsRefused) {
  good_ = stored_ = "of another server";
  EXPECT_EQ(get(), "token2");
  now_ += 2h;
  EXPECT_EQ(get(), "token3") << "at once with the right one";
}

TEST_F(AccessTokensTest, ARefusalIsToldAndTriedAgainNextTime) {
  good_ = "none";
  EXPECT_EQ(tokens_.get({}, settings_).code(), Errc::AuthFailed);
  EXPECT_EQ(asked_, 1);
  good_ = "refresh";
  EXPECT_EQ(get(), "token2");
}

TEST_F(AccessTokensTest, ManyAskAtOnceForOne) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([this] { EXPECT_EQ(get(), "token1"); });
  threads.clear();
  EXPECT_EQ(asked_, 1);
}

TEST_F(AccessTokensTest, WhoMustStopDoesNotWaitForAnother) {
  std::atomic<bool> is_asking = false, may_answer = false;
  AccessTokens tokens({}, [&](const OpContext&, const OAuth2Settings&) -> Result<TokenAnswer> {
    is_asking = true;
    while (!may_answer) std::this_thread::yield();
    return TokenAnswer{"token", 1h, ""};
  });
  std::jthread first([&] { EXPECT_TRUE(tokens.get({}, settings_)); });
  while (!is_asking) std::this_thread::yield();
  std::stop_source stopping;
  stopping.request_stop();
  EXPECT_EQ(tokens.get({.stop = stopping.get_token()}, settings_).code(), Errc::Cancelled);
  EXPECT_EQ(tokens.get({.deadline = AccessTokens::Clock::now() - 1s}, settings_).code(), Errc::TimedOut);
  may_answer = true;
}

}  // namespace
}  // namespace slipway::email
