#include "core/log/line.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "core/base/text.h"
#include "core/log/log.h"

namespace slipway::log {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  out.append(digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr);
}

void append_padded(std::string& out, int value, std::size_t width) {
  char digits[12];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  const auto length = static_cast<std::size_t>(end - digits);
  if (length < width) out.append(width - length, '0');
  out.append(digits, end);
}

// DEL, C1 controls (U+009B starts an escape sequence in many terminals) and the bidirectional overrides, which can make
// a name read as something else.
bool is_unsafe_to_show(std::string_view sequence) {
  if (sequence == "\x7f") return true;
  if (sequence.size() == 2 && sequence[0] == '\xc2' && static_cast<unsigned char>(sequence[1]) < 0xa0) return true;
  if (sequence.size() != 3 || sequence[0] != '\xe2') return false;
  const auto middle = static_cast<unsigned char>(sequence[1]), last = static_cast<unsigned char>(sequence[2]);
  return (middle == 0x80 && last >= 0xa8 && last <= 0xae) || (middle == 0x81 && last >= 0xa6 && last <= 0xa9);
}

unsigned code_point(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(sequence[i])); };
  if (sequence.size() == 1) return byte(0);
  if (sequence.size() == 2) return ((byte(0) & 0x1fu) << 6) | (byte(1) & 0x3fu);
  return ((byte(0) & 0x0fu) << 12) | ((byte(1) & 0x3fu) << 6) | (byte(2) & 0x3fu);
}

void append_unicode_escape(std::string& out, unsigned code) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 15];
}

// How many characters at the beginning stand for themselves: printable ASCII, which nearly all text is.
std::size_t plain_length(std::string_view text) {
  const auto special = [](char c) { return c < 0x20 || c >= 0x7f || c == '"' || c == '\\'; };
  return static_cast<std::size_t>(std::find_if(text.begin(), text.end(), special) - text.begin());
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    if (const std::size_t plain = plain_length(text); plain > 0) {
      out += text.substr(0, plain);
      text.remove_prefix(plain);
      continue;
    }
    const std::size_t length = utf8_length(text);
    const char c = text[0];
    if (length == 0) {
      out += "\\\\x";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
      text.remove_prefix(1);
      continue;
    }
    const std::string_view sequence = text.substr(0, length);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || is_unsafe_to_show(sequence)) {
      append_unicode_escape(out, code_point(sequence));
    } else {
      out += sequence;
    }
    text.remove_prefix(length);
  }
  out += '"';
}

void append_shown(std::string& out, std::string_view text) {
  const std::string printed = printable(text);
  for (std::string_view rest = printed; !rest.empty();) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(rest));
    const std::string_view sequence = rest.substr(0, length);
    if (is_unsafe_to_show(sequence))
      append_unicode_escape(out, code_point(sequence));
    else
      out += sequence;
    rest.remove_prefix(length);
  }
}

bool is_taken(std::string_view key, const Line& line) {
  return key == "level" || key == "time" || key == "sender" || (key == "message" && !line.message.empty()) ||
         (key == "connection_id" && !line.connection_id.empty());
}

std::string_view label(LogLevel level) {
  switch (level) {
    case LogLevel::Trace:
      return "TRC";
    case LogLevel::Debug:
      return "DBG";
    case LogLevel::Info:
      return "INF";
    case LogLevel::Warn:
      return "WRN";
    case LogLevel::Error:
      return "ERR";
  }
  return "???";
}

std::string_view colour_of(LogLevel level) {
  switch (level) {
    case LogLevel::Trace:
    case LogLevel::Debug:
      return "\x1b[90m";
    case LogLevel::Info:
      return "\x1b[32m";
    case LogLevel::Warn:
      return "\x1b[33m";
    case LogLevel::Error:
      return "\x1b[31m";
  }
  return "";
}

std::string format_second(std::time_t clock, bool utc) {
  std::tm parts{};
  if (utc)
    gmtime_r(&clock, &parts);
  else
    localtime_r(&clock, &parts);
  std::string out;
  append_padded(out, parts.tm_year + 1900, 4);
  out += '-';
  append_padded(out, parts.tm_mon + 1, 2);
  out += '-';
  append_padded(out, parts.tm_mday, 2);
  out += 'T';
  append_padded(out, parts.tm_hour, 2);
  out += ':';
  append_padded(out, parts.tm_min, 2);
  out += ':';
  append_padded(out, parts.tm_sec, 2);
  return out;
}

void append_time(std::string& out, std::chrono::system_clock::time_point time, bool utc) {
  struct Second {
    std::time_t clock = -1;
    bool utc = false;
    std::string text;
  };
  // Of thousands of lines in one second only the milliseconds differ.
  thread_local Second last;
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(milliseconds);
  const std::time_t clock = seconds.time_since_epoch().count();
  if (last.text.empty() || last.clock != clock || last.utc != utc) last = {clock, utc, format_second(clock, utc)};
  out += last.text;
  out += '.';
  append_padded(out, static_cast<int>((milliseconds - seconds).count()), 3);
}

}  // namespace

std::string format_time(std::chrono::system_clock::time_point time, bool utc) {
  std::string out;
  out.reserve(24);
  append_time(out, time, utc);
  return out;
}

std::string render_json(const Line& line, bool utc) {
  std::string out;
  out.reserve(128 + line.message.size() + line.fields.size() * 32);
  out += R"({"level":")";
  out += to_string(line.level);
  out += R"(","time":")";
  append_time(out, line.time, utc);
  out += R"(","sender":)";
  append_json_string(out, line.sender);
  if (!line.connection_id.empty()) {
    out += R"(,"connection_id":)";
    append_json_string(out, line.connection_id);
  }
  for (const LogField& field : line.fields) {
    out += ',';
    if (is_taken(field.key, line))
      append_json_string(out, std::string(field.key) + '_');
    else
      append_json_string(out, field.key);
    out += ':';
    switch (field.type) {
      case LogField::Type::Text:
        append_json_string(out, field.text);
        break;
      case LogField::Type::Integer:
        append_number(out, field.number);
        break;
      case LogField::Type::Boolean:
        out += field.number != 0 ? "true" : "false";
        break;
    }
  }
  if (!line.message.empty()) {
    out += R"(,"message":)";
    append_json_string(out, line.message);
  }
  out += '}';
  return out;
}

std::string render_text(const Line& line, bool utc, bool colour) {
  constexpr std::string_view kDim = "\x1b[2m", kReset = "\x1b[0m";
  const auto paint = [&](std::string& out, std::string_view code) {
    if (colour) out += code;
  };
  std::string out;
  out.reserve(96 + line.message.size() + line.fields.size() * 32);
  paint(out, kDim);
  out += format_time(line.time, utc).substr(11);
  paint(out, kReset);
  out += ' ';
  paint(out, colour_of(line.level));
  out += label(line.level);
  paint(out, kReset);
  out += ' ';
  append_shown(out, line.sender);
  out += ':';
  if (!line.message.empty()) {
    out += ' ';
    append_shown(out, line.message);
  }
  const auto field = [&](std::string_view key, auto&& value) {
    out += ' ';
    paint(out, kDim);
    append_shown(out, key);
    out += '=';
    paint(out, kReset);
    value();
  };
  const auto text_value = [&](std::string_view text) {
    const bool quoted = text.empty() || text.find_first_of(" =\"") != std::string_view::npos;
    if (quoted) out += '"';
    append_shown(out, text);
    if (quoted) out += '"';
  };
  if (!line.connection_id.empty()) field("connection_id", [&] { text_value(line.connection_id); });
  for (const LogField& f : line.fields) {
    field(f.key, [&] {
      switch (f.type) {
        case LogField::Type::Text:
          text_value(f.text);
          break;
        case LogField::Type::Integer:
          append_number(out, f.number);
          break;
        case LogField::Type::Boolean:
          out += f.number != 0 ? "true" : "false";
          break;
      }
    });
  }
  return out;
}

}  // namespace slipway::log
