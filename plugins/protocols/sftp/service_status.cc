#include "service_status.h"

#include <boost/json.hpp>

namespace slipway::sftp {
namespace {

namespace json = boost::json;

// "a,b" -> ["a","b"]
json::array split(std::string_view list) {
  json::array items;
  while (!list.empty()) {
    const auto comma = list.find(',');
    items.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return items;
}

// The signatures that a key of this type makes.
json::array algorithms_of(std::string_view type, std::string_view host_keys) {
  json::array fitting;
  for (const json::value& name : split(host_keys)) {
    const std::string_view algorithm = name.get_string();
    if (type == "ssh-rsa" ? algorithm.starts_with("rsa-sha2-") || algorithm == type : algorithm == type)
      fitting.emplace_back(algorithm);
  }
  return fitting;
}

json::array authentications_of(const Transport& transport) {
  json::array methods;
  if (transport.password_authentication()) methods.emplace_back("password");
  methods.emplace_back("publickey");
  if (transport.keyboard_interactive_authentication()) methods.emplace_back("keyboard-interactive");
  if (transport.password_authentication()) methods.emplace_back("publickey+password");
  if (transport.keyboard_interactive_authentication()) methods.emplace_back("publickey+keyboard-interactive");
  return methods;
}

}  // namespace

std::string status_document(const ServiceFacts& facts) {
  if (!facts.transport) return R"({"is_active":false})";
  const Transport& transport = *facts.transport;
  json::array bindings, host_keys, commands;
  for (const auto& binding : facts.bindings)
    bindings.push_back(json::object{{"address", binding.endpoint.address},
                                    {"port", binding.endpoint.port},
                                    {"apply_proxy_config", binding.apply_proxy_config}});
  const AlgorithmLists& lists = transport.algorithms();
  for (const auto& key : transport.host_key_facts())
    host_keys.push_back(json::object{{"path", key.source},
                                     {"fingerprint", key.fingerprint},
                                     {"algorithms", algorithms_of(key.type, lists.host_keys)}});
  for (const auto& command : facts.commands) commands.emplace_back(command);
  const bool is_active = !bindings.empty();
  return json::serialize(json::object{{"is_active", is_active},
                                      {"bindings", std::move(bindings)},
                                      {"host_keys", std::move(host_keys)},
                                      {"ssh_commands", std::move(commands)},
                                      {"authentications", authentications_of(transport)},
                                      {"public_key_algorithms", split(lists.public_keys)},
                                      {"macs", split(lists.macs)},
                                      {"kex_algorithms", split(lists.key_exchanges)},
                                      {"ciphers", split(lists.ciphers)}});
}

}  // namespace slipway::sftp
