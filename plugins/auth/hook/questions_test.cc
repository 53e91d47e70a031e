#include "questions.h"

#include <gtest/gtest.h>

namespace slipway::auth_hook {
namespace {

TEST(Questions, AStepAsksOrDecides) {
  const auto step = parse_step(
      R"({"instruction":"Hello","questions":["Password: ","Token: "],"echos":[false,true],"check_password":0})");
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, Step::Kind::Ask);
  EXPECT_EQ(step->instruction, "Hello");
  ASSERT_EQ(step->prompts.size(), 2u);
  EXPECT_EQ(step->prompts[0].text, "Password: ");
  EXPECT_FALSE(step->prompts[0].echo);
  EXPECT_TRUE(step->prompts[1].echo);

  EXPECT_EQ(parse_step(R"({"auth_result":1})")->kind, Step::Kind::Accept);
  EXPECT_EQ(parse_step(R"({"auth_result":2,"instruction":"Go away"})")->kind, Step::Kind::End);
  EXPECT_EQ(parse_step(R"({"auth_result":2,"instruction":"Go away"})")->instruction, "Go away");
  EXPECT_EQ(parse_step(R"({"auth_result":-1})")->kind, Step::Kind::Refuse);
  EXPECT_EQ(parse_step(R"({"auth_result":3})")->kind, Step::Kind::Refuse);
}

TEST(Questions, TheServerChecksOneAnswer) {
  EXPECT_EQ(parse_step(R"({"questions":["P: "],"echos":[false],"check_password":1})")->check, Step::Check::Password);
  EXPECT_EQ(parse_step(R"({"questions":["C: "],"echos":[false],"check_password":2})")->check, Step::Check::Passcode);
  EXPECT_FALSE(parse_step(R"({"questions":["P: ","Q: "],"echos":[false,false],"check_password":1})"));
  EXPECT_FALSE(parse_step(R"({"questions":["P: "],"echos":[false],"check_password":3})"));
}

TEST(Questions, WhatIsNoStepIsRefused) {
  for (const char* text :
       {"", "[]", "hello", "{", "{}", R"({"auth_result":0})", R"({"auth_result":"1"})", R"({"auth_result":1.0})",
        R"({"questions":["a"]})", R"({"questions":["a"],"echos":[]})", R"({"questions":["a"],"echos":[0]})",
        R"({"questions":[7],"echos":[false]})", R"({"questions":"a","echos":[false]})",
        R"({"questions":["a"],"echos":[false],"instruction":7})", R"({"questions":["a\u0000b"],"echos":[false]})",
        R"({"questions":[],"echos":[]})"})
    EXPECT_EQ(parse_step(text).code(), Errc::InvalidArgument) << text;
}

TEST(Questions, EverythingHasALimit) {
  EXPECT_FALSE(parse_step("{\"instruction\":\"" + std::string(kMaxQuestion + 1, 'a') + "\",\"auth_result\":1}"));
  EXPECT_FALSE(parse_step(std::string(kMaxStep + 1, ' ')));
  std::string questions, echos;
  for (std::size_t i = 0; i <= kMaxQuestions; ++i) {
    questions += questions.empty() ? "\"q\"" : ",\"q\"";
    echos += echos.empty() ? "false" : ",false";
  }
  EXPECT_FALSE(parse_step("{\"questions\":[" + questions + "],\"echos\":[" + echos + "]}"));
}

}  // namespace
}  // namespace slipway::auth_hook
