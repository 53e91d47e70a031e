#include "core/base/ip_network.h"

#include <gtest/gtest.h>

#include <vector>

namespace slipway {
namespace {

TEST(IpNetwork, MatchesByPrefix) {
  const auto network = IpNetwork::parse("192.0.2.128/25");
  ASSERT_TRUE(network);
  EXPECT_TRUE(network->contains(*IpAddress::parse("192.0.2.200")));
  EXPECT_FALSE(network->contains(*IpAddress::parse("192.0.2.1")));
  EXPECT_TRUE(IpNetwork::parse("0.0.0.0/0")->contains(*IpAddress::parse("203.0.113.9")));
  EXPECT_FALSE(IpNetwork::parse("0.0.0.0/0")->contains(*IpAddress::parse("2001:db8::1")));
  EXPECT_TRUE(IpNetwork::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:7fff::1")));
  EXPECT_FALSE(IpNetwork::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:8000::1")));
}

TEST(IpNetwork, KnowsItsFirstAddress) {
  EXPECT_EQ(IpNetwork::parse("192.0.2.130/25")->address().to_string(), "192.0.2.128");
  EXPECT_EQ(IpNetwork::parse("192.0.2.130", true)->address().to_string(), "192.0.2.130");
  EXPECT_EQ(IpNetwork::parse("2001:db8:ffff::1/33")->address().to_string(), "2001:db8:8000::");
  EXPECT_EQ(IpNetwork::parse("0.0.0.0/0")->address().to_string(), "0.0.0.0");
}

TEST(IpNetwork, MappedAddressesAreIpv4) {
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1")->to_string(), "192.0.2.1");
  EXPECT_EQ(IpAddress::parse("fe80::1%eth0")->to_string(), "fe80::1");
}

TEST(IpNetwork, RefusesWhatIsNoNetwork) {
  for (const char* text :
       {"", "192.0.2.1", "192.0.2.1/33", "192.0.2.1/", "192.0.2.1/-1", "192.0.2/24", "x/8", "::/129", "1.2.3.4/8x"})
    EXPECT_FALSE(IpNetwork::parse(text)) << text;
  EXPECT_TRUE(IpNetwork::parse("192.0.2.1", true));
}

TEST(IpNetwork, UnparsableListEntriesMatchNothing) {
  const std::vector<std::string> list{"nonsense", "198.51.100.0/24"};
  EXPECT_TRUE(in_any_network("198.51.100.7", list));
  EXPECT_FALSE(in_any_network("198.51.101.7", list));
  EXPECT_FALSE(in_any_network("nonsense", list));
}

}  // namespace
}  // namespace slipway
