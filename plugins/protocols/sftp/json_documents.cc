#include "json_documents.h"

#include <boost/json.hpp>

namespace slipway::sftp {
namespace {

namespace json = boost::json;

Result<json::value> parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = 8;
  json::error_code failed;
  auto value = json::parse(json::string_view(text.data(), text.size()), failed, {}, options);
  if (failed) return Error(Errc::InvalidArgument, "json", "it is not JSON: " + failed.message());
  return value;
}

bool read_strings(const json::value& value, std::vector<std::string>& strings) {
  if (!value.is_array()) return false;
  for (const auto& element : value.get_array()) {
    if (!element.is_string()) return false;
    const auto& text = element.get_string();
    strings.emplace_back(text.data(), text.size());
  }
  return true;
}

}  // namespace

Result<std::vector<std::string>> parse_strings(std::string_view text) {
  SLIPWAY_ASSIGN(const auto value, parse(text));
  std::vector<std::string> strings;
  if (!read_strings(value, strings)) return Error(Errc::InvalidArgument, "json", "it is not an array of strings");
  return strings;
}

Result<StoredSettings> parse_stored_settings(std::string_view text) {
  SLIPWAY_ASSIGN(const auto value, parse(text));
  if (!value.is_object()) return Error(Errc::InvalidArgument, "sftpd", "it is not an object");
  StoredSettings settings;
  const std::pair<const char*, std::vector<std::string>*> lists[] = {
      {"host_keys", &settings.host_keys},
      {"host_certificates", &settings.host_certificates},
      {"host_key_algorithms", &settings.algorithms.host_keys},
      {"kex_algorithms", &settings.algorithms.key_exchanges},
      {"ciphers", &settings.algorithms.ciphers},
      {"macs", &settings.algorithms.macs},
      {"public_key_algorithms", &settings.algorithms.public_keys},
  };
  for (const auto& [name, list] : lists) {
    const auto* member = value.get_object().if_contains(name);
    if (member == nullptr || member->is_null()) continue;
    if (!read_strings(*member, *list))
      return Error(Errc::InvalidArgument, std::string("sftpd/") + name, "it is not a list of strings");
  }
  return settings;
}

}  // namespace slipway::sftp
