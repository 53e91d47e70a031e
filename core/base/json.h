// JSON from outside, with limits and with errors that say where; JSON to outside, readable.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/json_text.h"
#include "slipway/result.h"

namespace slipway {

struct JsonLimits {
  std::size_t max_bytes = 4 * 1024 * 1024;
  std::size_t max_depth = 32;     // nested arrays and objects
  bool refuse_duplicates = true;  // false: the last member of a name wins
};

// One RFC 8259 value and nothing behind it but white space. Errors are InvalidArgument (TooLarge beyond max_bytes) with
// "line 3, column 14" as subject; columns count bytes. Besides syntax and UTF-8 it refuses duplicate members, integers
// that do not fit 64 bits and numbers beyond a double's range.
Result<boost::json::value> parse_json(std::string_view text, const JsonLimits& limits = {});
// As parse_json, for documents that must be an object.
Result<boost::json::object> parse_json_object(std::string_view text, const JsonLimits& limits = {});

// Shortest text of each number (2.5, not 2.5E0). `indent` 0: one line; else that many spaces a level.
std::string serialize_json(const boost::json::value& value, unsigned indent = 0);
std::string serialize_json(const boost::json::object& object, unsigned indent = 0);

// A JSON string literal with its quotes. Bytes that are not UTF-8 become U+FFFD.
std::string quote_json(std::string_view text);

// "/a~1b/0" (RFC 6901): the pointer to `token` below `parent`.
std::string json_pointer(std::string_view parent, std::string_view token);

}  // namespace slipway
