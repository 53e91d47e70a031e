#include "core/admission/ip_lists.h"

#include "core/log/log.h"

namespace slipway::admission {
namespace {

constexpr std::size_t kPage = 1000;

NetworkTable* table_of(IpListSet& lists, int type) {
  NetworkTable* const tables[] = {&lists.allow, &lists.defender, &lists.safe, &lists.trusted};
  return type >= 1 && type <= 4 ? tables[type - 1] : nullptr;
}

}  // namespace

Result<bool> IpLists::refresh() {
  // Read before the entries: what changes meanwhile is read again the next time.
  SLIPWAY_ASSIGN(const std::uint64_t version, store_.ip_lists_version());
  if (version == current()->version) return false;

  auto fresh = std::make_shared<IpListSet>();
  fresh->version = version;
  for (int type = 1; type <= 4; ++type) {
    NetworkTable& table = *table_of(*fresh, type);
    for (accounts::ListRequest request{.limit = kPage};;) {
      SLIPWAY_ASSIGN(const auto entries, store_.ip_list_entries(type, request));
      for (const auto& entry : entries) {
        const auto network = IpNetwork::parse(entry.ipornet, true);
        if (!network) {
          log::warn("dataprovider", "an entry of an IP list is no network and is left out", {{"entry", entry.ipornet}});
          continue;
        }
        table.add(*network, mask_of_entry(entry.protocols), entry.mode == 2 ? ListMode::Deny : ListMode::Allow);
      }
      if (entries.size() < kPage) break;
      request.after = entries.back().ipornet;
    }
  }
  lists_.with([&](auto& lists) { lists = std::move(fresh); });
  return true;
}

}  // namespace slipway::admission
