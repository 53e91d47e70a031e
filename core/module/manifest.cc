#include "core/module/manifest.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/base/text.h"
#include "core/module/file_trust.h"
#include "core/module/kind.h"

namespace slipway::module {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 9> kMembers{"manifest", "name",     "kind",     "library",    "version",
                                                   "sdk",      "provides", "autoload", "description"};
constexpr std::size_t kMaxProvides = 32;
constexpr std::string_view kSdkVersion =
    SLIPWAY_STRINGIZE(SLIPWAY_SDK_VERSION_MAJOR) "." SLIPWAY_STRINGIZE(SLIPWAY_SDK_VERSION_MINOR);

Error invalid(std::string cause) { return {Errc::InvalidArgument, {}, std::move(cause)}; }

std::string in_quotes(std::string_view text) { return "'" + printable(text.substr(0, 80)) + "'"; }

Result<std::string> read_text(const json::object& object, std::string_view key, std::size_t max_size) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return invalid("the manifest has no \"" + std::string(key) + "\"");
  const json::string* text = value->if_string();
  if (text == nullptr) return invalid("\"" + std::string(key) + "\" must be a string");
  if (text->size() > max_size) {
    return invalid("\"" + std::string(key) + "\" is longer than " + std::to_string(max_size) + " bytes");
  }
  if (std::any_of(text->begin(), text->end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return invalid("\"" + std::string(key) + "\" has control characters");
  }
  return std::string(text->data(), text->size());
}

bool is_ability(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

Result<std::vector<std::string>> read_provides(const json::object& object) {
  std::vector<std::string> provides;
  const json::value* value = object.if_contains("provides");
  if (value == nullptr) return provides;
  const json::array* list = value->if_array();
  if (list == nullptr) return invalid("\"provides\" must be a list of strings");
  if (list->size() > kMaxProvides) {
    return invalid("\"provides\" has more than " + std::to_string(kMaxProvides) + " elements");
  }
  for (const json::value& element : *list) {
    const json::string* text = element.if_string();
    if (text == nullptr) return invalid("\"provides\" must be a list of strings");
    if (!is_ability({text->data(), text->size()})) {
      return invalid("\"provides\" has " + in_quotes({text->data(), text->size()}) +
                     "; use lower-case letters, digits, '-', '_' and '.'");
    }
    provides.emplace_back(text->data(), text->size());
  }
  return provides;
}

Status check_members(const json::object& object) {
  for (const auto& member : object) {
    const std::string_view key(member.key().data(), member.key().size());
    if (std::find(kMembers.begin(), kMembers.end(), key) != kMembers.end()) continue;
    std::string cause = "unknown member " + in_quotes(key);
    if (const auto near = nearest(key, kMembers); !near.empty())
      cause += "; did you mean \"" + std::string(near) + "\"?";
    return invalid(std::move(cause));
  }
  return ok();
}

Result<Manifest> from_object(const json::object& object, std::string_view stem) {
  SLIPWAY_TRY(check_members(object));
  const json::value* format = object.if_contains("manifest");
  if (format == nullptr || !format->is_int64()) return invalid("the manifest has no \"manifest\": 1");
  if (format->get_int64() != 1) {
    return invalid("manifest format " + std::to_string(format->get_int64()) +
                   " is not known to this server, which reads 1");
  }

  Manifest manifest;
  SLIPWAY_ASSIGN(manifest.name, read_text(object, "name", 255));
  if (!is_module_name(manifest.name)) {
    return invalid("the name " + in_quotes(manifest.name) + " is not made of lower-case letters, digits and '-'");
  }
  if (manifest.name != stem) {
    return invalid("the name " + in_quotes(manifest.name) + " must be that of the file, " + in_quotes(stem));
  }
  SLIPWAY_ASSIGN(const std::string kind, read_text(object, "kind", 255));
  const auto parsed_kind = parse_kind(kind);
  if (!parsed_kind) return invalid("unknown kind " + in_quotes(kind) + "; use storage, auth, action or protocol");
  manifest.kind = *parsed_kind;
  SLIPWAY_ASSIGN(manifest.library, read_text(object, "library", 255));
  if (manifest.library.empty() || manifest.library.find('/') != std::string::npos || manifest.library.front() == '.') {
    return invalid("\"library\" must be the name of a file in the manifest's own folder, not " +
                   in_quotes(manifest.library));
  }
  SLIPWAY_ASSIGN(manifest.version, read_text(object, "version", 64));
  SLIPWAY_ASSIGN(manifest.sdk, read_text(object, "sdk", 64));
  if (manifest.sdk != kSdkVersion) {
    return invalid("it was built with SDK " + in_quotes(manifest.sdk) + ", this server needs '" +
                   std::string(kSdkVersion) + "': rebuild the module");
  }
  SLIPWAY_ASSIGN(manifest.provides, read_provides(object));
  if (const json::value* autoload = object.if_contains("autoload")) {
    if (!autoload->is_bool()) return invalid("\"autoload\" must be true or false");
    manifest.autoload = autoload->get_bool();
  }
  if (object.contains("description")) {
    SLIPWAY_ASSIGN(manifest.description, read_text(object, "description", 1024));
  }
  return manifest;
}

}  // namespace

bool is_module_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 64 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

Result<Manifest> parse_manifest(std::string_view text, std::string_view stem) {
  if (text.size() > kMaxManifestSize) {
    return invalid("the manifest is larger than " + std::to_string(kMaxManifestSize) + " bytes");
  }
  json::parse_options options;
  options.max_depth = 4;
  json::error_code error;
  const json::value document = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return invalid("the manifest is not JSON: " + error.message());
  const json::object* object = document.if_object();
  if (object == nullptr) return invalid("the manifest is not a JSON object");
  return from_object(*object, stem);
}

Result<Manifest> read_manifest(const std::filesystem::path& file) {
  SLIPWAY_ASSIGN(const TrustedFile opened, open_trusted(file));
  if (opened.size > kMaxManifestSize) {
    return Error(Errc::TooLarge, file.string(),
                 "the manifest is larger than " + std::to_string(kMaxManifestSize) + " bytes");
  }
  std::string text(opened.size, '\0');
  SLIPWAY_ASSIGN(const std::size_t got,
                 read_at(opened.fd.get(), 0, std::as_writable_bytes(std::span(text)), file.string()));
  text.resize(got);
  auto manifest = parse_manifest(text, file.stem().string());
  if (!manifest) return Error(manifest.error().code(), file.string(), manifest.error().cause());
  return manifest;
}

}  // namespace slipway::module
