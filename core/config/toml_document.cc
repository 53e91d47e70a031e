#include <toml++/toml.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <sstream>

#include "core/base/text.h"
#include "core/config/document.h"

namespace slipway::config {
namespace {

namespace json = boost::json;

// The library's tables are nested as deeply as a dotted key is long, and are destroyed recursively: a line of a million
// dots would overflow the stack. No honest line has that many.
constexpr std::size_t kMostDotsInALine = 1000;

std::string place(const toml::source_position& position) {
  return "line " + std::to_string(position.line) + ", column " + std::to_string(position.column);
}

class Converter {
 public:
  Result<json::value> convert(const toml::node& node, std::size_t depth) {
    if (depth > kMaxDocumentDepth) return refuse(node, "nested too deeply");
    if (++values_ > kMaxDocumentValues) return refuse(node, "too large");
    switch (node.type()) {
      case toml::node_type::table: {
        json::object object;
        for (const auto& [key, member] : *node.as_table()) {
          SLIPWAY_ASSIGN(object[key.str()], convert(member, depth + 1));
        }
        return json::value(std::move(object));
      }
      case toml::node_type::array: {
        json::array array;
        for (const toml::node& element : *node.as_array()) {
          SLIPWAY_ASSIGN(json::value value, convert(element, depth + 1));
          array.push_back(std::move(value));
        }
        return json::value(std::move(array));
      }
      case toml::node_type::string:
        return json::value(node.as_string()->get());
      case toml::node_type::integer:
        return json::value(node.as_integer()->get());
      case toml::node_type::boolean:
        return json::value(node.as_boolean()->get());
      case toml::node_type::floating_point: {
        const double number = node.as_floating_point()->get();
        if (!std::isfinite(number)) return refuse(node, "infinities and NaN are not allowed");
        return json::value(number);
      }
      case toml::node_type::date:
        return text(*node.as_date());
      case toml::node_type::time:
        return text(*node.as_time());
      case toml::node_type::date_time:
        return text(*node.as_date_time());
      case toml::node_type::none:
        break;
    }
    return refuse(node, "unknown type");
  }

 private:
  static Error refuse(const toml::node& node, std::string cause) {
    return Error(Errc::InvalidArgument, place(node.source().begin), std::move(cause));
  }
  template <class T>
  static json::value text(const toml::value<T>& moment) {
    std::ostringstream out;
    out << moment.get();
    return json::value(out.str());
  }

  std::size_t values_ = 0;
};

}  // namespace

Result<json::object> parse_toml(std::string_view text) {
  std::size_t line = 0;
  for (std::string_view rest = text; !rest.empty();) {
    ++line;
    const std::string_view current = rest.substr(0, rest.find('\n'));
    if (static_cast<std::size_t>(std::count(current.begin(), current.end(), '.')) > kMostDotsInALine)
      return Error(Errc::InvalidArgument, "line " + std::to_string(line), "nested too deeply");
    rest.remove_prefix(std::min(rest.size(), current.size() + 1));
  }
  try {
    const toml::table table = toml::parse(text);
    SLIPWAY_ASSIGN(json::value root, Converter().convert(table, 1));
    return std::move(root.get_object());
  } catch (const toml::parse_error& error) {
    return Error(Errc::InvalidArgument, place(error.source().begin), printable(error.description()));
  } catch (const std::exception& error) {
    return Error(Errc::InvalidArgument, "document", printable(error.what()));
  }
}

}  // namespace slipway::config
