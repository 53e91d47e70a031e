#include "core/accounts/validation/checks.h"

#include <locale.h>
#include <wctype.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/accounts/placeholders.h"
#include "core/base/ip_network.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace slipway::accounts {

namespace {

constexpr std::size_t kMaxName = 255;  // bytes

constexpr std::size_t kMaxPath = 4096;  // bytes

struct Range {
  char32_t first, last;
};

// Unicode 15: control, format, line and paragraph separator characters; none of them can be seen.
constexpr std::array kInvisible = {
    Range{0x00, 0x1F},       Range{0x7F, 0x9F},       Range{0xAD, 0xAD},       Range{0x600, 0x605},
    Range{0x61C, 0x61C},     Range{0x6DD, 0x6DD},     Range{0x70F, 0x70F},     Range{0x890, 0x891},
    Range{0x8E2, 0x8E2},     Range{0x180E, 0x180E},   Range{0x200B, 0x200F},   Range{0x2028, 0x202E},
    Range{0x2060, 0x2064},   Range{0x2066, 0x206F},   Range{0xFEFF, 0xFEFF},   Range{0xFFF9, 0xFFFB},
    Range{0x110BD, 0x110BD}, Range{0x110CD, 0x110CD}, Range{0x13430, 0x1343F}, Range{0x1BCA0, 0x1BCA3},
    Range{0x1D173, 0x1D17A}, Range{0xE0001, 0xE0001}, Range{0xE0020, 0xE007F}};
constexpr std::array kSpaces = {
    Range{0x09, 0x0D},     Range{0x20, 0x20},     Range{0x85, 0x85},     Range{0xA0, 0xA0},     Range{0x1680, 0x1680},
    Range{0x2000, 0x200A}, Range{0x2028, 0x2029}, Range{0x202F, 0x202F}, Range{0x205F, 0x205F}, Range{0x3000, 0x3000}};

bool in_ranges(char32_t c, std::span<const Range> ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [c](const Range& r) { return c >= r.first && c <= r.last; });
}

// Of a well-formed sequence of `length` bytes.
char32_t code_point(std::string_view text, std::size_t length) {
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  if (length == 1) return byte(0);
  char32_t c = byte(0) & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) c = (c << 6) | (byte(i) & 0x3F);
  return c;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t bits) { out += static_cast<char>(bits); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | ((c >> 6) & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

locale_t unicode_locale() {
  static const locale_t kLocale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return kLocale;
}

std::string lower_case(std::string_view text) {
  const auto locale = unicode_locale();
  if (locale == nullptr) return to_lower(text);
  std::string out;
  while (!text.empty()) {
    const auto length = utf8_length(text);
    if (length == 0) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    append_utf8(out, static_cast<char32_t>(towlower_l(static_cast<wint_t>(code_point(text, length)), locale)));
    text.remove_prefix(length);
  }
  return out;
}

std::string_view trim_unicode(std::string_view text) {
  std::size_t first = text.size(), last = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = std::max<std::size_t>(1, utf8_length(text.substr(at)));
    if (!in_ranges(code_point(text.substr(at), length), kSpaces)) {
      first = std::min(first, at);
      last = at + length;
    }
    at += length;
  }
  return first >= last ? std::string_view() : text.substr(first, last - first);
}

bool is_device_name(std::string_view name) {
  static const std::set<std::string, std::less<>> kDevices = [] {
    std::set<std::string, std::less<>> names = {"CON", "PRN", "AUX", "NUL"};
    for (char digit = '1'; digit <= '9'; ++digit) {
      names.insert(std::string("COM") + digit);
      names.insert(std::string("LPT") + digit);
    }
    return names;
  }();
  return kDevices.contains(to_upper(name.substr(0, name.find('.'))));
}

bool is_plain_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.~").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string convert_name(std::string_view name, unsigned naming_rules) {
  std::string converted = (naming_rules & 2u) != 0 ? lower_case(name) : std::string(name);
  if ((naming_rules & 4u) != 0) converted = std::string(trim_unicode(converted));
  return converted;
}

Status check_name(std::string_view name, NameKind kind, const ValidationSettings& settings, std::string_view at) {
  if (name.empty()) return invalid(at, "is required");
  if (name.size() > kMaxName) return invalid(at, "is longer than 255 bytes");
  for (std::string_view rest = name; !rest.empty();) {
    const auto length = utf8_length(rest);
    if (length == 0) return invalid(at, "is not UTF-8 text");
    const auto c = code_point(rest, length);
    if (in_ranges(c, kInvisible)) return invalid(at, "contains a character that cannot be seen");
    if (c < 0x80 && std::string_view("/\\:*?\"<>|").find(static_cast<char>(c)) != std::string_view::npos) {
      return invalid(at, "contains " + std::string(1, static_cast<char>(c)) + ", use none of / \\ : * ? \" < > |");
    }
    rest.remove_prefix(length);
  }
  if (name == "." || name == "..") return invalid(at, "is the name of a directory");
  if (is_device_name(name)) return invalid(at, "is the name of a device on some systems");
  if (name.ends_with(' ') || name.ends_with('.')) return invalid(at, "ends with a space or a dot");
  if (kind == NameKind::Rules && (settings.naming_rules & 1u) == 0 && !is_plain_name(name)) {
    return invalid(at, "may have letters, digits and -_.~ only (data_provider.naming_rules)");
  }
  return ok();
}

Status check_email(std::string_view email, std::string_view at) {
  if (email.empty()) return ok();
  const auto sign = email.rfind('@');
  const auto domain = sign == std::string_view::npos ? std::string_view() : email.substr(sign + 1);
  const auto local = email.substr(0, sign);
  const auto odd = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; };
  const auto labels = split(domain, '.');
  const bool fine = !domain.empty() && !local.empty() && email.size() <= 254 && local.size() <= 64 &&
                    is_valid_utf8(email) && std::none_of(email.begin(), email.end(), odd) &&
                    local.find_first_of("@,;<>()[]\\\"") == std::string_view::npos && !local.starts_with('.') &&
                    !local.ends_with('.') && local.find("..") == std::string_view::npos &&
                    std::all_of(labels.begin(), labels.end(), [](const std::string& label) {
                      return !label.empty() && label.size() <= 63 && !label.starts_with('-') && !label.ends_with('-') &&
                             label.find_first_of(",;<>()[]\\\"_@/:") == std::string::npos;
                    });
  return fine ? ok() : Status(invalid(at, "is not an e-mail address"));
}

Status check_networks(std::vector<std::string>& networks, std::string_view at) {
  for (std::size_t i = 0; i < networks.size(); ++i) {
    networks[i] = std::string(trim(networks[i]));
    if (!IpNetwork::parse(networks[i])) {
      return invalid(at_index(at, i), "is not a network in CIDR form, write 192.0.2.0/24 or 192.0.2.1/32");
    }
  }
  drop_duplicates(networks);
  return ok();
}

Status check_words(std::vector<std::string>& words, const std::vector<std::string_view>& known, std::string_view what,
                   std::string_view at) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (std::find(known.begin(), known.end(), words[i]) != known.end()) continue;
    const auto near = nearest(words[i], known);
    return invalid(at_index(at, i), near.empty() ? quote_json(words[i]) + " is not a known " + std::string(what)
                                                 : quote_json(words[i]) + " is not a known " + std::string(what) +
                                                       ", did you mean " + quote_json(near) + "?");
  }
  drop_duplicates(words);
  return ok();
}

Status check_status(int status) {
  return status == 0 || status == 1 ? ok() : Status(invalid("/status", "must be 0 (disabled) or 1 (enabled)"));
}

void drop_duplicates(std::vector<std::string>& list) {
  std::set<std::string, std::less<>> seen;
  std::erase_if(list, [&](const std::string& item) { return !seen.insert(item).second; });
}

Status check_path_text(std::string_view path, std::string_view at) {
  if (path.find('\0') != std::string_view::npos) return invalid(at, "contains a NUL byte");
  if (path.size() > kMaxPath) return invalid(at, "is longer than 4096 bytes");
  return ok();
}

std::string virtual_path(std::string_view path) {
  std::string text = "/" + std::string(path);
  std::replace(text.begin(), text.end(), '\\', '/');
  return clean_path_text(text);
}

std::string at_index(std::string_view at, std::size_t index) { return std::string(at) + "/" + std::to_string(index); }

}  // namespace slipway::accounts
