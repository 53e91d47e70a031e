// JSON <-> structs described with Boost.Describe: for .cc files that include the description of what they read or
// write.
//
// Reading names every problem with its JSON pointer and goes on; an absent or null member keeps its default. Members of
// a struct may be bool, integers, double, std::string, enums (as their number), vectors, maps from std::string, other
// described structs, std::optional, and JsonText (any value). A JsonText member called `extra` is special: it collects
// the members that the struct does not have, and its members are written beside the others.
//
// For a type of one's own, functions found by argument-dependent lookup change what happens:
//   std::span<const std::string_view> ignored_members(const T*);     accepted in JSON, neither read nor unknown
//   bool write_json_custom(JsonWriter&, boost::json::value&, const T&);  false: written as described.
// Both must be declared where the type is described, so that all files agree on them.
#pragma once

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/json.h"

namespace slipway {

// Where the reader is, on its stack.
struct JsonPlace {
  const JsonPlace* up = nullptr;
  std::string_view key;
  std::size_t index = 0;
  bool element = false;

  std::string pointer() const {
    const std::string parent = up == nullptr ? std::string() : up->pointer();
    if (up == nullptr && key.empty() && !element) return parent;
    return element ? parent + "/" + std::to_string(index) : json_pointer(parent, key);
  }
};

struct JsonProblem {
  std::string pointer;  // empty: the document itself
  std::string message;
  bool operator==(const JsonProblem&) const = default;
};

struct JsonReader {
  bool keep_unknown = false;  // into `extra`, where the struct has one
  std::size_t max_problems = 32;
  std::vector<JsonProblem> problems;
  std::vector<std::string> unknown;  // pointers

  void problem(const JsonPlace& at, std::string_view message) {
    if (problems.size() < max_problems) problems.push_back({at.pointer(), std::string(message)});
  }
  // All problems as one InvalidArgument: "/a: expected text, got a list; /b/0: ...".
  Error error() const {
    std::string text;
    for (std::size_t i = 1; i < problems.size(); ++i) text += "; " + problems[i].pointer + ": " + problems[i].message;
    return {Errc::InvalidArgument, problems.front().pointer, problems.front().message + text};
  }
};

struct JsonWriter {
  bool omit_defaults = false;  // also leaves out members at their default; empty lists and maps are left out always
  bool extra = true;           // whether `extra` is written
  int style = 0;               // for write_json_custom
};

namespace json_detail {

template <class T>
concept Described = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;
template <class T>
struct IsVector : std::false_type {};
template <class T, class A>
struct IsVector<std::vector<T, A>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class V, class C, class A>
struct IsMap<std::map<std::string, V, C, A>> : std::true_type {};

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;
template <class T, class Descriptor>
using MemberType = std::remove_cvref_t<decltype(std::declval<T&>().*Descriptor::pointer)>;

template <class T>
concept HasExtra = requires(T& t) {
  { t.extra } -> std::same_as<JsonText&>;
};

template <class T>
const T& defaults() {
  static const T value{};
  return value;
}

template <class T>
constexpr bool is_extra(std::string_view name) {
  return HasExtra<T> && name == "extra";
}

inline std::string_view kind_name(const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return "null";
    case boost::json::kind::bool_:
      return "a boolean";
    case boost::json::kind::string:
      return "text";
    case boost::json::kind::array:
      return "a list";
    case boost::json::kind::object:
      return "an object";
    default:
      return "a number";
  }
}

inline bool expect(JsonReader& reader, bool fits, std::string_view what, const boost::json::value& value,
                   const JsonPlace& at) {
  if (!fits) reader.problem(at, "expected " + std::string(what) + ", got " + std::string(kind_name(value)));
  return fits;
}

template <class T>
void read_integer(JsonReader& reader, const boost::json::value& value, T& out, const JsonPlace& at) {
  const auto out_of_range = [&] {
    reader.problem(at, "must be between " + std::to_string(std::numeric_limits<T>::min()) + " and " +
                           std::to_string(std::numeric_limits<T>::max()));
  };
  if (const auto* number = value.if_int64()) {
    if (!std::in_range<T>(*number)) return out_of_range();
    out = static_cast<T>(*number);
  } else if (const auto* number = value.if_uint64()) {
    if (!std::in_range<T>(*number)) return out_of_range();
    out = static_cast<T>(*number);
  } else if (const auto* number = value.if_double()) {
    constexpr double kExact = 9007199254740992.0;  // 2^53
    if (*number != std::floor(*number)) return reader.problem(at, "expected an integer, got a fraction");
    if (std::fabs(*number) > kExact || !std::in_range<T>(static_cast<std::int64_t>(*number))) return out_of_range();
    out = static_cast<T>(*number);
  } else {
    expect(reader, false, "an integer", value, at);
  }
}

}  // namespace json_detail

template <class T>
void read_json(JsonReader& reader, const boost::json::value& value, T& out, const JsonPlace& at = {});

namespace json_detail {

template <Described T>
void read_unknown(JsonReader& reader, const boost::json::object& object, T& out, const JsonPlace& at) {
  boost::json::object kept;
  for (const auto& [name, member] : object) {
    const std::string_view key(name.data(), name.size());
    bool known = false;
    boost::mp11::mp_for_each<Members<T>>([&](auto d) { known = known || (key == d.name && !is_extra<T>(d.name)); });
    if constexpr (requires { ignored_members(static_cast<const T*>(nullptr)); }) {
      for (const auto ignored : ignored_members(static_cast<const T*>(nullptr))) known = known || key == ignored;
    }
    if (known) continue;
    reader.unknown.push_back(JsonPlace{&at, key}.pointer());
    kept[name] = member;
  }
  if constexpr (HasExtra<T>) {
    if (reader.keep_unknown && !kept.empty()) out.extra = JsonText(serialize_json(kept));
  }
}

template <Described T>
void read_struct(JsonReader& reader, const boost::json::value& value, T& out, const JsonPlace& at) {
  if (!expect(reader, value.is_object(), "an object", value, at)) return;
  const auto& object = value.get_object();
  std::size_t seen = 0;
  boost::mp11::mp_for_each<Members<T>>([&](auto d) {
    if (is_extra<T>(d.name)) return;
    const auto* member = object.if_contains(d.name);
    if (member == nullptr) return;
    ++seen;
    if (member->is_null()) return;
    read_json(reader, *member, out.*d.pointer, JsonPlace{&at, d.name});
  });
  if (seen != object.size()) read_unknown(reader, object, out, at);
}

}  // namespace json_detail

template <class T>
void read_json(JsonReader& reader, const boost::json::value& value, T& out, const JsonPlace& at) {
  using namespace json_detail;
  if constexpr (std::is_same_v<T, bool>) {
    if (expect(reader, value.is_bool(), "true or false", value, at)) out = value.get_bool();
  } else if constexpr (std::is_integral_v<T>) {
    read_integer(reader, value, out, at);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (expect(reader, value.is_number(), "a number", value, at)) out = value.to_number<T>();
  } else if constexpr (std::is_enum_v<T>) {
    auto number = static_cast<std::underlying_type_t<T>>(out);
    read_integer(reader, value, number, at);
    out = static_cast<T>(number);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (expect(reader, value.is_string(), "text", value, at))
      out.assign(value.get_string().begin(), value.get_string().end());
  } else if constexpr (std::is_same_v<T, JsonText>) {
    out.text = serialize_json(value);
  } else if constexpr (IsOptional<T>::value) {
    if (!out) out.emplace();
    read_json(reader, value, *out, at);
  } else if constexpr (IsVector<T>::value) {
    if (!expect(reader, value.is_array(), "a list", value, at)) return;
    const auto& array = value.get_array();
    out.clear();
    out.reserve(array.size());
    for (std::size_t i = 0; i < array.size(); ++i) {
      read_json(reader, array[i], out.emplace_back(), JsonPlace{&at, {}, i, true});
    }
  } else if constexpr (IsMap<T>::value) {
    if (!expect(reader, value.is_object(), "an object", value, at)) return;
    out.clear();
    for (const auto& [name, member] : value.get_object()) {
      const std::string key(name.data(), name.size());
      auto& slot = out[key];
      if (!member.is_null()) read_json(reader, member, slot, JsonPlace{&at, key});
    }
  } else {
    static_assert(Described<T>, "describe this type with BOOST_DESCRIBE_STRUCT");
    read_struct(reader, value, out, at);
  }
}

template <class T>
void write_json_described(JsonWriter& writer, boost::json::value& value, const T& in);

// The members of `extra` beside those that are there.
inline void write_json_extra(const JsonWriter& writer, boost::json::object& object, const JsonText& extra) {
  if (!writer.extra || extra.empty()) return;
  auto more = parse_json(extra.text, {.max_bytes = extra.text.size(), .max_depth = 64, .refuse_duplicates = false});
  if (!more || !more->is_object()) return;
  for (auto& [key, member] : more->get_object()) object.insert(boost::json::key_value_pair(key, std::move(member)));
}

template <class T>
void write_json(JsonWriter& writer, boost::json::value& value, const T& in) {
  if constexpr (requires { write_json_custom(writer, value, in); }) {
    if (write_json_custom(writer, value, in)) return;
  }
  write_json_described(writer, value, in);
}

// Without the type's own write_json_custom; its members' are used.
template <class T>
void write_json_described(JsonWriter& writer, boost::json::value& value, const T& in) {
  using namespace json_detail;
  if constexpr (std::is_enum_v<T>) {
    value = static_cast<std::underlying_type_t<T>>(in);
  } else if constexpr (std::is_arithmetic_v<T>) {
    value = in;
  } else if constexpr (std::is_same_v<T, std::string>) {
    value.emplace_string().assign(in);
  } else if constexpr (std::is_same_v<T, JsonText>) {
    auto parsed = parse_json(in.text, {.max_bytes = in.text.size(), .max_depth = 64, .refuse_duplicates = false});
    if (parsed)
      value = *std::move(parsed);
    else
      value = nullptr;
  } else if constexpr (IsOptional<T>::value) {
    if (in)
      write_json(writer, value, *in);
    else
      value = nullptr;
  } else if constexpr (IsVector<T>::value) {
    auto& array = value.emplace_array();
    array.resize(in.size());
    for (std::size_t i = 0; i < in.size(); ++i) write_json(writer, array[i], in[i]);
  } else if constexpr (IsMap<T>::value) {
    auto& object = value.emplace_object();
    for (const auto& [key, member] : in) write_json(writer, object[key], member);
  } else {
    static_assert(Described<T>, "describe this type with BOOST_DESCRIBE_STRUCT");
    auto& object = value.emplace_object();
    object.reserve(boost::mp11::mp_size<Members<T>>::value);
    boost::mp11::mp_for_each<Members<T>>([&](auto d) {
      using M = MemberType<T, decltype(d)>;
      if (is_extra<T>(d.name)) return;
      const M& member = in.*d.pointer;
      if constexpr (IsOptional<M>::value) {
        if (!member) return;
      } else if constexpr (IsVector<M>::value || IsMap<M>::value || std::is_same_v<M, JsonText>) {
        if (member.empty()) return;
      } else if constexpr (std::equality_comparable<M>) {
        if (writer.omit_defaults && member == defaults<T>().*d.pointer) return;
      }
      write_json(writer, object[d.name], member);
    });
    if constexpr (HasExtra<T>) write_json_extra(writer, object, in.extra);
  }
}

}  // namespace slipway
