#include "core/net/proxy_header.h"

#include <gtest/gtest.h>

#include <string>

namespace slipway::net {
namespace {

using Kind = ProxyHeader::Kind;

std::span<const std::uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
ProxyHeader parse(const std::string& text) { return parse_proxy_header(bytes(text)); }

std::string number16(std::size_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 255)}; }

// A version 2 header: the 13th and 14th byte, and what follows the length.
std::string binary(char command, char family, const std::string& rest) {
  return std::string("\r\n\r\n\0\r\nQUIT\n", 12) + command + family + number16(rest.size()) + rest;
}
const std::string kAddresses4("\xC0\x00\x02\x01\xC6\x33\x64\x02\x30\x39\x00\x16", 12);

TEST(ProxyHeader, Version1NamesTheClient) {
  const std::string line = "PROXY TCP4 192.0.2.1 198.51.100.2 12345 22\r\n";
  const auto header = parse(line + "SSH-2.0-client\r\n");
  ASSERT_EQ(header.kind, Kind::Client) << header.problem;
  EXPECT_EQ(header.size, line.size());
  EXPECT_EQ(header.source, (Endpoint{"192.0.2.1", 12345}));
  EXPECT_EQ(header.destination, (Endpoint{"198.51.100.2", 22}));
  const auto six = parse("PROXY TCP6 2001:DB8::1 ::ffff:192.0.2.9 1 65535\r\n");
  ASSERT_EQ(six.kind, Kind::Client) << six.problem;
  EXPECT_EQ(six.source, (Endpoint{"2001:db8::1", 1}));
  EXPECT_EQ(six.destination, (Endpoint{"192.0.2.9", 65535}));
}

TEST(ProxyHeader, Version1UnknownIsTheProxysOwn) {
  const auto header = parse("PROXY UNKNOWN\r\nrest");
  EXPECT_EQ(header.kind, Kind::Local);
  EXPECT_EQ(header.size, 15u);
  EXPECT_EQ(parse("PROXY UNKNOWN what ever 1\r\n").kind, Kind::Local);
}

TEST(ProxyHeader, PartsOfAHeaderArePartial) {
  const std::string text = "PROXY TCP4 192.0.2.1 198.51.100.2 12345 22\r\n";
  const std::string blob = binary('\x21', '\x11', kAddresses4);
  for (const std::string& whole : {text, blob})
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const auto part = parse(whole.substr(0, n));
      EXPECT_EQ(part.kind, Kind::Partial) << n;
      EXPECT_GT(part.size, n);
    }
}

TEST(ProxyHeader, WhatClientsSayFirstIsNoHeader) {
  for (const char* text :
       {"S", "SSH-2.0-OpenSSH_9.2\r\n", "PR0", "PROXX", "USER anna\r\n", "\r\n\r\nx", "\x16\x03\x01"})
    EXPECT_EQ(parse(text).kind, Kind::Absent) << text;
}

TEST(ProxyHeader, MalformedVersion1IsTold) {
  for (const char* text : {"PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n", "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
                           "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
                           "PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n", "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
                           "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", "PROXY UNKNOWN\n"}) {
    const auto header = parse(text);
    EXPECT_EQ(header.kind, Kind::Malformed) << text;
    EXPECT_FALSE(header.problem.empty());
  }
  EXPECT_EQ(parse("PROXY UNKNOWN " + std::string(93, 'x')).kind, Kind::Malformed) << "107 bytes without an end";
  EXPECT_EQ(parse("PROXY UNKNOWN " + std::string(92, 'x')).kind, Kind::Partial);
}

TEST(ProxyHeader, Version2NamesTheClient) {
  const std::string blob = binary('\x21', '\x11', kAddresses4);
  const auto header = parse(blob + "SSH-2.0-client\r\n");
  ASSERT_EQ(header.kind, Kind::Client) << header.problem;
  EXPECT_EQ(header.size, 28u);
  EXPECT_EQ(header.source, (Endpoint{"192.0.2.1", 12345}));
  EXPECT_EQ(header.destination, (Endpoint{"198.51.100.2", 22}));

  const std::string v6 = std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + '\1' + std::string(10, '\0') +
                         "\xFF\xFF\xC0" + std::string("\0\x02\x09", 3) + std::string("\0\1\xFF\xFF", 4);
  const auto six = parse(binary('\x21', '\x21', v6));
  ASSERT_EQ(six.kind, Kind::Client) << six.problem;
  EXPECT_EQ(six.source, (Endpoint{"2001:db8::1", 1}));
  EXPECT_EQ(six.destination, (Endpoint{"192.0.2.9", 65535}));
}

TEST(ProxyHeader, LocalUnspecifiedAndUnixConnectionsHaveNoAddress) {
  for (const std::string& blob :
       {binary('\x20', '\0', ""), binary('\x20', '\x11', kAddresses4), binary('\x20', '\x11', "garbage"),
        binary('\x21', '\0', ""), binary('\x21', '\0', "12345"), binary('\x21', '\x31', std::string(216, 'x'))}) {
    const auto header = parse(blob + "rest");
    EXPECT_EQ(header.kind, Kind::Local) << header.problem;
    EXPECT_EQ(header.size, blob.size());
  }
}

TEST(ProxyHeader, AdditionalValuesAreSkipped) {
  const std::string values = "\x01" + number16(2) + "h2" + '\x04' + number16(0) + '\xE0' + number16(3) + "abc";
  const auto header = parse(binary('\x21', '\x11', kAddresses4 + values) + "rest");
  ASSERT_EQ(header.kind, Kind::Client) << header.problem;
  EXPECT_EQ(header.size, 28 + values.size());
  EXPECT_EQ(header.source.port, 12345);
  EXPECT_EQ(parse(binary('\x21', '\x11', kAddresses4 + "\x01")).kind, Kind::Malformed);
  EXPECT_EQ(parse(binary('\x21', '\x11', kAddresses4 + "\x01" + number16(3) + "h2")).kind, Kind::Malformed);
}

TEST(ProxyHeader, AChecksumIsVerified) {
  // Made with an implementation of its own: CRC32c of the header with zeros in place of the checksum.
  const std::string good("\x2f\xe9\x0a\x92", 4);
  const auto with = [](const std::string& sum) {
    return binary('\x21', '\x11', kAddresses4 + "\x03" + number16(sum.size()) + sum);
  };
  const auto header = parse(with(good));
  EXPECT_EQ(header.kind, Kind::Client) << header.problem;
  EXPECT_EQ(parse(with("\x2f\xe9\x0a\x93")).problem, "the checksum is wrong");
  EXPECT_EQ(parse(with("\x2f\xe9\x0a")).kind, Kind::Malformed);
}

TEST(ProxyHeader, MalformedVersion2IsTold) {
  for (const std::string& blob :
       {binary('\x11', '\x11', kAddresses4), binary('\x22', '\x11', kAddresses4), binary('\x21', '\x41', kAddresses4),
        binary('\x21', '\x13', kAddresses4), binary('\x21', '\x12', kAddresses4), binary('\x21', '\x11', "short"),
        binary('\x21', '\x21', kAddresses4), binary('\x21', '\x31', "short")})
    EXPECT_EQ(parse(blob).kind, Kind::Malformed);
  EXPECT_EQ(parse(binary('\x21', '\x11', "").substr(0, 14) + "\xFF\xFF").kind, Kind::Malformed) << "64 KiB";
}

}  // namespace
}  // namespace slipway::net
