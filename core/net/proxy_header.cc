#include "core/net/proxy_header.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "core/base/ip_network.h"

namespace slipway::net {
namespace {

using Bytes = std::span<const std::uint8_t>;
using Kind = ProxyHeader::Kind;

constexpr std::string_view kTextSignature = "PROXY ";
constexpr std::array<std::uint8_t, 12> kBinarySignature{0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D,
                                                        0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};
constexpr std::size_t kMaxText = 107, kBinaryFixed = 16;
constexpr std::uint8_t kChecksumType = 0x03;

ProxyHeader malformed(std::string_view problem) { return {.kind = Kind::Malformed, .problem = problem}; }
ProxyHeader partial(std::size_t needed) { return {.kind = Kind::Partial, .size = needed}; }

// Whether `bytes` and `signature` are the same as far as both go.
bool begins_like(Bytes bytes, Bytes signature) {
  const std::size_t n = std::min(bytes.size(), signature.size());
  return std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n), signature.begin());
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::optional<Endpoint> parse_endpoint(std::string_view address, std::string_view port, bool v6) {
  if ((address.find(':') != std::string_view::npos) != v6 || address.find('%') != std::string_view::npos)
    return std::nullopt;
  const auto ip = IpAddress::parse(address);
  const auto number = parse_port(port);
  if (!ip || !number) return std::nullopt;
  return Endpoint{ip->to_string(), *number};
}

// "PROXY TCP4 192.0.2.1 192.0.2.2 12345 22\r\n"
ProxyHeader parse_text(Bytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kMaxText));
  const auto end = text.find('\n');
  if (end == std::string_view::npos) {
    if (bytes.size() >= kMaxText) return malformed("a version 1 header has at most 107 bytes");
    return partial(bytes.size() + 1);
  }
  if (text[end - 1] != '\r') return malformed("a version 1 header ends with CR and LF");
  const std::string_view line = text.substr(kTextSignature.size(), end - 1 - kTextSignature.size());
  ProxyHeader header{.kind = Kind::Local, .size = end + 1};
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return header;

  std::array<std::string_view, 5> fields;
  std::string_view rest = line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto space = rest.find(' ');
    if ((space == std::string_view::npos) != (i + 1 == fields.size()))
      return malformed("a version 1 header has a family, two addresses and two ports");
    fields[i] = rest.substr(0, space);
    if (space != std::string_view::npos) rest.remove_prefix(space + 1);
  }
  if (fields[0] != "TCP4" && fields[0] != "TCP6") return malformed("the family is not TCP4, TCP6 or UNKNOWN");
  const bool v6 = fields[0] == "TCP6";
  auto source = parse_endpoint(fields[1], fields[3], v6), destination = parse_endpoint(fields[2], fields[4], v6);
  if (!source || !destination) return malformed("an address or a port is not of the family, or not valid");
  header.kind = Kind::Client;
  header.source = *std::move(source);
  header.destination = *std::move(destination);
  return header;
}

std::uint16_t read_u16(Bytes bytes) { return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]); }

std::uint32_t read_u32(Bytes bytes) {
  return static_cast<std::uint32_t>(read_u16(bytes)) << 16 | read_u16(bytes.subspan(2));
}

// RFC 4960 appendix B: the polynomial of Castagnoli, reflected.
constexpr auto kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78u : 0);
    table[i] = value;
  }
  return table;
}();

// Of `bytes`, with the four at `hole` taken as zero.
std::uint32_t crc32c(Bytes bytes, std::size_t hole) {
  std::uint32_t crc = ~0u;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint8_t byte = i >= hole && i < hole + 4 ? 0 : bytes[i];
    crc = kCrcTable[(crc ^ byte) & 0xFF] ^ (crc >> 8);
  }
  return ~crc;
}

// What is wrong with the additional values behind the addresses; empty: nothing.
std::string_view check_values(Bytes header, std::size_t begin) {
  for (std::size_t at = begin; at < header.size();) {
    if (header.size() - at < 3) return "an additional value is cut off";
    const std::size_t length = read_u16(header.subspan(at + 1));
    if (header.size() - at - 3 < length) return "an additional value is longer than the header";
    if (header[at] == kChecksumType) {
      if (length != 4) return "the checksum does not have 4 bytes";
      if (crc32c(header, at + 3) != read_u32(header.subspan(at + 3))) return "the checksum is wrong";
    }
    at += 3 + length;
  }
  return {};
}

std::string ip_text(int family, Bytes bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(family, bytes.data(), text, sizeof text);
  const auto address = IpAddress::parse(text);
  return address ? address->to_string() : std::string();
}

ProxyHeader parse_binary(Bytes bytes) {
  if (bytes.size() < kBinaryFixed) return partial(kBinaryFixed);
  const unsigned version = bytes[12] >> 4, command = bytes[12] & 15;
  const unsigned family = bytes[13] >> 4, transport = bytes[13] & 15;
  if (version != 2) return malformed("the version is not 2");
  if (command > 1) return malformed("the command is neither LOCAL nor PROXY");
  if (family > 3 || transport > 2) return malformed("the address family or the transport is unknown");
  const std::size_t size = kBinaryFixed + read_u16(bytes.subspan(14));
  if (size > kMaxProxyHeader) return malformed("the header is longer than 16 KiB");
  if (bytes.size() < size) return partial(size);

  const Bytes whole = bytes.first(size);
  ProxyHeader header{.kind = Kind::Local, .size = size};
  // The receiver of LOCAL must not look at the rest; without a family nobody knows where additional values begin.
  if (command == 0 || family == 0) return header;
  const std::size_t address = family == 1 ? 4 : family == 2 ? 16 : 108, ports = family == 3 ? 0 : 2;
  const std::size_t values = kBinaryFixed + 2 * (address + ports);
  if (size < values) return malformed("the header is too short for its addresses");
  if (const auto problem = check_values(whole, values); !problem.empty()) return malformed(problem);
  if (family == 3) return header;  // a UNIX socket: nobody's address
  if (transport != 1) return malformed("the transport is not TCP");
  const int system_family = family == 1 ? AF_INET : AF_INET6;
  const Bytes body = whole.subspan(kBinaryFixed);
  header.kind = Kind::Client;
  header.source = {ip_text(system_family, body), read_u16(body.subspan(2 * address))};
  header.destination = {ip_text(system_family, body.subspan(address)), read_u16(body.subspan(2 * address + 2))};
  return header;
}

}  // namespace

ProxyHeader parse_proxy_header(Bytes bytes) {
  const Bytes text_signature(reinterpret_cast<const std::uint8_t*>(kTextSignature.data()), kTextSignature.size());
  if (begins_like(bytes, text_signature))
    return bytes.size() <= text_signature.size() ? partial(text_signature.size() + 1) : parse_text(bytes);
  if (begins_like(bytes, kBinarySignature)) return parse_binary(bytes);
  return {};
}

}  // namespace slipway::net
