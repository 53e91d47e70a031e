#include "mail_template.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace slipway::email {
namespace {

namespace fs = std::filesystem;

TEST(MailTemplate, PutsValuesInAndEscapesThem) {
  const auto text = render("<p>{{.Code}} for {{ .Username }}</p>", {{"Code", "abc"}, {"Username", "<b>\"x'&"}});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "<p>abc for &lt;b&gt;&#34;x&#39;&amp;</p>");
}

TEST(MailTemplate, AValueIsNotATemplate) {
  EXPECT_EQ(*render("{{.Username}}", {{"Username", "{{.Code}}"}, {"Code", "secret"}}), "{{.Code}}");
}

TEST(MailTemplate, WhatItCannotDoIsAnError) {
  for (const char* text : {"{{.Other}}", "{{if .Code}}x{{end}}", "{{.Code", "{{}}", "{{Code}}", "{{.}}", "{{- .Code}}"})
    EXPECT_EQ(render(text, {{"Code", "abc"}}).code(), Errc::InvalidArgument) << text;
}

TEST(MailTemplate, TheBuiltInOneRenders) {
  const auto text =
      render(built_in_template("reset-password"), {{"Code", "C0DE"}, {"Username", "ann"}, {"Minutes", "10"}});
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("C0DE"), std::string::npos);
  EXPECT_TRUE(built_in_template("nothing").empty());
}

TEST(MailTemplate, IsReadFromItsFolderWithinALimit) {
  const fs::path folder = fs::temp_directory_path() / ("slipway-templates-" + std::to_string(::getpid()));
  fs::create_directories(folder / "email");
  const auto write = [&](const std::string& text) { std::ofstream(folder / "email" / "x.html") << text; };
  EXPECT_EQ(read_template(folder.string(), "x").code(), Errc::NotFound);
  EXPECT_EQ(read_template("", "x").code(), Errc::NotFound);
  write("{{.Code}}");
  EXPECT_EQ(*read_template(folder.string(), "x"), "{{.Code}}");
  write(std::string((256u << 10) + 1, 'x'));
  EXPECT_EQ(read_template(folder.string(), "x").code(), Errc::TooLarge);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace slipway::email
