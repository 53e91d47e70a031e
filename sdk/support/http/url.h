// Percent-encoding and query strings (RFC 3986, and the form encoding of the URL standard).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::http {

// Nothing for an incomplete or malformed escape.
std::optional<std::string> percent_decode(std::string_view text);
// Everything but unreserved characters, and '/' where a whole path is given.
enum class Encode : std::uint8_t { Component, Path };
std::string percent_encode(std::string_view text, Encode what = Encode::Component);

// "a=1&b=%20" and form bodies: '+' is a blank; at most `max` pairs, malformed ones are left out.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text, std::size_t max = 1024);

// Whether a component of the decoded path is "." or "..".
bool has_dot_component(std::string_view path) noexcept;

}  // namespace slipway::http
