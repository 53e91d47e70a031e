#include "core/base/json_binding.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

enum class Colour : int { Red = 1, Blue = 2 };

struct Inner {
  int small = 0;
  JsonText extra;
  bool operator==(const Inner&) const = default;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (small, extra))

struct Base {
  std::string name;
  bool operator==(const Base&) const = default;
};
BOOST_DESCRIBE_STRUCT(Base, (), (name))

struct Outer : Base {
  bool flag = false;
  std::uint8_t byte = 0;
  std::int64_t wide = 0;
  double ratio = 0;
  Colour colour = Colour::Red;
  std::vector<Inner> list;
  std::map<std::string, std::vector<std::string>> lists;
  std::optional<int> maybe;
  JsonText any;
  JsonText extra;
  bool operator==(const Outer&) const = default;
};
BOOST_DESCRIBE_STRUCT(Outer, (Base), (flag, byte, wide, ratio, colour, list, lists, maybe, any, extra))

std::span<const std::string_view> ignored_members(const Outer*) {
  static constexpr std::string_view kIgnored[] = {"computed"};
  return kIgnored;
}

JsonReader read(std::string_view text, Outer& out, bool keep = true) {
  JsonReader reader;
  reader.keep_unknown = keep;
  auto value = parse_json(text);
  EXPECT_TRUE(value.ok()) << text;
  if (value) read_json(reader, *value, out);
  return reader;
}

std::string written(const Outer& in, JsonWriter writer = {.omit_defaults = true}) {
  boost::json::value value;
  write_json(writer, value, in);
  return serialize_json(value);
}

TEST(JsonBinding, EveryKindOfMemberSurvivesARoundTrip) {
  const std::string text =
      R"({"name":"n","flag":true,"byte":255,"wide":-9000000000,"ratio":0.5,"colour":2,"list":[{"small":1},{}],)"
      R"("lists":{"/":["*"],"/a":[]},"maybe":0,"any":[1,{"x":null}]})";
  Outer out;
  const auto reader = read(text, out);
  EXPECT_TRUE(reader.problems.empty());
  EXPECT_EQ(written(out), text);
}

TEST(JsonBinding, EveryProblemIsNamedWithItsPointer) {
  Outer out;
  const auto reader = read(R"({"flag":1,"byte":256,"list":[{"small":"x"}],"lists":{"/a":[1]},"wide":1.5})", out);
  EXPECT_EQ(reader.error().message(),
            "/flag: expected true or false, got a number; /byte: must be between 0 and 255; "
            "/wide: expected an integer, got a fraction; /list/0/small: expected an integer, got text; "
            "/lists/~1a/0: expected text, got a number");
}

TEST(JsonBinding, WholeDoublesAreIntegersAndHugeOnesAreNot) {
  Outer out;
  EXPECT_TRUE(read(R"({"wide":1e3})", out).problems.empty());
  EXPECT_EQ(out.wide, 1000);
  EXPECT_EQ(read(R"({"wide":1e18})", out).problems.size(), 1u);
}

TEST(JsonBinding, NullKeepsTheDefault) {
  Outer out;
  out.wide = 7;
  EXPECT_TRUE(read(R"({"wide":null,"list":null,"maybe":null})", out).problems.empty());
  EXPECT_EQ(out.wide, 7);
  EXPECT_FALSE(out.maybe.has_value());
}

TEST(JsonBinding, UnknownMembersAreKeptAndNamed) {
  Outer out;
  const auto reader = read(R"({"naem":"x","list":[{"deep":{"a":1}}],"computed":3})", out);
  EXPECT_EQ(reader.unknown, (std::vector<std::string>{"/list/0/deep", "/naem"}));
  EXPECT_EQ(written(out), R"({"list":[{"deep":{"a":1}}],"naem":"x"})");
}

TEST(JsonBinding, UnknownMembersAreDroppedWhenNotWanted) {
  Outer out;
  EXPECT_EQ(read(R"({"naem":"x"})", out, false).unknown.size(), 1u);
  EXPECT_EQ(written(out), "{}");
}

TEST(JsonBinding, DefaultsAreWrittenUnlessOmitted) {
  EXPECT_EQ(written({}, {}), R"({"name":"","flag":false,"byte":0,"wide":0,"ratio":0.0,"colour":1})");
}

TEST(JsonBinding, ProblemsAreBounded) {
  std::string text = R"({"list":[)";
  for (int i = 0; i < 1000; ++i) text += i == 0 ? "1" : ",1";
  Outer out;
  EXPECT_EQ(read(text + "]}", out).problems.size(), 32u);
}

}  // namespace
}  // namespace slipway
