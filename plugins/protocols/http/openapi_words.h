// What the OpenAPI document says of the routes that the route table does not: names, words, parameters, documents.
#pragma once

#include <span>
#include <string_view>

namespace slipway::httpd {

struct RouteWords {
  std::string_view method, path;  // as in the route table
  std::string_view id, tag;       // operationId as in the contract, so that generated clients keep their names
  std::string_view summary = {};  // empty: that of the management operation
  // Parameters of the query and the header, by their keys in parameter_words(); those of pages come by themselves.
  std::string_view parameters = {};
  // The body: a schema, "form" for files of a form, "piece" of an upload, "bytes". Empty: as the operation says.
  std::string_view takes = {};
  // Status and body of a success: "201 ApiResponse", "200 bytes", "200 zip", "200 text", "204 none". Empty: as the
  // operation says.
  std::string_view gives = {};
  std::string_view errors = {};  // statuses beside those that go without saying
};

struct ParameterWords {
  std::string_view key;  // the name, or "name:use" where a name means different things
  std::string_view in;   // "query", "header" or "path"
  std::string_view type;
  std::string_view words;
  std::string_view values = {};  // "a b": what it may be
  bool required = false;
};

struct TagWords {
  std::string_view name, words;
};

std::span<const RouteWords> admin_route_words();
std::span<const RouteWords> user_route_words();
// Of what stands beside the API, at the root of the server.
std::span<const RouteWords> root_route_words();
std::span<const ParameterWords> parameter_words();
std::span<const TagWords> tag_words();

}  // namespace slipway::httpd
