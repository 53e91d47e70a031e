// YAML through yaml-cpp's events: its node tree would expand aliases and keep no limits.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <map>
#include <sstream>

#include "core/base/text.h"
#include "core/config/document.h"

namespace slipway::config {
namespace {

namespace json = boost::json;

std::string place(const YAML::Mark& mark) {
  if (mark.is_null()) return "document";
  return "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1);
}

// Leaves yaml-cpp's parser; caught in parse_yaml.
struct Refusal {
  std::string where, cause;
};

[[noreturn]] void refuse(const YAML::Mark& mark, std::string cause) { throw Refusal{place(mark), std::move(cause)}; }

// A plain scalar by the core schema of YAML 1.2, with one difference: a number with leading zeros stays text, because
// "0022" is a file mode to some and a decimal number to others.
json::value plain_scalar(const YAML::Mark& mark, const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;

  std::string_view digits = text;
  const bool negative = digits[0] == '-';
  if (negative || digits[0] == '+') digits.remove_prefix(1);
  if (digits == ".inf" || digits == ".Inf" || digits == ".INF" || text == ".nan" || text == ".NaN" || text == ".NAN")
    refuse(mark, "infinities and NaN are not allowed");
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0o")) {
    base = text[1] == 'x' ? 16 : 8;
    digits.remove_prefix(2);
  }
  constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
  const std::string_view allowed = base == 16 ? kDigits : kDigits.substr(0, static_cast<std::size_t>(base));
  if (!digits.empty() && digits.find_first_not_of(allowed) == std::string_view::npos) {
    if (base == 10 && digits.size() > 1 && digits[0] == '0') return json::value(text);
    const std::string number = (negative ? "-" : "") + std::string(digits);
    std::int64_t value = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), value, base).ec == std::errc()) return value;
    std::uint64_t large = 0;
    if (!negative && std::from_chars(number.data(), number.data() + number.size(), large, base).ec == std::errc())
      return large;
    refuse(mark, "integer does not fit 64 bits");
  }
  const bool looks_like_a_number = digits.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
                                   digits.find_first_of("0123456789") != std::string_view::npos &&
                                   (std::isdigit(static_cast<unsigned char>(digits[0])) != 0 || digits[0] == '.');
  if (looks_like_a_number) {
    double value = 0;
    const auto [at, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (at == digits.data() + digits.size()) {
      if (error == std::errc::result_out_of_range || !std::isfinite(value)) refuse(mark, "number out of range");
      if (error == std::errc()) return negative ? -value : value;
    }
  }
  return json::value(text);
}

class Builder final : public YAML::EventHandler {
 public:
  json::value take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "only one document is allowed");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, anchor, nullptr, 1, 0); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    if (wants_key()) {
      set_key(mark, value);
      return;
    }
    if (tag == "?" || tag.empty()) {
      add(mark, anchor, plain_scalar(mark, value), 1, value.size());
    } else if (tag == "!" || tag == std::string(kCore) + "str") {
      add(mark, anchor, json::value(value), 1, value.size());
    } else if (tag.starts_with(kCore)) {
      const json::value read = plain_scalar(mark, value);
      const std::string_view type = std::string_view(tag).substr(kCore.size());
      const bool integer = read.is_int64() || read.is_uint64();
      const bool fits = (type == "int" && integer) || (type == "float" && (integer || read.is_double())) ||
                        (type == "bool" && read.is_bool()) || (type == "null" && read.is_null());
      if (!fits) refuse(mark, "\"" + printable(value) + "\" does not agree with its tag");
      add(mark, anchor, read, 1, value.size());
    } else {
      refuse(mark, "the tag " + printable(tag) + " is not supported");
    }
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (wants_key()) refuse(mark, "a key must be text");
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(mark, "an alias must stand for a value that ends before it");
    const Anchored& anchored = found->second;
    if (stack_.size() + anchored.depth > kMaxDocumentDepth) refuse(mark, "nested too deeply");
    add(mark, YAML::NullAnchor, anchored.value, anchored.values, anchored.bytes, anchored.depth);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, "seq", anchor, json::array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, "map", anchor, json::object());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    json::value value;
    YAML::Mark mark;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::string key;
    bool has_key = false;
    std::size_t values = 1, bytes = 0, depth = 1;  // of this level and what is in it
  };
  struct Anchored {
    json::value value;
    std::size_t values = 1, bytes = 0, depth = 0;
  };

  bool wants_key() const { return !stack_.empty() && stack_.back().value.is_object() && !stack_.back().has_key; }

  void set_key(const YAML::Mark& mark, const std::string& key) {
    if (key == "<<") refuse(mark, "merge keys are not supported");
    Level& level = stack_.back();
    if (level.value.get_object().contains(key)) refuse(mark, "duplicate member \"" + printable(key) + "\"");
    level.key = key;
    level.has_key = true;
    level.bytes += key.size();
  }

  void open(const YAML::Mark& mark, const std::string& tag, std::string_view core_tag, YAML::anchor_t anchor,
            json::value empty) {
    if (wants_key()) refuse(mark, "a key must be text");
    if (!tag.empty() && tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:" + std::string(core_tag))
      refuse(mark, "the tag " + printable(tag) + " is not supported");
    if (stack_.size() >= kMaxDocumentDepth) refuse(mark, "nested too deeply");
    stack_.push_back({.value = std::move(empty), .mark = mark, .anchor = anchor});
  }

  void close() {
    Level level = std::move(stack_.back());
    stack_.pop_back();
    add(level.mark, level.anchor, std::move(level.value), level.values, level.bytes, level.depth);
  }

  // `values` and `bytes` are what `value` holds altogether: what an alias repeats is counted again.
  void add(const YAML::Mark& mark, YAML::anchor_t anchor, json::value value, std::size_t values, std::size_t bytes,
           std::size_t depth = 0) {
    if (wants_key()) refuse(mark, "a key must be text");
    if (anchor != YAML::NullAnchor) anchors_.insert_or_assign(anchor, Anchored{value, values, bytes, depth});
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = stack_.back();
    level.values += values;
    level.bytes += bytes;
    level.depth = std::max(level.depth, depth + 1);
    if (level.values > kMaxDocumentValues || level.bytes > kMaxDocumentBytes) refuse(mark, "too large");
    if (level.value.is_array()) {
      level.value.get_array().push_back(std::move(value));
    } else {
      level.value.get_object().insert_or_assign(level.key, std::move(value));
      level.has_key = false;
    }
  }

  std::vector<Level> stack_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  json::value root_;
  int documents_ = 0;
};

}  // namespace

Result<json::object> parse_yaml(std::string_view text) {
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    Builder builder;
    while (parser.HandleNextDocument(builder)) {
    }
    json::value root = builder.take();
    if (root.is_null()) return json::object();
    if (!root.is_object()) return Error(Errc::InvalidArgument, "document", "must be a mapping");
    return std::move(root.get_object());
  } catch (const Refusal& refusal) {
    return Error(Errc::InvalidArgument, refusal.where, refusal.cause);
  } catch (const YAML::ParserException& error) {
    return Error(Errc::InvalidArgument, place(error.mark), printable(error.msg));
  } catch (const std::exception& error) {
    return Error(Errc::InvalidArgument, "document", printable(error.what()));
  }
}

}  // namespace slipway::config
