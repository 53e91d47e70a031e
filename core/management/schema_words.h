// What the schemas of the REST contract say in words, and those that no C++ type describes, as tables.
#pragma once

#include <span>
#include <string_view>

namespace slipway::management {

enum SchemaFlag : unsigned {
  kReadOnly = 1u << 0,  // the server's to say: what a client sends there is ignored
  kRequired = 1u << 1,
};

struct MemberWords {
  std::string_view name;
  // "string", "integer", "int64", "boolean", "User", "map User", "any"; "[]" behind it makes it a list. Empty: the
  // member of the C++ type says it.
  std::string_view type;
  std::string_view words;
  // "0 no; 1 yes": what the value may be, each with its meaning.
  std::string_view values = {};
  unsigned flags = 0;
};

struct SchemaWords {
  std::string_view name, words;
  std::span<const MemberWords> members;
};

// Of the schemas that C++ types describe.
std::span<const SchemaWords> entity_words();
// Of members that mean the same wherever they are.
std::span<const MemberWords> common_words();
// Of the schemas that are nothing but words.
std::span<const SchemaWords> document_words();
std::span<const SchemaWords> event_words();

}  // namespace slipway::management
