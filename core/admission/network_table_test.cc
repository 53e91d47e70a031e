#include "core/admission/network_table.h"

#include <gtest/gtest.h>

namespace slipway::admission {
namespace {

constexpr ProtocolMask kSsh = protocol_bit("SSH"), kFtp = protocol_bit("FTP");

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

NetworkTable table(std::initializer_list<std::tuple<const char*, int, ListMode>> entries) {
  NetworkTable t;
  for (const auto& [network, protocols, mode] : entries)
    t.add(*IpNetwork::parse(network, true), mask_of_entry(protocols), mode);
  return t;
}

TEST(NetworkTable, TheLongestPrefixDecides) {
  const auto t = table({{"10.0.0.0/8", 0, ListMode::Deny},
                        {"10.1.0.0/16", 0, ListMode::Allow},
                        {"10.1.2.3", 0, ListMode::Deny},
                        {"2001:db8::/32", 0, ListMode::Deny},
                        {"2001:db8:1::/48", 0, ListMode::Allow}});
  EXPECT_EQ(t.find(ip("10.9.9.9"), kSsh), ListMode::Deny);
  EXPECT_EQ(t.find(ip("10.1.9.9"), kSsh), ListMode::Allow);
  EXPECT_EQ(t.find(ip("10.1.2.3"), kSsh), ListMode::Deny);
  EXPECT_EQ(t.find(ip("11.0.0.1"), kSsh), std::nullopt);
  EXPECT_EQ(t.find(ip("2001:db8:1::5"), kSsh), ListMode::Allow);
  EXPECT_EQ(t.find(ip("2001:db8:2::5"), kSsh), ListMode::Deny);
  EXPECT_EQ(t.find(ip("::1"), kSsh), std::nullopt);
  EXPECT_EQ(t.size(), 5u);
}

TEST(NetworkTable, EntriesOfOtherProtocolsDoNotCount) {
  const auto t = table({{"10.0.0.0/8", 0, ListMode::Deny}, {"10.1.0.0/16", 2, ListMode::Allow}});
  EXPECT_EQ(t.find(ip("10.1.0.1"), kFtp), ListMode::Allow);
  EXPECT_EQ(t.find(ip("10.1.0.1"), kSsh), ListMode::Deny);
  EXPECT_EQ(t.find(ip("10.1.0.1"), protocol_bit("GOPHER")), ListMode::Deny);
}

TEST(NetworkTable, OfTwoEntriesForOneNetworkDenyWins) {
  const auto t = table({{"10.0.0.1/24", 0, ListMode::Deny}, {"10.0.0.2/24", 0, ListMode::Allow}});
  EXPECT_EQ(t.find(ip("10.0.0.9"), kSsh), ListMode::Deny);
}

TEST(NetworkTable, AnIpv4NetworkHoldsMappedAddressesOnly) {
  const auto t = table({{"0.0.0.0/0", 0, ListMode::Allow}});
  EXPECT_EQ(t.find(ip("203.0.113.9"), kSsh), ListMode::Allow);
  EXPECT_EQ(t.find(ip("::ffff:203.0.113.9"), kSsh), ListMode::Allow);
  EXPECT_EQ(t.find(ip("2001:db8::1"), kSsh), std::nullopt);
  EXPECT_EQ(table({{"::/0", 0, ListMode::Allow}}).find(ip("203.0.113.9"), kSsh), ListMode::Allow);
}

TEST(NetworkTable, AHundredThousandEntriesAreFound) {
  NetworkTable t;
  for (unsigned i = 0; i < 100'000; ++i) {
    const std::string text =
        "10." + std::to_string(i >> 16) + "." + std::to_string((i >> 8) & 255) + "." + std::to_string(i & 255);
    t.add(*IpNetwork::parse(text, true), kAllProtocols, ListMode::Deny);
  }
  EXPECT_EQ(t.find(ip("10.0.255.7"), kSsh), ListMode::Deny);
  EXPECT_EQ(t.find(ip("10.1.134.159"), kSsh), ListMode::Deny);  // the last one
  EXPECT_EQ(t.find(ip("10.1.134.160"), kSsh), std::nullopt);
}

}  // namespace
}  // namespace slipway::admission
