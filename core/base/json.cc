#include "core/base/json.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <unordered_set>
#include <vector>

#include "core/base/text.h"

namespace slipway {

namespace json = boost::json;

namespace {

// The names in one object. Most have few members, and comparing those is cheaper than hashing them.
class Members {
 public:
  // False: it is there already. May take `name`.
  bool add(std::string& name) {
    constexpr std::size_t kFew = 24;
    if (few_.size() < kFew) {
      if (std::find(few_.begin(), few_.end(), name) != few_.end()) return false;
      few_.push_back(std::move(name));
      return true;
    }
    if (many_.empty()) many_.insert(few_.begin(), few_.end());
    return many_.insert(name).second;
  }

 private:
  std::vector<std::string> few_;
  std::unordered_set<std::string> many_;  // those of few_, too, once there are more
};

// Builds the value and refuses what the library would let pass: duplicate members and numbers that lose their value.
class Builder {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  explicit Builder(bool refuse_duplicates) : refuse_duplicates_(refuse_duplicates) {}

  json::value release() { return stack_.release(); }
  // Why the handler itself stopped the parser; empty when the syntax was wrong.
  const std::string& refusal() const noexcept { return refusal_; }

  bool on_document_begin(json::error_code&) {
    stack_.reset();
    return true;
  }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    if (refuse_duplicates_) members_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t count, json::error_code&) {
    if (refuse_duplicates_) members_.pop_back();
    stack_.push_object(count);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t count, json::error_code&) {
    stack_.push_array(count);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    if (refuse_duplicates_) key_.append(part.data(), part.size());
    stack_.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& ec) {
    stack_.push_key(part);
    if (!refuse_duplicates_) return true;
    key_.append(part.data(), part.size());
    std::string key = std::exchange(key_, {});
    return members_.back().add(key) || refuse("duplicate member " + quote_json(key), ec);
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    stack_.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view part, json::error_code&) {
    number_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
    number_.clear();
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
    number_.clear();
    stack_.push_uint64(number);
    return true;
  }
  bool on_double(double number, json::string_view part, json::error_code& ec) {
    number_.append(part.data(), part.size());
    const std::string text = std::exchange(number_, {});
    if (!std::isfinite(number)) return refuse("number out of range", ec);
    if (text.find_first_of(".eE") == std::string::npos) return refuse("integer does not fit 64 bits", ec);
    stack_.push_double(number);
    return true;
  }
  bool on_bool(bool value, json::error_code&) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(json::error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  bool refuse(std::string why, json::error_code& ec) {
    refusal_ = std::move(why);
    ec = json::error::syntax;
    return false;
  }

  const bool refuse_duplicates_;
  json::value_stack stack_;
  std::string key_, number_, refusal_;
  std::vector<Members> members_;
};

std::string place(std::string_view text, std::size_t offset) {
  std::size_t line = 1, column = 1;
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

// Bytes that stand for themselves in a JSON string.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (unsigned c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

// Documents are mostly plain text: it is taken run by run.
void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  out += '"';
  while (!text.empty()) {
    std::size_t run = 0;
    while (run < text.size() && kPlain[static_cast<unsigned char>(text[run])]) ++run;
    out.append(text.data(), run);
    text.remove_prefix(run);
    if (text.empty()) break;
    const auto c = static_cast<unsigned char>(text.front());
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text.front();
      text.remove_prefix(1);
    } else if (c < 0x20 || c == 0x7F) {
      constexpr char kHex[] = "0123456789abcdef";
      switch (c) {
        case '\n':
          out += "\\n";
          break;
        case '\r':
          out += "\\r";
          break;
        case '\t':
          out += "\\t";
          break;
        default:
          out.append("\\u00").append(1, kHex[c >> 4]).append(1, kHex[c & 15]);
      }
      text.remove_prefix(1);
    } else if (const auto length = utf8_length(text); length > 0) {
      out += text.substr(0, length);
      text.remove_prefix(length);
    } else {
      out += kReplacement;
      text.remove_prefix(1);
    }
  }
  out += '"';
}

class Writer {
 public:
  explicit Writer(unsigned indent) : indent_(indent) {}
  std::string take() { return std::move(out_); }

  void write(const json::value& value) {
    switch (value.kind()) {
      case json::kind::null:
        out_ += "null";
        break;
      case json::kind::bool_:
        out_ += value.get_bool() ? "true" : "false";
        break;
      case json::kind::int64:
        number(value.get_int64());
        break;
      case json::kind::uint64:
        number(value.get_uint64());
        break;
      case json::kind::double_:
        number(value.get_double());
        break;
      case json::kind::string:
        append_quoted(out_, {value.get_string().data(), value.get_string().size()});
        break;
      case json::kind::array:
        write(value.get_array());
        break;
      case json::kind::object:
        write(value.get_object());
        break;
    }
  }
  void write(const json::array& array) {
    open('[');
    bool first = true;
    for (const auto& element : array) {
      next(first);
      write(element);
    }
    close(']', array.empty());
  }
  void write(const json::object& object) {
    open('{');
    bool first = true;
    for (const auto& [key, member] : object) {
      next(first);
      append_quoted(out_, {key.data(), key.size()});
      out_ += indent_ > 0 ? ": " : ":";
      write(member);
    }
    close('}', object.empty());
  }

 private:
  template <class N>
  void number(N value) {
    char digits[40];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out_.append(digits, end);
    // Without a mark a whole double would be read back as an integer, or not at all beyond 64 bits.
    if constexpr (std::is_floating_point_v<N>) {
      if (std::string_view(digits, std::size_t(end - digits)).find_first_of(".e") == std::string_view::npos)
        out_ += ".0";
    }
  }
  void open(char bracket) {
    out_ += bracket;
    ++depth_;
  }
  void next(bool& first) {
    if (!first) out_ += ',';
    first = false;
    new_line();
  }
  void close(char bracket, bool empty) {
    --depth_;
    if (!empty) new_line();
    out_ += bracket;
  }
  void new_line() {
    if (indent_ == 0) return;
    out_ += '\n';
    out_.append(std::size_t(indent_) * depth_, ' ');
  }

  const unsigned indent_;
  std::size_t depth_ = 0;
  std::string out_;
};

}  // namespace

Result<json::value> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Error(
        Errc::TooLarge, "document",
        "has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(limits.max_bytes) + " are allowed");
  }
  json::parse_options options;
  options.max_depth = limits.max_depth;
  json::basic_parser<Builder> parser(options, limits.refuse_duplicates);
  json::error_code ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && used < text.size()) {
    return Error(Errc::InvalidArgument, place(text, used), "something follows the end of the JSON document");
  }
  if (ec) {
    const auto& refusal = parser.handler().refusal();
    const bool cut = ec == json::error::incomplete;
    return Error(Errc::InvalidArgument, place(text, cut ? text.size() : used),
                 cut               ? "the JSON document ends too early"
                 : refusal.empty() ? "not valid JSON: " + ec.message()
                                   : refusal);
  }
  return parser.handler().release();
}

Result<json::object> parse_json_object(std::string_view text, const JsonLimits& limits) {
  SLIPWAY_ASSIGN(auto value, parse_json(text, limits));
  if (!value.is_object()) return Error(Errc::InvalidArgument, "line 1, column 1", "expected a JSON object");
  return std::move(value.get_object());
}

std::string serialize_json(const json::value& value, unsigned indent) {
  Writer writer(indent);
  writer.write(value);
  return writer.take();
}

std::string serialize_json(const json::object& object, unsigned indent) {
  Writer writer(indent);
  writer.write(object);
  return writer.take();
}

std::string quote_json(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_quoted(out, text);
  return out;
}

std::string json_pointer(std::string_view parent, std::string_view token) {
  std::string out(parent);
  out += '/';
  for (const char c : token) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

}  // namespace slipway
