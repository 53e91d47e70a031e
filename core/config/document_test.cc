#include "core/config/document.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json.hpp>

#include "core/config/test_folder.h"

namespace slipway::config {
namespace {

using Format = DocumentFormat;

std::string parsed(Format format, std::string_view text) {
  const auto document = parse_document(format, text);
  return document ? boost::json::serialize(*document) : "error: " + document.error().message();
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(Document, OneMeaningInThreeFormats) {
  const std::string expected =
      R"({"common":{"idle_timeout":15,"ratio":2.5E0,"tz":"","on":true},"sftpd":{"bindings":[{"port":2022},{"port":22}]}})";
  EXPECT_EQ(
      parsed(
          Format::Json,
          R"({"common":{"idle_timeout":15,"ratio":2.5,"tz":"","on":true},"sftpd":{"bindings":[{"port":2022},{"port":22}]}})"),
      expected);
  EXPECT_EQ(parsed(Format::Yaml,
                   "common:\n  idle_timeout: 15\n  ratio: 2.5\n  tz: ''\n  \"on\": true\nsftpd:\n  bindings:\n    - "
                   "port: 2022\n    - {port: 22}\n"),
            expected);
  const auto toml = parse_document(Format::Toml,
                                   "[common]\nidle_timeout = 15\nratio = 2.5\ntz = ''\non = "
                                   "true\n[[sftpd.bindings]]\nport = 2022\n[[sftpd.bindings]]\nport = 22\n");
  ASSERT_TRUE(toml.ok());
  EXPECT_EQ(*toml, boost::json::parse(expected).as_object());
}

TEST(Document, ErrorsSayLineAndColumn) {
  EXPECT_TRUE(parsed(Format::Json, "{\n  \"a\": 1,\n  \"b\" 2\n}").starts_with("error: line 3, column 7"))
      << parsed(Format::Json, "{\n  \"a\": 1,\n  \"b\" 2\n}");
  EXPECT_TRUE(parsed(Format::Yaml, "a: 1\nb: [1, 2\nc: 3\n").starts_with("error: line 3"))
      << parsed(Format::Yaml, "a: 1\nb: [1, 2\nc: 3\n");
  EXPECT_TRUE(parsed(Format::Toml, "a = 1\nb = = 2\n").starts_with("error: line 2, column 5"))
      << parsed(Format::Toml, "a = 1\nb = = 2\n");
}

TEST(Document, DuplicateMembersAreRefused) {
  EXPECT_NE(parsed(Format::Json, R"({"a":1,"b":{"c":1,"c":2}})").find("duplicate member \"c\""), std::string::npos);
  EXPECT_NE(parsed(Format::Yaml, "a: 1\nb: 2\na: 3\n").find("line 3, column 1: duplicate member \"a\""),
            std::string::npos);
  EXPECT_TRUE(parsed(Format::Toml, "a = 1\na = 2\n").starts_with("error: line 2"));
}

TEST(Document, JsonTakesNoComments) {
  EXPECT_TRUE(parsed(Format::Json, "{} // note").starts_with("error"));
  EXPECT_TRUE(parsed(Format::Json, "{\"a\":1,}").starts_with("error"));
}

TEST(Document, TheTopMustBeAnObject) {
  EXPECT_TRUE(parsed(Format::Json, "[1]").starts_with("error"));
  EXPECT_TRUE(parsed(Format::Json, "").starts_with("error"));
  EXPECT_TRUE(parsed(Format::Yaml, "- 1").starts_with("error"));
  EXPECT_EQ(parsed(Format::Yaml, "# nothing\n"), "{}");
  EXPECT_EQ(parsed(Format::Toml, "# nothing\n"), "{}");
}

TEST(Document, EncodingIsChecked) {
  EXPECT_EQ(parsed(Format::Json, "\xef\xbb\xbf{\"a\":\"é\"}"), "{\"a\":\"é\"}");
  for (const Format format : {Format::Json, Format::Yaml, Format::Toml}) {
    EXPECT_EQ(parsed(format, "a: 1\nb: \xff\n"), "error: line 2, column 4: is not valid UTF-8");
    EXPECT_NE(parsed(format, std::string_view("a: \0", 4)).find("NUL"), std::string::npos);
  }
}

TEST(Document, DepthAndSizeAreLimited) {
  EXPECT_TRUE(parsed(Format::Json, repeated("{\"a\":", 40) + "1" + repeated("}", 40)).starts_with("error"));
  EXPECT_NE(parsed(Format::Yaml, "a: " + repeated("[", 40) + repeated("]", 40)).find("nested too deeply"),
            std::string::npos);
  EXPECT_NE(parsed(Format::Toml, "a = " + repeated("[", 40) + repeated("]", 40)).find("nested too deeply"),
            std::string::npos);
  EXPECT_NE(parsed(Format::Toml, "a" + repeated(".a", 40) + " = 1").find("nested too deeply"), std::string::npos);
  EXPECT_NE(parsed(Format::Toml, "a" + repeated(".a", 1'000'000) + " = 1").find("nested too deeply"),
            std::string::npos);
  EXPECT_TRUE(parsed(Format::Yaml, "a: " + repeated("[", 100'000)).starts_with("error"));
  for (const Format format : {Format::Json, Format::Yaml, Format::Toml})
    EXPECT_EQ(parse_document(format, std::string(kMaxDocumentBytes + 1, ' ')).code(), Errc::TooLarge);
}

TEST(Yaml, PlainScalarsFollowTheCoreSchema) {
  EXPECT_EQ(
      parsed(Format::Yaml,
             "a: ~\nb:\nc: TRUE\nd: yes\ne: -7\nf: 0x1F\ng: 0o17\nh: 0022\ni: 1e3\nj: '5'\nk: 18446744073709551615\nl: "
             "1.2.3.4\nm: 2026-11-20\nn: .5\no: +3\np: -0.5\n"),
      R"({"a":null,"b":null,"c":true,"d":"yes","e":-7,"f":31,"g":15,"h":"0022","i":1E3,"j":"5","k":18446744073709551615,)"
      R"("l":"1.2.3.4","m":"2026-11-20","n":5E-1,"o":3,"p":-5E-1})");
  EXPECT_TRUE(parsed(Format::Yaml, "a: .inf").starts_with("error: line 1, column 4"));
  EXPECT_TRUE(parsed(Format::Yaml, "a: .nan").starts_with("error"));
  EXPECT_TRUE(parsed(Format::Yaml, "a: 99999999999999999999").starts_with("error"));
  EXPECT_TRUE(parsed(Format::Yaml, "a: 1e999").starts_with("error"));
}

TEST(Yaml, TagsOfTheCoreSchemaAreObeyedAndOthersRefused) {
  EXPECT_EQ(parsed(Format::Yaml, "a: !!str 5\nb: !!int 5\nc: !!float 5\nd: !!map {}\ne: !!seq []\n"),
            R"({"a":"5","b":5,"c":5,"d":{},"e":[]})");
  EXPECT_TRUE(parsed(Format::Yaml, "a: !!int x").starts_with("error"));
  EXPECT_TRUE(parsed(Format::Yaml, "a: !!binary aGk=").starts_with("error"));
  EXPECT_TRUE(parsed(Format::Yaml, "a: !ruby/object {}").starts_with("error"));
}

TEST(Yaml, AliasesAreFollowedWithinLimits) {
  EXPECT_EQ(parsed(Format::Yaml, "base: &b {port: 1}\nx: *b\ny: [*b, *b]\n"),
            R"({"base":{"port":1},"x":{"port":1},"y":[{"port":1},{"port":1}]})");
  EXPECT_TRUE(parsed(Format::Yaml, "a: &x [*x]\n").starts_with("error"));
  EXPECT_TRUE(parsed(Format::Yaml, "a: *nothing\n").starts_with("error"));
  EXPECT_TRUE(parsed(Format::Yaml, "a: &b {c: 1}\nd:\n  <<: *b\n").starts_with("error"));
}

TEST(Yaml, AliasBombsAreDefused) {
  std::string wide = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n", deep = "b0: &b0 [x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = std::to_string(i - 1), now = std::to_string(i);
    wide += "a" + now + ": &a" + now + " [*a" + before + repeated(",*a" + before, 9) + "]\n";
  }
  for (int i = 1; i < 60; ++i)
    deep += "b" + std::to_string(i) + ": &b" + std::to_string(i) + " [*b" + std::to_string(i - 1) + "]\n";
  EXPECT_NE(parsed(Format::Yaml, wide).find("too large"), std::string::npos);
  EXPECT_NE(parsed(Format::Yaml, deep).find("nested too deeply"), std::string::npos);
  const std::string text = "a: &a " + std::string(1'000'000, 'x') + "\nb: [*a" + repeated(",*a", 1000) + "]\n";
  EXPECT_NE(parsed(Format::Yaml, text).find("too large"), std::string::npos);
}

TEST(Yaml, OneDocumentWithTextKeys) {
  EXPECT_TRUE(parsed(Format::Yaml, "a: 1\n---\nb: 2\n").starts_with("error"));
  EXPECT_TRUE(parsed(Format::Yaml, "? [a]\n: 1\n").starts_with("error"));
  EXPECT_TRUE(parsed(Format::Yaml, "? {a: 1}\n: 1\n").starts_with("error"));
  EXPECT_EQ(parsed(Format::Yaml, "---\n1: 2\n...\n"), R"({"1":2})");
}

TEST(Toml, DatesBecomeTextAndInfinitiesAreRefused) {
  EXPECT_EQ(parsed(Format::Toml, "a = 2026-11-20\nb = 07:32:00\n"), R"({"a":"2026-11-20","b":"07:32:00"})");
  EXPECT_TRUE(parsed(Format::Toml, "a = inf").starts_with("error: line 1, column 5"));
  EXPECT_TRUE(parsed(Format::Toml, "a = nan").starts_with("error"));
}

TEST(DocumentFile, TheExtensionDecides) {
  EXPECT_EQ(*document_format("a/slipway.JSON"), Format::Json);
  EXPECT_EQ(*document_format("x.yml"), Format::Yaml);
  EXPECT_EQ(document_format("x").code(), Errc::InvalidArgument);
  const auto hcl = document_format("sftpgo.hcl");
  ASSERT_FALSE(hcl);
  EXPECT_EQ(hcl.code(), Errc::NotSupported);
  EXPECT_NE(hcl.error().message().find("convert it to JSON, YAML or TOML"), std::string::npos);
  EXPECT_NE(document_format("sftpgo.env").error().message().find("env.d"), std::string::npos);
}

TEST(DocumentFile, ErrorsNameTheFile) {
  const TestFolder folder;
  const auto bad = folder.write("a.json", "{");
  EXPECT_TRUE(read_document(bad.native()).error().message().starts_with(bad.native() + ": line 1, column"));
  EXPECT_EQ(read_document((folder.path() / "none.json").native()).code(), Errc::NotFound);
  EXPECT_EQ(read_document(folder.write("d.json/x", "").parent_path().native()).code(), Errc::InvalidArgument);
  const auto pipe = folder.path() / "pipe.yaml";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_document(pipe.native()).code(), Errc::InvalidArgument);
  const auto huge = folder.write("huge.toml", "");
  std::filesystem::resize_file(huge, kMaxDocumentBytes + 1);
  EXPECT_EQ(read_document(huge.native()).code(), Errc::TooLarge);
}

}  // namespace
}  // namespace slipway::config
