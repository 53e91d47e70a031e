#include "scp_protocol.h"

#include <charconv>
#include <limits>

namespace slipway::sftp {
namespace {

constexpr std::string_view kEncodedNewline = "\\^J";
// What a Timestamp holds, less a little.
constexpr std::uint64_t kMaxSeconds = 9'000'000'000;

Error malformed(std::string cause) { return {Errc::InvalidArgument, "scp", std::move(cause)}; }

// Takes digits off the front.
template <class Number>
bool take_number(std::string_view& rest, Number& number, int base = 10) {
  const char* const begin = rest.data();
  const auto [end, failure] = std::from_chars(begin, begin + rest.size(), number, base);
  if (failure != std::errc() || end == begin) return false;
  rest.remove_prefix(static_cast<std::size_t>(end - begin));
  return true;
}

bool take(std::string_view& rest, char wanted) {
  if (!rest.starts_with(wanted)) return false;
  rest.remove_prefix(1);
  return true;
}

Result<std::string> parse_name(std::string_view text) {
  std::string name;
  for (auto at = text.find(kEncodedNewline); at != std::string_view::npos; at = text.find(kEncodedNewline)) {
    name.append(text.substr(0, at)).append("\n");
    text.remove_prefix(at + kEncodedNewline.size());
  }
  name += text;
  if (name.empty() || name == "." || name == ".." ||
      name.find_first_of(std::string_view("/\0", 2)) != std::string::npos)
    return malformed("unexpected filename");
  return name;
}

// "<mode> <size> <name>"
Result<ScpMessage> parse_entry(ScpMessage::Type type, std::string_view rest) {
  ScpMessage message;
  message.type = type;
  const auto digits = rest.find(' ');
  if (digits == std::string_view::npos || digits < 3 || digits > 7 || rest.front() == '-' ||
      !take_number(rest, message.mode, 8) || !take(rest, ' '))
    return malformed("bad mode");
  message.mode &= 07777;
  std::int64_t size = 0;
  if (!take_number(rest, size) || size < 0 || !take(rest, ' ')) return malformed("size not delimited");
  message.size = static_cast<std::uint64_t>(size);
  SLIPWAY_ASSIGN(message.name, parse_name(rest));
  return message;
}

// "<seconds> <microseconds>"
bool take_time(std::string_view& rest, Timestamp& time) {
  std::uint64_t seconds = 0;
  std::uint32_t microseconds = 0;
  if (!take_number(rest, seconds) || !take(rest, ' ') || !take_number(rest, microseconds)) return false;
  if (seconds > kMaxSeconds || microseconds > 999'999) return false;
  time = Timestamp(std::chrono::seconds(seconds) + std::chrono::microseconds(microseconds));
  return true;
}

std::string entry_message(char type, std::uint32_t mode, std::uint64_t size, std::string_view name) {
  std::string line(1, type);
  for (int shift = 9; shift >= 0; shift -= 3) line += static_cast<char>('0' + (mode >> shift & 7));
  line.append(" ").append(std::to_string(size)).append(" ");
  for (const char c : name) c == '\n' ? line += kEncodedNewline : line += c;
  line += '\n';
  return line;
}

std::string seconds_of(Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return std::to_string(seconds < 0 ? 0 : seconds);
}

}  // namespace

Result<ScpOptions> parse_scp_arguments(const std::vector<std::string>& arguments) {
  ScpOptions options;
  bool sink = false, source = false, may_be_option = true;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const bool last = i + 1 == arguments.size();
    if (!may_be_option || last || argument.size() < 2 || argument.front() != '-') {
      options.paths.push_back(argument);
      continue;
    }
    may_be_option = argument != "--";
    for (const char letter : std::string_view(argument).substr(1)) {
      if (letter == 't') sink = true;
      if (letter == 'f') source = true;
      if (letter == 'r') options.recursive = true;
      if (letter == 'p') options.times = true;
      if (letter == 'd') options.directory = true;
    }
  }
  if (sink == source) return malformed("one of -t and -f is needed: this server does not start copies to other hosts");
  options.role = sink ? ScpOptions::Role::Sink : ScpOptions::Role::Source;
  if (options.paths.empty() || (sink && options.paths.size() > 1)) return malformed("ambiguous target");
  return options;
}

Result<ScpMessage> parse_scp_message(std::string_view line) {
  if (line.empty()) return malformed("unexpected empty message");
  std::string_view rest = line.substr(1);
  ScpMessage message;
  switch (line.front()) {
    case 'C':
      return parse_entry(ScpMessage::Type::File, rest);
    case 'D':
      return parse_entry(ScpMessage::Type::Directory, rest);
    case 'E':
      if (!rest.empty()) return malformed("unacceptable end dir command");
      message.type = ScpMessage::Type::EndDirectory;
      return message;
    case 'T':
      message.type = ScpMessage::Type::Times;
      if (!take_time(rest, message.mtime) || !take(rest, ' ') || !take_time(rest, message.atime) || !rest.empty())
        return malformed("bad times");
      return message;
    case '\1':
    case '\2':
      message.type = line.front() == '\1' ? ScpMessage::Type::Warning : ScpMessage::Type::Fatal;
      message.text = rest;
      return message;
    default:
      return malformed("unknown or invalid upload message");
  }
}

std::string scp_file_message(std::uint32_t mode, std::uint64_t size, std::string_view name) {
  return entry_message('C', mode, size, name);
}

std::string scp_directory_message(std::uint32_t mode, std::string_view name) {
  return entry_message('D', mode, 0, name);
}

std::string scp_times_message(Timestamp mtime, Timestamp atime) {
  return "T" + seconds_of(mtime) + " 0 " + seconds_of(atime) + " 0\n";
}

std::string scp_error_message(bool fatal, std::string_view text) {
  std::string message(fatal ? "\2scp: " : "\1scp: ");
  for (const char c : text) message += c == '\n' || c == '\r' ? ' ' : c;
  message += '\n';
  return message;
}

}  // namespace slipway::sftp
