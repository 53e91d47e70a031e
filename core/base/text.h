// Small text functions that std lacks.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slipway {

std::string to_lower(std::string_view text);  // ASCII only
std::string to_upper(std::string_view text);  // ASCII only
std::string_view trim(std::string_view text);
// Empty parts are kept; an empty text has no part.
std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);

// The candidate that `word` was most likely meant to be; empty when none is near (edit distance above a third of its
// length; two letters exchanged are one edit).
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// Shell pattern with '*', '?', '[a-z]', '[!a]' and '\' escapes on a whole string; '/' is an ordinary character.
// A malformed pattern ("[a") matches nothing.
bool glob_match(std::string_view pattern, std::string_view text);
bool is_valid_glob(std::string_view pattern);

// Length of the well-formed UTF-8 sequence (RFC 3629) at the start of `text`; 0: there is none.
std::size_t utf8_length(std::string_view text);
bool is_valid_utf8(std::string_view text);

// For log lines and messages: control bytes and invalid UTF-8 as \xNN.
std::string printable(std::string_view bytes);

std::string hex(std::span<const unsigned char> bytes);  // lower case

}  // namespace slipway
