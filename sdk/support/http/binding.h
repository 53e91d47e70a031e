// A binding's options, checked and prepared for use with each request.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/result.h"
#include "support/http/binding_options.h"
#include "support/http/cors.h"
#include "support/http/host_names.h"
#include "support/http/networks.h"
#include "support/http/request.h"
#include "support/http/response.h"

namespace slipway::http {

// Immutable once made; shared by connections and threads.
class Binding {
 public:
  static Result<std::shared_ptr<const Binding>> make(BindingOptions options);

  const BindingOptions& options() const noexcept { return options_; }
  const Router& router() const noexcept { return *options_.router; }

  // Who the client is and how it came, from the fields that trusted proxies set; those of others are removed.
  void identify(RequestParts& parts) const;
  // Puts the fields in that every response has, and answers what needs no route: a wrong host (403), a redirect to
  // HTTPS, a CORS preflight. True: it has answered.
  bool answer(const Request& request, Response& response) const;

 private:
  explicit Binding(BindingOptions options) : options_(std::move(options)), cors_(options_.cors) {}
  Status prepare();
  std::optional<std::string> client_address(const Fields& fields) const;

  const BindingOptions options_;
  const Cors cors_;
  Networks proxies_;
  HostNames hosts_;
  std::string security_fields_, sts_;
};

}  // namespace slipway::http
