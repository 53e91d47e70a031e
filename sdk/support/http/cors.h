// Cross-origin resource sharing: which origins may read answers, and the answers to preflights (the Fetch standard).
#pragma once

#include <string>
#include <string_view>

#include "support/http/binding_options.h"
#include "support/http/request.h"
#include "support/http/response.h"

namespace slipway::http {

class Cors {
 public:
  explicit Cors(const CorsOptions& options);
  // Adds the fields of a cross-origin answer. True: the request was a preflight and is answered.
  bool answer(const Request& request, Response& response) const;

 private:
  bool origin_allowed(std::string_view origin) const;
  bool method_allowed(std::string_view method) const;
  bool headers_allowed(std::string_view list) const;
  void preflight(const Request& request, std::string_view origin, Response& response) const;
  void allow_origin(std::string_view origin, Response& response) const;

  CorsOptions options_;
  bool all_origins_ = false, all_headers_ = false;
  std::string methods_, exposed_;
};

}  // namespace slipway::http
