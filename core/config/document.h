// Configuration files as JSON objects: JSON, YAML and TOML behind one set of limits.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "slipway/result.h"

namespace slipway::config {

enum class DocumentFormat : std::uint8_t { Json, Yaml, Toml };

inline constexpr std::size_t kMaxDocumentBytes = 10 * 1024 * 1024;
inline constexpr std::size_t kMaxDocumentDepth = 32;
inline constexpr std::size_t kMaxDocumentValues = 200'000;  // after aliases are followed

// An object, or an error whose subject is the place ("line 3, column 14"; columns count bytes). The text must be UTF-8;
// a byte order mark is skipped. Duplicate members are refused, so are numbers that do not fit, infinities and, in YAML,
// several documents, merge keys and tags other than those of the core schema. An empty YAML or TOML document is an
// empty object. Dates and times of TOML become text.
Result<boost::json::object> parse_document(DocumentFormat format, std::string_view text);

// By the file name's extension: json, yaml, yml, toml. The error for others says what to convert them to.
Result<DocumentFormat> document_format(std::string_view file_name);

// Reads and parses a regular file of at most kMaxDocumentBytes. The error's subject is the file.
Result<boost::json::object> read_document(const std::string& path);

// The parsers behind parse_document, for texts whose limits and encoding are checked already.
Result<boost::json::object> parse_yaml(std::string_view text);
Result<boost::json::object> parse_toml(std::string_view text);

}  // namespace slipway::config
