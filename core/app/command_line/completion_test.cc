#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/app/command_line/command_info.h"

namespace slipway::app {
namespace {

const CommandInfo kProgram{
    .name = "slipway",
    .help = "A server",
    .flags = {{{"--version", "-v"}, "", "Print the version", ""}},
    .commands = {{.name = "serve",
                  .help = "Run it",
                  .flags = {{{"--config-dir", "-c"}, "PATH", "The folder's name", "SLIPWAY_CONFIG_DIR"},
                            {{"--log-utc-time"}, "", "UTC", ""},
                            {{"--grace-time"}, "N", "Seconds", ""}}},
                 {.name = "config",
                  .help = "Check",
                  .commands = {{.name = "validate", .help = "Check all"}, {.name = "show", .help = ".dot"}}},
                 {.name = "completion", .help = "Script", .arguments = {{"SHELL", "Which", {"bash", "zsh"}}}}}};

// What bash offers when TAB is pressed behind `words`, the last one being incomplete.
std::string offered(const std::string& words) {
  const auto script = std::filesystem::temp_directory_path() / ("slipway-completion-" + std::to_string(::getpid()));
  std::ofstream(script) << completion_script(kProgram, Shell::Bash) << "COMP_WORDS=(" << words
                        << ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_slipway\necho \"${COMPREPLY[*]}\"\n";
  std::string out;
  FILE* pipe = ::popen(("bash -eu " + script.native() + " 2>&1").c_str(), "r");
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out += static_cast<char>(c);
  EXPECT_EQ(::pclose(pipe), 0) << out;
  std::filesystem::remove(script);
  return out;
}

TEST(Completion, BashOffersWhatMayFollow) {
  EXPECT_EQ(offered("slipway ''"), "serve config completion --version -v\n");
  EXPECT_EQ(offered("slipway co"), "config completion\n");
  EXPECT_EQ(offered("slipway config ''"), "validate show\n");
  EXPECT_EQ(offered("slipway serve --grace-time ''"), "\n");
  EXPECT_EQ(offered("slipway serve --l"), "--log-utc-time\n");
  EXPECT_EQ(offered("slipway serve --log-utc-time --c"), "--config-dir\n");
  EXPECT_EQ(offered("slipway completion z"), "zsh\n");
  EXPECT_EQ(offered("slipway serve -c /et"), "/etc\n");
}

TEST(Completion, FishAndZshDescribeEveryCommand) {
  const std::string fish = completion_script(kProgram, Shell::Fish), zsh = completion_script(kProgram, Shell::Zsh);
  EXPECT_NE(fish.find("complete -c slipway -n '__fish_use_subcommand' -a serve -d 'Run it'\n"), std::string::npos)
      << fish;
  EXPECT_NE(fish.find("-l config-dir -s c -r -F -d 'The folder\\'s name'\n"), std::string::npos) << fish;
  EXPECT_NE(zsh.find("'validate:Check all'"), std::string::npos) << zsh;
  EXPECT_NE(zsh.find("'--config-dir:The folder'\\''s name'"), std::string::npos) << zsh;
}

TEST(ManualPage, HasEveryLeafCommandAndFlag) {
  const std::string page = manual_page(kProgram, "1.2");
  EXPECT_TRUE(page.starts_with(".TH SLIPWAY 1"));
  EXPECT_NE(page.find(".SS config validate\n"), std::string::npos);
  EXPECT_NE(page.find(".SS completion SHELL\n"), std::string::npos);
  EXPECT_NE(page.find("\\fB\\-\\-config\\-dir\\fR, \\fB\\-c\\fR \\fIPATH\\fR\nThe folder's name. Variable: "
                      "\\fBSLIPWAY_CONFIG_DIR\\fR.\n"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find("\n\\&.dot.\n"), std::string::npos) << "a line must not start a request by accident";
}

}  // namespace
}  // namespace slipway::app
