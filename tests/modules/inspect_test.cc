#include "core/module/inspect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "test_modules.h"

namespace slipway::test {
namespace {

std::vector<std::string> check_lines(const ModuleFolder& folder, const std::string& modules) {
  std::vector<std::string> sections, lines;
  auto checks = module::check_modules(*configuration(folder, modules), {}, sections);
  EXPECT_TRUE(checks) << checks.error().message();
  if (!checks) return lines;
  for (const auto& check : *checks) {
    EXPECT_EQ(check.line.find('\n'), std::string::npos);
    lines.push_back(check.line);
  }
  return lines;
}

TEST(InspectModules, ListShowsManifestsInstancesAndWhatIsMissing) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  folder.write("broken.json", "no json");
  auto listed = module::list_modules(
      *configuration(folder, R"({"load": {"a": {"module": "fixture-storage"}, "b": {"module": "fixture-storage"},
                                          "off": {"module": "fixture-storage", "enabled": false}, "absent": {}}})"),
      {});
  ASSERT_TRUE(listed) << listed.error().message();
  ASSERT_EQ(listed->size(), 3u);
  EXPECT_EQ((*listed)[0].name, "absent");
  EXPECT_NE((*listed)[0].error.find("no manifest absent.json"), std::string::npos);
  EXPECT_EQ((*listed)[1].name, "broken");
  EXPECT_NE((*listed)[1].error.find("not JSON"), std::string::npos);
  EXPECT_EQ((*listed)[2].name, "fixture-storage");
  EXPECT_EQ((*listed)[2].kind, "storage");
  EXPECT_EQ((*listed)[2].instances, (std::vector<std::string>{"a", "b"}));
}

TEST(InspectModules, CheckSaysOneLineAModule) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  folder.add("broken-constructor");
  folder.add("broken-wrong-mark");
  folder.write("broken.json", "no json");
  const auto lines = check_lines(folder, R"({"load": {"fixture-storage": {}, "absent": {}}})");
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_TRUE(lines[0].starts_with("absent: missing: no manifest absent.json in ")) << lines[0];
  EXPECT_TRUE(lines[1].starts_with("broken: refused: ")) << lines[1];
  EXPECT_EQ(lines[2], "broken-constructor: refused: its constructor threw");
  EXPECT_TRUE(lines[3].starts_with("broken-wrong-mark: refused: it was built for another host: ")) << lines[3];
  EXPECT_TRUE(lines[4].starts_with("fixture-storage 0.1.0: storage, good, ")) << lines[4];
}

TEST(InspectModules, CheckSaysWhetherTheServerWouldStart) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  folder.add("broken-constructor");
  const auto fatal = [&](const std::string& load) {
    std::vector<std::string> sections;
    auto checks = module::check_modules(*configuration(folder, R"({"load": )" + load + "}"), {}, sections);
    EXPECT_TRUE(checks);
    return std::any_of(checks->begin(), checks->end(), [](const auto& check) { return check.fatal; });
  };
  EXPECT_FALSE(fatal(R"({"fixture-storage": {}})"));
  EXPECT_TRUE(fatal(R"({"broken-constructor": {}})"));
  EXPECT_FALSE(fatal(R"({"broken-constructor": {"optional": true}})"));
  EXPECT_FALSE(fatal(R"({"broken-constructor": {"enabled": false}})"));
  EXPECT_TRUE(fatal(R"({"fixture-storage": {"options": {"size": "x"}}})"));
  EXPECT_TRUE(fatal(R"({"fixture-storage": {"sha256": "00"}})"));
  EXPECT_TRUE(fatal(R"({"absent": {}})"));
}

TEST(InspectModules, CheckCollectsTheSectionsThatModulesClaim) {
  ModuleFolder folder;
  folder.add("fixture-protocol");
  std::vector<std::string> sections;
  ASSERT_TRUE(module::check_modules(*configuration(folder, "{}"), {}, sections));
  EXPECT_EQ(sections, (std::vector<std::string>{"fixtured"}));
}

TEST(InspectModules, DescribeTellsWhatAModuleIsAndItsOptions) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  const auto configured = configuration(folder, R"({"load": {"here": {"module": "fixture-storage"}}})");
  for (const char* name : {"fixture-storage", "here"}) {
    auto text = module::describe_module(*configured, {}, name);
    ASSERT_TRUE(text) << text.error().message();
    for (const char* words : {"fixture-storage 1.2.3", "A storage module for tests", "provides   nothing, fixture",
                              "provider   42", "instances  here", "label", "Noted when configured"}) {
      EXPECT_NE(text->find(words), std::string::npos) << words << "\n" << *text;
    }
  }
  auto page = module::describe_module_markdown(*configured, {}, "fixture-storage");
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->starts_with("## fixture-storage\n"));
  EXPECT_EQ(module::describe_module(*configured, {}, "nothing").code(), Errc::NotFound);
}

}  // namespace
}  // namespace slipway::test
