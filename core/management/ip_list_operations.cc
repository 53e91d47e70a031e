// The allow, defender, rate limiter safe and trusted lists.
#include "core/management/crud.h"

namespace slipway::management {
namespace {

namespace json = boost::json;
using accounts::IpListEntry;
using accounts::Rendering;

// An entry is named "<type>/<ipornet>" here, as in the REST path.
struct IpLists {
  static constexpr const char* kKey = "entry";
  static auto& catalog(accounts::Accounts& accounts) { return accounts.ip_lists(); }
};
using Entries = Crud<IpListEntry, IpLists>;

// {"type": 2, "prefix": "192.", "after": "192.0.2.0/24", "limit", "order"}; without a type, of all lists.
Result<json::value> list(const Call& call) {
  SLIPWAY_ASSIGN(accounts::ListRequest request, list_request(call));
  SLIPWAY_ASSIGN(const std::int64_t type, call.integer_or("type", 0));
  if (type < 0 || type > 4) return Error(Errc::InvalidArgument, "/type", "must be between 1 and 4");
  request.after = call.text_or("after", "");
  SLIPWAY_ASSIGN(const auto entries, call.rooms.accounts.store().ip_list_entries(static_cast<int>(type), request));
  json::array items;
  for (const IpListEntry& entry : entries) items.push_back(accounts::to_json(entry, Rendering::Api));
  return page(std::move(items), request);
}

// Connections meet the changed list.
template <auto kOperation>
Result<json::value> list_change(const Call& call) {
  auto result = kOperation(call);
  if (result && call.rooms.admission != nullptr) call.rooms.admission->changed();
  return result;
}

constexpr Operation kOperations[] = {
    {{"ip_lists.list", "*", "", "IPListEntry[]", "Lists the entries of a list, or of all."}, list},
    {{"ip_lists.get", "*", "", "IPListEntry", "One entry, by \"<type>/<address or network>\"."}, Entries::get},
    {{"ip_lists.add", "*", "IPListEntry", "IPListEntry", "Adds an entry."}, list_change<Entries::add>},
    {{"ip_lists.update", "*", "IPListEntry", "IPListEntry", "Replaces an entry."}, list_change<Entries::update>},
    {{"ip_lists.delete", "*", "", "", "Deletes an entry."}, list_change<Entries::remove>},
};

}  // namespace

std::span<const Operation> ip_list_operations() { return kOperations; }

}  // namespace slipway::management
