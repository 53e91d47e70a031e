#include "openapi.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "managed_route.h"
#include "openapi_words.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;
using Takes = Managed::Takes;
using Gives = Managed::Gives;

constexpr std::string_view kApi = "/api/v2";

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

json::object schema_of(std::string_view type) {
  if (type.ends_with("[]")) return {{"type", "array"}, {"items", schema_of(type.substr(0, type.size() - 2))}};
  if (type == "string" || type == "boolean" || type == "integer") return {{"type", type}};
  return {{"$ref", "#/components/schemas/" + std::string(type)}};
}

json::object content(std::string_view type, json::object schema) {
  return {{type, json::object{{"schema", std::move(schema)}}}};
}

// The content of a body by its word: a kind of file, or the name of a schema.
json::object content_of(std::string_view word) {
  const json::object binary{{"type", "string"}, {"format", "binary"}};
  if (word == "bytes") return content("*/*", binary);
  if (word == "piece") return content("application/offset+octet-stream", binary);
  if (word == "none") return {};
  if (word == "zip") return content("application/zip", binary);
  if (word == "text") return content("text/plain", schema_of("string"));
  if (word == "html") return content("text/html", schema_of("string"));
  if (word == "script") return content("text/javascript", schema_of("string"));
  if (word == "style") return content("text/css", schema_of("string"));
  if (word == "json") return content("application/json", {{"type", "object"}});
  if (word == "yaml") return content("application/yaml", {{"type", "object"}});
  if (word == "form")
    return content(
        "multipart/form-data",
        {{"type", "object"},
         {"properties",
          {{"filenames", {{"type", "array"}, {"items", binary}, {"description", "the files, each with its name"}}}}}});
  return content("application/json", schema_of(word));
}

std::string_view meaning_of(int status) {
  switch (status) {
    case 101:
      return "the connection is a WebSocket from here on";
    case 206:
      return "the parts that were asked for";
    case 301:
      return "it is at Location";
    case 304:
      return "not changed since";
    case 400:
      return "something of the request is wrong";
    case 401:
      return "who asks is not known";
    case 403:
      return "not allowed";
    case 404:
      return "it is not there";
    case 409:
      return "it is there already, in use, or just being changed";
    case 412:
      return "a precondition does not hold";
    case 413:
      return "too large";
    case 415:
      return "the body is of another type than Content-Type should say";
    case 416:
      return "the file has no such part";
    case 426:
      return "the client must ask for a WebSocket";
    case 429:
      return "too many at a time; Retry-After says when to come again";
    case 460:
      return "the piece is not what its checksum says";
    case 501:
      return "not part of this server";
    case 503:
      return "not now";
    case 507:
      return "the storage is full";
    default:
      return status < 300 ? "done" : "the server failed";
  }
}

class Writer {
 public:
  explicit Writer(const ManagementService& management) : management_(management) {
    for (const auto family : {admin_route_words(), user_route_words()})
      for (const RouteWords& row : family) words_.emplace(key(row.method, row.path), &row);
  }

  json::object document(std::span<const Route> routes) {
    json::object paths;
    for (const RouteWords& row : root_route_words()) add_root(paths, row);
    for (const Route& route : routes) add(paths, route);
    json::array tags;
    for (const TagWords& tag : tag_words()) tags.push_back({{"name", tag.name}, {"description", tag.words}});
    return {{"openapi", "3.0.3"},
            {"info",
             {{"title", "Slipway REST API"},
              {"version", "2"},
              {"description",
               "Administrators and users log in for a token at /token and /user/token, with name and password in Basic "
               "credentials, and send it along as Authorization: Bearer. API keys go into X-SFTPGO-API-KEY; the name "
               "of an account follows keys that are not bound to one, after a dot. Bodies are JSON unless something "
               "else is said; members that are not known are ignored. PUT replaces the whole object: what is left out "
               "is at its default afterwards, secrets and passwords excepted. Errors have a text for people in error "
               "or message."}}},
            {"servers", json::array{json::object{{"url", kApi}}}},
            {"tags", std::move(tags)},
            {"paths", std::move(paths)},
            {"components",
             {{"securitySchemes",
               {{"Basic", {{"type", "http"}, {"scheme", "basic"}}},
                {"Bearer", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}},
                {"Key", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-SFTPGO-API-KEY"}}}}},
              {"schemas", schemas()}}}};
  }

 private:
  static std::string key(std::string_view method, std::string_view path) {
    return std::string(method) + " " + std::string(path);
  }

  json::value schemas() const {
    boost::system::error_code failure;
    json::value parsed = json::parse(management_.schemas(), failure);
    return failure ? json::object() : std::move(parsed);
  }

  const OperationInfo* operation(std::string_view name) const {
    const auto all = management_.operations();
    const auto found = std::ranges::find(all, name, &OperationInfo::name);
    return name.empty() || found == all.end() ? nullptr : &*found;
  }

  static std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
  }

  static json::object& place(json::object& paths, std::string_view pattern) {
    json::value& item = paths[openapi_path(pattern)];
    if (!item.is_object()) item = json::object();
    return item.get_object();
  }

  void add_root(json::object& paths, const RouteWords& row) {
    json::object& item = place(paths, row.path);
    item["servers"] = json::array{json::object{{"url", "/"}}};
    json::object answers;
    answers["200"] = json::object{{"description", meaning_of(200)}, {"content", content_of(row.gives.substr(4))}};
    for (const std::string_view status : split(row.errors, ' '))
      answers[status] = json::object{{"description", meaning_of(number(status))}};
    for (const int status : {403, 429, 503}) add_error(answers, status);
    item[lower(row.method)] = json::object{{"operationId", row.id},
                                           {"tags", json::array{row.tag}},
                                           {"summary", row.summary},
                                           {"security", json::array()},
                                           {"responses", std::move(answers)}};
  }

  void add(json::object& paths, const Route& route) {
    const auto found = words_.find(key(route.method, route.path));
    const RouteWords none{route.method, route.path, {}, "server"};
    const RouteWords& row = found == words_.end() ? none : *found->second;
    const OperationInfo* info = operation(route.operation);
    if (info == nullptr && route.mapping) info = operation(route.mapping->operation);

    json::object entry;
    if (!row.id.empty()) entry["operationId"] = row.id;
    entry["tags"] = json::array{row.tag};
    entry["summary"] = !row.summary.empty() ? row.summary
                       : info != nullptr    ? info->summary
                                            : std::string_view(route.path);
    if (std::string text = who_may(route, info); !text.empty()) entry["description"] = std::move(text);
    entry["security"] = security(route, row);
    if (json::array list = parameters(route, row); !list.empty()) entry["parameters"] = std::move(list);
    if (const std::string_view body = body_of(route, row, info); !body.empty())
      entry["requestBody"] = json::object{{"required", true}, {"content", content_of(body)}};
    entry["responses"] = responses(route, row, info);
    place(paths, route.path)[lower(route.method)] = std::move(entry);
  }

  static std::string who_may(const Route& route, const OperationInfo* info) {
    if (route.audience == Audience::Anyone) return {};
    std::string text = route.audience == Audience::Admin ? "For administrators" : "For users";
    if (route.audience == Audience::Admin && info != nullptr && !info->permission.empty() &&
        info->permission != "self") {
      text += " with the permission ";
      for (const std::string_view one : split(info->permission, '|'))
        text += (text.ends_with(' ') ? "" : " or ") + std::string(one);
    }
    if ((route.flags & kWrites) != 0) text += " that are not kept from writing over HTTP";
    text += '.';
    if ((route.flags & kNoApiKey) != 0) text += " API keys are not taken.";
    return text;
  }

  static json::array security(const Route& route, const RouteWords& row) {
    if (route.audience == Audience::Anyone) {
      if (row.tag == "tokens") return {json::object{{"Basic", json::array()}}};
      if (row.tag != "public shares") return {};
      json::array ways{json::object(), json::object{{"Basic", json::array()}}};
      // What gives the token does not take it.
      if (route.path.find("/auth/") == std::string_view::npos) ways.push_back(json::object{{"Bearer", json::array()}});
      return ways;
    }
    json::array ways{json::object{{"Bearer", json::array()}}};
    if ((route.flags & kNoApiKey) == 0) ways.push_back(json::object{{"Key", json::array()}});
    return ways;
  }

  static json::object parameter(const ParameterWords& words) {
    json::object schema = schema_of(words.type);
    if (!words.values.empty()) {
      json::array allowed;
      for (const std::string_view value : split(words.values, ' '))
        allowed.push_back(words.type == "integer" ? json::value(number(value)) : json::value(value));
      schema["enum"] = std::move(allowed);
    }
    json::object made{{"name", words.key.substr(0, words.key.find(':'))},
                      {"in", words.in},
                      {"description", words.words},
                      {"schema", std::move(schema)}};
    if (words.required || words.in == "path") made["required"] = true;
    return made;
  }

  static const ParameterWords* find_parameter(std::string_view key, bool in_path) {
    for (const ParameterWords& words : parameter_words())
      if (words.key == key && (words.in == "path") == in_path) return &words;
    return nullptr;
  }

  static json::array parameters(const Route& route, const RouteWords& row) {
    json::array list;
    std::string_view rest = route.path;
    for (auto open = rest.find('{'); open != std::string_view::npos; open = rest.find('{')) {
      rest.remove_prefix(open + 1);
      std::string_view name = rest.substr(0, rest.find('}'));
      if (name.ends_with('*')) name.remove_suffix(1);
      const auto* words = find_parameter(name, true);
      list.push_back(parameter(words != nullptr ? *words : ParameterWords{name, "path", "string", "part of the path"}));
    }
    std::string keys(row.parameters);
    if (route.mapping && route.mapping->takes == Takes::Page) keys += " offset limit order";
    if (route.mapping && shows_secrets(*route.mapping)) keys += " confidential_data";
    for (const std::string_view key : split(keys, ' '))
      if (const auto* words = find_parameter(key, false); words != nullptr) list.push_back(parameter(*words));
    return list;
  }

  static bool shows_secrets(const Managed& mapping) {
    return mapping.takes == Takes::Object || mapping.gives == Gives::Created;
  }

  static std::string_view body_of(const Route& route, const RouteWords& row, const OperationInfo* info) {
    if (!row.takes.empty()) return row.takes;
    if (route.mapping && route.mapping->takes == Takes::Body && info != nullptr) return info->input;
    return {};
  }

  // Status and body of a success; empty for routes that never succeed.
  static std::pair<int, std::string> success(const Route& route, const RouteWords& row, const OperationInfo* info) {
    if (!row.gives.empty()) return {number(row.gives.substr(0, 3)), std::string(row.gives.substr(4))};
    if (!route.mapping || info == nullptr) return {0, {}};
    const std::string output(info->output.empty() ? "ApiResponse" : info->output);
    switch (route.mapping->gives) {
      case Gives::Created:
        return {201, output};
      case Gives::Message:
        return {route.mapping->status, "ApiResponse"};
      default:
        return {route.mapping->status, output};
    }
  }

  static json::object responses(const Route& route, const RouteWords& row, const OperationInfo* info) {
    json::object all;
    if (const auto [status, body] = success(route, row, info); status != 0) {
      json::object answer{{"description", meaning_of(status)}};
      add_headers(answer, route, row, status);
      const auto kinds = split(body, '|');
      if (kinds.front() != "none") answer["content"] = content_of(kinds.front());
      if (kinds.size() > 1) add_kind(answer.at("content").as_object(), kinds[1]);
      if (split(row.errors, ' ').size() > 1 && body.ends_with("bytes"))
        all["206"] = json::object{{"description", meaning_of(206)}, {"content", content_of("bytes")}};
      all[std::to_string(status)] = std::move(answer);
    }
    std::vector<int> errors{400, 403, 429, 500, 503};
    if (route.audience != Audience::Anyone || row.tag == "tokens" || row.tag == "public shares") errors.push_back(401);
    if (route.path.find('{') != std::string_view::npos) errors.push_back(404);
    const bool has_body = !body_of(route, row, info).empty();
    if (has_body) errors.insert(errors.end(), {408, 413});
    if (route.mapping && route.method != "GET") errors.insert(errors.end(), {404, 409});
    if (route.mapping && route.mapping->status_of_unsupported == 0 && route.method == "POST") errors.push_back(501);
    for (const std::string_view status : split(row.errors, ' ')) errors.push_back(number(status));
    std::ranges::sort(errors);
    for (const int status : errors) add_error(all, status);
    return all;
  }

  // A second kind of document for the same status.
  static void add_kind(json::object& answer, std::string_view word) {
    for (auto& [type, media] : content_of(word)) {
      if (auto* known = answer.if_contains(type)) {
        auto& schema = known->at("schema");
        schema = json::object{{"anyOf", json::array{schema, media.at("schema")}}};
      } else {
        answer[type] = std::move(media);
      }
    }
  }

  static void add_headers(json::object& answer, const Route& route, const RouteWords& row, int status) {
    json::object headers;
    const auto add = [&](const char* name, const char* words) {
      headers[name] = json::object{{"description", words}, {"schema", schema_of("string")}};
    };
    if (status == 201 && (route.mapping || row.tag == "own shares" || row.tag == "API keys" || row.tag == "IP lists"))
      add("Location", "path of the new object");
    if (status == 201 && row.gives == "201 none") add("Location", "where the pieces go");
    if (status == 201 && (row.tag == "own shares" || row.tag == "API keys")) add("X-Object-ID", "id of the new object");
    if (!headers.empty()) answer["headers"] = std::move(headers);
  }

  static void add_error(json::object& all, int status) {
    const std::string text = std::to_string(status);
    if (all.contains(text)) return;
    json::object answer{{"description", meaning_of(status)}};
    if (status != 304 && status != 206) answer["content"] = content_of("ApiResponse");
    all[text] = std::move(answer);
  }

  static int number(std::string_view text) {
    int value = 0;
    for (const char c : text) value = value * 10 + (c - '0');
    return value;
  }

  const ManagementService& management_;
  std::map<std::string, const RouteWords*, std::less<>> words_;
};

}  // namespace

std::string openapi_path(std::string_view pattern) {
  std::string path;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (pattern[i] != '*' || i + 1 == pattern.size() || pattern[i + 1] != '}') path += pattern[i];
  return path;
}

std::string openapi_document(const OpenApiSource& source) {
  return json::serialize(Writer(source.management).document(source.routes));
}

}  // namespace slipway::httpd
