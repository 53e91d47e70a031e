#include "multipart.h"

#include <algorithm>
#include <cstring>

#include "support/http/characters.h"
#include "support/http/fields.h"

namespace slipway::httpd {
namespace {

constexpr std::size_t kMaxBoundary = 70;  // RFC 2046 5.1.1
constexpr std::size_t kBuffer = 128 << 10;
constexpr std::size_t kMaxPreamble = 64 << 10, kMaxHeader = 16 << 10;  // bytes
constexpr std::size_t kMaxParts = 10'000;

Error broken(const char* why) { return {Errc::InvalidArgument, "multipart", why}; }

struct Parameter {
  std::string name, value;
};

// "form-data; name=\"a\"; filename=b" -> its parameters; nothing when malformed. `text` loses what was read.
std::optional<std::vector<Parameter>> parse_parameters(std::string_view text) {
  std::vector<Parameter> all;
  while (true) {
    text = http::trim_blanks(text);
    if (text.empty()) return all;
    if (text.front() != ';') return std::nullopt;
    text = http::trim_blanks(text.substr(1));
    if (text.empty()) return all;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    Parameter parameter;
    for (const char c : http::trim_blanks(text.substr(0, equals))) parameter.name += http::to_lower(c);
    if (!http::is_token(parameter.name)) return std::nullopt;
    text = http::trim_blanks(text.substr(equals + 1));
    if (text.starts_with('"')) {
      std::size_t i = 1;
      for (; i < text.size() && text[i] != '"'; ++i) {
        // A backslash is an escape before these two only: clients send paths with backslashes as they are.
        if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
        parameter.value += text[i];
      }
      if (i >= text.size()) return std::nullopt;
      text.remove_prefix(i + 1);
    } else {
      const auto end = std::min(text.find(';'), text.size());
      parameter.value = http::trim_blanks(text.substr(0, end));
      text.remove_prefix(end);
    }
    all.push_back(std::move(parameter));
  }
}

const std::string* find(const std::vector<Parameter>& parameters, std::string_view name) {
  const auto it = std::find_if(parameters.begin(), parameters.end(), [&](const auto& p) { return p.name == name; });
  return it == parameters.end() ? nullptr : &it->value;
}

// The type before the first semicolon, and its parameters.
std::optional<std::vector<Parameter>> parameters_of(std::string_view value, std::string_view type) {
  const auto semicolon = std::min(value.find(';'), value.size());
  if (!http::equal_ignoring_case(http::trim_blanks(value.substr(0, semicolon)), type)) return std::nullopt;
  return parse_parameters(value.substr(semicolon));
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
  const auto parameters = parameters_of(content_type, "multipart/form-data");
  if (!parameters) return std::nullopt;
  const std::string* boundary = find(*parameters, "boundary");
  if (boundary == nullptr || boundary->empty() || boundary->size() > kMaxBoundary) return std::nullopt;
  if (boundary->find_first_of("\r\n") != std::string::npos) return std::nullopt;
  return *boundary;
}

std::optional<PartHeader> parse_part_disposition(std::string_view value) {
  const auto parameters = parameters_of(value, "form-data");
  if (!parameters) return std::nullopt;
  const std::string* name = find(*parameters, "name");
  if (name == nullptr) return std::nullopt;
  PartHeader header;
  header.name = *name;
  if (const std::string* file = find(*parameters, "filename")) header.file_name = *file;
  return header;
}

MultipartReader::MultipartReader(std::string_view boundary, Source source)
    : delimiter_("\r\n--" + std::string(boundary)), source_(std::move(source)), buffer_(kBuffer) {
  // The first delimiter may stand at the very beginning, without the line end before it.
  buffer_[0] = '\r';
  buffer_[1] = '\n';
  end_ = 2;
}

Result<bool> MultipartReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) return broken("a line of it is too long");
  SLIPWAY_ASSIGN(const std::size_t got, source_(std::as_writable_bytes(std::span(buffer_).subspan(end_))));
  end_ += got;
  return got > 0;
}

// True: the delimiter is at the start of what waits. False: content stands before it.
Result<bool> MultipartReader::find_delimiter() {
  while (end_ - begin_ < delimiter_.size()) {
    SLIPWAY_ASSIGN(const bool more, fill());
    if (!more) return broken("it ends within a part");
  }
  return waiting().starts_with(delimiter_);
}

Result<std::size_t> MultipartReader::read(std::span<std::byte> out) {
  if (!in_part_ || out.empty()) return std::size_t{0};
  SLIPWAY_ASSIGN(const bool at_end, find_delimiter());
  if (at_end) {
    in_part_ = false;
    return std::size_t{0};
  }
  // Everything before the next place where the delimiter might begin is content.
  const std::string_view text = waiting();
  const auto next = text.find(delimiter_, 1);
  const std::size_t safe = next != std::string_view::npos ? next : text.size() - delimiter_.size() + 1;
  const std::size_t count = std::min(safe, out.size());
  std::memcpy(out.data(), text.data(), count);
  begin_ += count;
  return count;
}

Result<std::string> MultipartReader::header_line() {
  std::size_t from = 0;
  while (true) {
    const auto end = waiting().find("\r\n", from);
    if (end != std::string_view::npos) {
      std::string line(waiting().substr(0, end));
      begin_ += end + 2;
      return line;
    }
    if (waiting().size() > kMaxHeader) return broken("the header of a part is too long");
    from = waiting().empty() ? 0 : waiting().size() - 1;
    SLIPWAY_ASSIGN(const bool more, fill());
    if (!more) return broken("it ends within the header of a part");
  }
}

Result<PartHeader> MultipartReader::header() {
  std::optional<PartHeader> found;
  std::size_t size = 0;
  while (true) {
    SLIPWAY_ASSIGN(const std::string line, header_line());
    if (line.empty()) break;
    size += line.size();
    if (size > kMaxHeader) return broken("the header of a part is too long");
    const auto colon = line.find(':');
    if (colon == std::string::npos) return broken("a line of a part's header has no colon");
    if (http::equal_ignoring_case(http::trim_blanks(std::string_view(line).substr(0, colon)), "Content-Disposition"))
      found = parse_part_disposition(std::string_view(line).substr(colon + 1));
  }
  if (!found) return broken("a part does not say what it is");
  return *std::move(found);
}

Result<std::optional<PartHeader>> MultipartReader::next() {
  if (over_) return std::optional<PartHeader>();
  // What is left of the part before, or the preamble.
  in_part_ = true;
  std::byte rest[4096];
  for (std::size_t skipped = 0; in_part_;) {
    SLIPWAY_ASSIGN(const std::size_t count, read(rest));
    skipped += count;
    if (parts_ == 0 && skipped > kMaxPreamble) return broken("it does not begin with its boundary");
  }
  begin_ += delimiter_.size();
  while (end_ - begin_ < 2) {
    SLIPWAY_ASSIGN(const bool more, fill());
    if (!more) return broken("it ends within a boundary");
  }
  if (waiting().starts_with("--")) {
    over_ = true;
    return std::optional<PartHeader>();
  }
  // Blanks may stand behind a boundary (RFC 2046 5.1.1).
  SLIPWAY_ASSIGN(const std::string padding, header_line());
  if (padding.find_first_not_of(" \t") != std::string::npos) return broken("a boundary is followed by something else");
  if (++parts_ > kMaxParts) return broken("it has too many parts");
  SLIPWAY_ASSIGN(PartHeader found, header());
  in_part_ = true;
  return std::optional(std::move(found));
}

}  // namespace slipway::httpd
