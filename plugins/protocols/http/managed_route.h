// Routes that are an operation of the management service: how the request becomes its document, and its result the
// answer.
#pragma once

#include <string>
#include <string_view>

#include "route.h"

namespace slipway::httpd {

struct Managed {
  enum class Takes : std::uint8_t {
    Nothing,
    Page,    // offset, limit and order of the query
    Object,  // confidential_data of the query
    Body,    // the body, which is an object; also confidential_data
  };
  enum class Gives : std::uint8_t {
    Items,    // an array
    Result,   // what the operation gave
    Created,  // the same with 201 and Location
    Message,  // `message`
  };

  std::string_view method, path, operation;
  // The member of the operation's document that names the object, and of its result when one is created. The path's
  // parameter goes there.
  std::string_view key = {};
  Takes takes = Takes::Nothing;
  Gives gives = Gives::Result;
  std::string_view message = {};
  int status = 200;
  unsigned flags = 0;
  Audience audience = Audience::Admin;
  // Errors that mean something else here; 0: as everywhere.
  int status_of_conflict = 0, status_of_unsupported = 0;
  // More of the request for the document; null: nothing. An error is answered.
  Status (*prepare)(Exchange&, boost::json::object& input) = nullptr;
  // After a success; null: nothing.
  void (*done)(Exchange&) = nullptr;
};

Route managed(const Managed& mapping);

}  // namespace slipway::httpd
