#include "support/http/router.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <tuple>

#include "support/http/url.h"

namespace slipway::http {

struct Router::Node {
  using Methods = std::vector<std::pair<std::string, std::unique_ptr<Route>>>;

  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  Methods here;  // the path ends at this node
  Methods rest;  // whatever follows
};

namespace {

constexpr std::string_view kAny = "*";

template <class Methods>
const Router::Route* find_method(const Methods& methods, std::string_view method) {
  const auto find = [&](std::string_view wanted) -> const Router::Route* {
    for (const auto& [name, route] : methods) {
      if (name == wanted) return route.get();
    }
    return nullptr;
  };
  if (const auto* route = find(method)) return route;
  if (method == "HEAD") {
    if (const auto* route = find("GET")) return route;
  }
  return find(kAny);
}

template <class Methods>
void add_allowed(const Methods& methods, std::string& allow) {
  const auto add = [&allow](std::string_view name) {
    if (!allow.empty()) allow += ", ";
    allow += name;
  };
  for (const auto& [name, route] : methods) {
    add(name);
    if (name == "GET") add("HEAD");
  }
}

// One walk down the tree: literal components before parameters, parameters before rests.
template <class Node>
class Search {
 public:
  Search(std::string_view method, std::vector<std::pair<std::string_view, std::string>>& values)
      : method_(method), values_(values) {}

  // `path` is what is left: empty, or with its leading slash. True once a route was found.
  bool descend(const Node& node, std::string_view path) {
    if (path.empty()) return take(node.here) || take_rest(node, path);
    const auto end = std::min(path.find('/', 1), path.size());
    const auto component = path.substr(1, end - 1);
    const auto remaining = path.substr(end);
    std::string decoded;
    std::string_view text = component;
    if (component.find('%') != std::string_view::npos) {
      decoded = percent_decode(component).value_or(std::string());
      text = decoded;
    }
    if (const auto found = node.literals.find(text); found != node.literals.end()) {
      if (descend(*found->second, remaining)) return true;
    }
    if (node.parameter && !text.empty()) {
      values_.emplace_back(std::string_view(), std::string(text));
      if (descend(*node.parameter, remaining)) return true;
      values_.pop_back();
    }
    return take_rest(node, path);
  }

  const Router::Route* route() const { return route_; }
  bool path_found() const { return !allow_.empty(); }
  std::string& allow() { return allow_; }

 private:
  template <class Methods>
  bool take(const Methods& methods) {
    if (methods.empty()) return false;
    route_ = find_method(methods, method_);
    if (route_ == nullptr) add_allowed(methods, allow_);
    return route_ != nullptr;
  }
  bool take_rest(const Node& node, std::string_view path) {
    if (!take(node.rest)) return false;
    if (path.starts_with('/')) path.remove_prefix(1);
    values_.emplace_back(std::string_view(), percent_decode(path).value_or(std::string()));
    return true;
  }

  const std::string_view method_;
  std::vector<std::pair<std::string_view, std::string>>& values_;
  const Router::Route* route_ = nullptr;
  std::string allow_;
};

// Whether nobody can be misled by the path, whichever way it is decoded.
bool is_clean(std::string_view path) {
  if (path.find('%') == std::string_view::npos)
    return path.find("/.") == std::string_view::npos || !has_dot_component(path);
  const auto decoded = percent_decode(path);
  return decoded && decoded->find('\0') == std::string::npos && !has_dot_component(*decoded);
}

}  // namespace

Router::Router() : Router(Options{}) {}
Router::Router(Options options) : options_(options), root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(std::string_view methods, std::string_view pattern, RouteOptions options, Handler handler) {
  assert(pattern.starts_with('/'));
  std::vector<std::string> parameters;
  Node* node = root_.get();
  bool rest = false;
  std::string_view left = pattern == "/" ? std::string_view() : pattern;
  while (!left.empty()) {
    assert(!rest);
    const auto end = std::min(left.find('/', 1), left.size());
    auto component = left.substr(1, end - 1);
    left.remove_prefix(end);
    if (component.starts_with('{')) {
      assert(component.size() > 2 && component.ends_with('}'));
      component = component.substr(1, component.size() - 2);
      rest = component.ends_with('*');
      if (rest) component.remove_suffix(1);
      parameters.emplace_back(component);
      if (rest) continue;
      if (!node->parameter) node->parameter = std::make_unique<Node>();
      node = node->parameter.get();
    } else {
      auto& child = node->literals[std::string(component)];
      if (!child) child = std::make_unique<Node>();
      node = child.get();
    }
  }
  auto& table = rest ? node->rest : node->here;
  while (!methods.empty()) {
    const auto end = std::min(methods.find(' '), methods.size());
    const auto method = methods.substr(0, end);
    methods.remove_prefix(std::min(end + 1, methods.size()));
    if (method.empty()) continue;
    auto route = std::make_unique<Route>(Route{std::string(pattern), options, handler, parameters});
    const auto same =
        std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.first == method; });
    if (same != table.end()) {
      same->second = std::move(route);
    } else {
      table.emplace_back(std::string(method), std::move(route));
    }
  }
}

std::vector<std::pair<std::string, std::string>> Router::routes() const {
  std::vector<std::pair<std::string, std::string>> all;
  const auto visit = [&all](const auto& self, const Node& node) -> void {
    for (const auto* table : {&node.here, &node.rest}) {
      for (const auto& [method, route] : *table) all.emplace_back(method, route->pattern);
    }
    for (const auto& [name, child] : node.literals) self(self, *child);
    if (node.parameter) self(self, *node.parameter);
  };
  visit(visit, *root_);
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return std::tie(a.second, a.first) < std::tie(b.second, b.first); });
  return all;
}

Router::Match Router::match(Request& request) const {
  const auto path = request.raw_path();
  auto& values = request.route_parameters();
  values.clear();
  if (path == "*") return {Outcome::NotFound, nullptr, {}};
  if (!is_clean(path)) return {Outcome::BadPath, nullptr, {}};

  const auto search = [&](std::string_view text) -> Match {
    Search<Node> walk(request.method(), values);
    if (walk.descend(*root_, text == "/" ? std::string_view() : text)) {
      const auto& names = walk.route()->parameters;
      for (std::size_t i = 0; i < values.size() && i < names.size(); ++i) values[i].first = names[i];
      return {Outcome::Found, walk.route(), {}};
    }
    values.clear();
    if (walk.path_found()) return {Outcome::MethodNotAllowed, nullptr, std::move(walk.allow())};
    return {Outcome::NotFound, nullptr, {}};
  };
  auto match = search(path);
  if (match.outcome == Outcome::NotFound && options_.ignore_trailing_slash && path.size() > 1 && path.ends_with('/') &&
      !path.ends_with("//"))
    match = search(path.substr(0, path.size() - 1));
  return match;
}

}  // namespace slipway::http
