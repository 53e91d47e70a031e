// Addresses that the defender banned or keeps an eye on.
#include <boost/json.hpp>
#include <ctime>

#include "core/management/operation.h"

namespace slipway::management {
namespace {

namespace json = boost::json;
using admission::DefenderTable;

// RFC 3339, UTC, whole seconds.
std::string rfc3339(admission::WallTime at) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// An entry's id is its address, as text, in hexadecimal digits.
std::string id_of(std::string_view address) {
  std::string id;
  for (const char c : address) {
    constexpr char kDigits[] = "0123456789abcdef";
    id += kDigits[static_cast<unsigned char>(c) >> 4];
    id += kDigits[c & 15];
  }
  return id;
}

std::optional<std::string> address_of_id(std::string_view id) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string address;
  if (id.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < id.size(); i += 2) {
    const int high = digit(id[i]), low = digit(id[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    address += static_cast<char>(high << 4 | low);
  }
  return address;
}

json::value entry(const DefenderTable::Host& host) {
  const std::string ip = host.address.to_string();
  json::object item{{"id", id_of(ip)}, {"ip", ip}};
  if (host.ban_end)
    item["ban_time"] = rfc3339(*host.ban_end);
  else if (host.score > 0)
    item["score"] = host.score;
  return item;
}

// By "id" as in the REST path, or by "ip".
Result<IpAddress> wanted(const Call& call) {
  const std::string id = call.text_or("id", "");
  const auto text = id.empty() ? std::optional(call.text_or("ip", "")) : address_of_id(id);
  const auto address = text ? IpAddress::parse(*text) : std::nullopt;
  if (!address)
    return Error(Errc::InvalidArgument, id.empty() ? "/ip" : "/id",
                 id.empty() ? "an IP address is needed here" : "invalid host id");
  return *address;
}

Result<admission::Defender*> defender_of(const Call& call, std::string_view operation) {
  if (call.rooms.admission == nullptr) return needs_server(operation);
  return &call.rooms.admission->defender();
}

Error no_such_host(const IpAddress& address) {
  return {Errc::NotFound, "host " + address.to_string(), "is neither banned nor has it a score"};
}

Result<json::value> list_hosts(const Call& call) {
  SLIPWAY_ASSIGN(const auto* defender, defender_of(call, "defender.hosts.list"));
  json::array items;
  for (const auto& host : defender->hosts()) items.push_back(entry(host));
  return json::value(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Result<json::value> get_host(const Call& call) {
  SLIPWAY_ASSIGN(const IpAddress address, wanted(call));
  SLIPWAY_ASSIGN(const auto* defender, defender_of(call, "defender.hosts.get"));
  const auto host = defender->find(address);
  if (!host) return no_such_host(address);
  return entry(*host);
}

Result<json::value> remove_host(const Call& call) {
  SLIPWAY_ASSIGN(const IpAddress address, wanted(call));
  SLIPWAY_ASSIGN(auto* defender, defender_of(call, "defender.hosts.delete"));
  if (!defender->remove(address)) return no_such_host(address);
  call.rooms.admission->changed();
  return json::value(json::object());
}

constexpr Operation kOperations[] = {
    {{"defender.hosts.list", "view_defender", "", "DefenderEntry[]", "Addresses that are banned or have a score."},
     list_hosts},
    {{"defender.hosts.get", "view_defender", "", "DefenderEntry", "One of them, by id or ip."}, get_host},
    {{"defender.hosts.delete", "manage_defender", "", "", "Lifts the ban of an address and forgets its score."},
     remove_host},
};

}  // namespace

std::span<const Operation> defender_operations() { return kOperations; }

}  // namespace slipway::management
