// URLs of requests and of the section's prefixes, parsed once and compared in one form.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slipway/result.h"

namespace slipway::http {

class Url {
 public:
  // InvalidArgument unless `text` is an http:// or https:// URL. Dot segments of the path are resolved.
  static Result<Url> parse(std::string_view text);

  // Adds names and values, percent-encoded, to the query.
  void add_query(const std::vector<std::pair<std::string, std::string>>& parameters);

  // What is requested; without user and password.
  std::string text() const;
  const std::string& user() const noexcept { return user_; }
  const std::string& password() const noexcept { return password_; }
  // For logs and messages: without user, password, query and fragment.
  std::string shown() const { return origin_ + path_; }

  // Whether this URL starts with `prefix` and the prefix ends at its end or at '/', '?' or '#'. Scheme, host and port
  // are compared whole, default ports as if they were written.
  bool is_within(const Url& prefix) const;

 private:
  std::string whole() const;
  std::string origin_;  // "https://host:443", lower case
  std::string path_;    // starts with '/'
  std::string query_, fragment_;
  std::string user_, password_;
};

}  // namespace slipway::http
