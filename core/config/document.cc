#include "core/config/document.h"

#include <array>
#include <boost/json.hpp>
#include <filesystem>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/config/read_file.h"

namespace slipway::config {
namespace {

Status check_encoding(std::string_view text) {
  std::size_t line = 1, column = 1;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    if (length == 0 || rest[0] == '\0') {
      const std::string place = "line " + std::to_string(line) + ", column " + std::to_string(column);
      return Error(Errc::InvalidArgument, place, length == 0 ? "is not valid UTF-8" : "a NUL character is not allowed");
    }
    column += length;
    if (rest[0] == '\n') {
      ++line;
      column = 1;
    }
    rest.remove_prefix(length);
  }
  return ok();
}

constexpr std::string_view kForeignExtensions[] = {".hcl", ".properties", ".props", ".prop", ".env", ".dotenv", ".ini"};

}  // namespace

Result<boost::json::object> parse_document(DocumentFormat format, std::string_view text) {
  if (text.size() > kMaxDocumentBytes)
    return Error(Errc::TooLarge, "document", "is larger than " + std::to_string(kMaxDocumentBytes / 1024) + " KiB");
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  SLIPWAY_TRY(check_encoding(text));
  switch (format) {
    case DocumentFormat::Json:
      return parse_json_object(text, {.max_bytes = kMaxDocumentBytes, .max_depth = kMaxDocumentDepth});
    case DocumentFormat::Yaml:
      return parse_yaml(text);
    case DocumentFormat::Toml:
      return parse_toml(text);
  }
  return Error(Errc::InvalidArgument, "document", "unknown format");
}

Result<DocumentFormat> document_format(std::string_view file_name) {
  const std::string extension = to_lower(std::filesystem::path(file_name).extension().native());
  if (extension == ".json") return DocumentFormat::Json;
  if (extension == ".yaml" || extension == ".yml") return DocumentFormat::Yaml;
  if (extension == ".toml") return DocumentFormat::Toml;
  for (const std::string_view foreign : kForeignExtensions)
    if (extension == foreign)
      return Error(Errc::NotSupported, std::string(file_name),
                   "configuration files of type " + extension + " are not supported, convert it to JSON, YAML or TOML" +
                       (extension == ".env" || extension == ".dotenv" ? " or move its variables to env.d" : ""));
  return Error(Errc::InvalidArgument, std::string(file_name), "the name must end in .json, .yaml, .yml or .toml");
}

Result<boost::json::object> read_document(const std::string& path) {
  SLIPWAY_ASSIGN(const DocumentFormat format, document_format(path));
  SLIPWAY_ASSIGN(const std::string text, read_file(path, kMaxDocumentBytes));
  Result<boost::json::object> document = parse_document(format, text);
  if (!document) return Error(document.code(), path, document.error().message());
  return document;
}

}  // namespace slipway::config
