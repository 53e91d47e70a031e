#include "core/config/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/config/test_folder.h"

namespace slipway::config {
namespace {

// Sets a variable for one test.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~ScopedVariable() { ::unsetenv(name_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
};

std::string read(std::string_view text) {
  static const std::string home = "/home/ann";
  const auto variables = parse_env_file(text, [](std::string_view name) { return name == "HOME" ? &home : nullptr; });
  if (!variables) return "error: " + variables.error().message();
  std::string out;
  for (const auto& [name, value] : *variables) out += name + "=" + value + "|";
  return out;
}

TEST(EnvFile, ValuesFollowTheirQuotes) {
  EXPECT_EQ(read("A=1\n\n# comment\n  B = two words  \r\nexport C=3\nD="), "A=1|B=two words|C=3|D=|");
  EXPECT_EQ(read(R"(A='lit $HOME \n "x"')"), R"(A=lit $HOME \n "x"|)");
  EXPECT_EQ(read(R"(A="a\tb\n\"q\" \\ \$HOME \z")"), "A=a\tb\n\"q\" \\ $HOME z|");
  EXPECT_EQ(read(R"(A="$HOME/x ${HOME}y $NONE. $ 5$")"), "A=/home/ann/x /home/anny . $ 5$|");
  EXPECT_EQ(read("A=pa$$word\\n"), "A=pa$$word\\n|");
}

TEST(EnvFile, CommentsNeedABlankBeforeThem) {
  EXPECT_EQ(read("A=x # note\nB=x#y\nC='q' # note\nD=\"q\"# note\nE= # note"), "A=x|B=x#y|C=q|D=q|E=|");
}

TEST(EnvFile, EarlierLinesCanBeUsed) { EXPECT_EQ(read("A=1\nB=\"$A$A\"\n"), "A=1|B=11|"); }

TEST(EnvFile, MalformedLinesAreNamedWithoutTheirValues) {
  EXPECT_EQ(read("A=1\nnonsense"), "error: line 2: must be KEY=value");
  EXPECT_EQ(read("1A=1"), "error: line 1: must be KEY=value");
  EXPECT_EQ(read("A B=1"), "error: line 1: must be KEY=value");
  EXPECT_EQ(read("A='s3cr3t"), "error: line 1: the single quote is not closed");
  EXPECT_EQ(read("A=\"s3cr3t\\\""), "error: line 1: the double quote is not closed");
  EXPECT_EQ(read("A='x' y"), "error: line 1: there is text behind the closing quote");
  EXPECT_EQ(read("A=\"${HOME\""), "error: line 1: ${ must be followed by a name and }");
  EXPECT_EQ(read(std::string_view("A=\0", 3)), "error: line 1: a NUL character is not allowed");
}

TEST(EnvFile, ExpansionCannotGrowWithoutLimit) {
  std::string text = "A=xxxxxxxxxxxxxxxx\n";
  for (char c = 'B'; c <= 'Z'; ++c) {
    text += std::string(1, c) + "=\"";
    for (int i = 0; i < 16; ++i) text += std::string("$") + static_cast<char>(c - 1);
    text += "\"\n";
  }
  EXPECT_NE(read(text).find("longer than 1 MiB"), std::string::npos);
}

TEST(EnvironmentOfTheServer, KeepsOurVariablesInUpperCase) {
  const ScopedVariable mixed("Slipway_Test__Mixed", "m"), exact("SLIPWAY_TEST__BOTH", "exact"),
      other("slipway_test__both", "other");
  const ScopedVariable foreign("SFTPGO_TEST__X", "");
  const Environment environment = process_environment();
  EXPECT_EQ(environment.at("SLIPWAY_TEST__MIXED"), "m");
  EXPECT_EQ(environment.at("SLIPWAY_TEST__BOTH"), "exact");
  EXPECT_EQ(environment.at("SFTPGO_TEST__X"), "") << "an empty variable is set";
  EXPECT_FALSE(environment.contains("PATH"));
}

TEST(EnvironmentOfTheServer, EnvFilesNeverOverrideAndTheFirstFileWins) {
  const TestFolder folder;
  const ScopedVariable set("SLIPWAY_TEST__SET", "process");
  folder.write("env.d/10-first.env",
               "SLIPWAY_TEST__SET=file\nSLIPWAY_TEST__FILE=one\nslipway_test__lower=1\nPLUGIN_X=y\n");
  folder.write("env.d/20-second",
               "SLIPWAY_TEST__FILE=two\nSLIPWAY_TEST__LATE=\"${SLIPWAY_TEST__FILE} $PLUGIN_X "
               "$SLIPWAY_TEST__SET\"\nSLIPWAY_TEST__LOWER=2\n");
  folder.write("env.d/folder/ignored", "not a variable");
  std::filesystem::create_symlink(folder.write("elsewhere", "SLIPWAY_TEST__LINK=1\n"),
                                  folder.path() / "env.d" / "30-link");
  const auto environment = load_environment(folder.native());
  ASSERT_TRUE(environment.ok()) << environment.error().message();
  EXPECT_EQ(environment->at("SLIPWAY_TEST__SET"), "process");
  EXPECT_EQ(environment->at("SLIPWAY_TEST__FILE"), "one");
  EXPECT_EQ(environment->at("SLIPWAY_TEST__LATE"), "one y process");
  EXPECT_EQ(environment->at("SLIPWAY_TEST__LOWER"), "1");
  EXPECT_EQ(environment->at("SLIPWAY_TEST__LINK"), "1");
  EXPECT_FALSE(environment->contains("PLUGIN_X"));
}

TEST(EnvironmentOfTheServer, BadEnvFilesAreErrorsThatNameThem) {
  const TestFolder folder;
  EXPECT_TRUE(load_environment(folder.native()).ok()) << "no env.d is fine";
  const auto bad = folder.write("env.d/a", "X=1\nY\n");
  const auto environment = load_environment(folder.native());
  ASSERT_FALSE(environment);
  EXPECT_EQ(environment.error().message(), bad.native() + ": line 2: must be KEY=value");
  std::filesystem::resize_file(bad, 1024 * 1024 + 1);
  EXPECT_EQ(load_environment(folder.native()).code(), Errc::TooLarge);
}

TEST(EnvironmentOfTheServer, EnvFilesReachThePrograms) {
  const TestFolder folder;
  const ScopedVariable set("TEST_EXPORT_SET", "process");
  folder.write("env.d/a",
               "TEST_EXPORT_SET=file\nTEST_EXPORT_NEW=new\nSFTPGO_TEST_EXPORT=flag\nSLIPWAY_TEST__EXPORT=key\n");
  ASSERT_TRUE(export_env_files(folder.native()).ok());
  EXPECT_STREQ(std::getenv("TEST_EXPORT_SET"), "process");
  EXPECT_STREQ(std::getenv("TEST_EXPORT_NEW"), "new");
  EXPECT_STREQ(std::getenv("SFTPGO_TEST_EXPORT"), "flag");
  EXPECT_EQ(std::getenv("SLIPWAY_TEST__EXPORT"), nullptr) << "a reload must see a change of the file";
  ::unsetenv("TEST_EXPORT_NEW");
  ::unsetenv("SFTPGO_TEST_EXPORT");
}

}  // namespace
}  // namespace slipway::config
