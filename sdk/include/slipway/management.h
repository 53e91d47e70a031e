// The one door to administration: operations by name, documents in JSON. The command line, the HTTP module, Lua and
// other modules go through it, with the same checks and the same provider events. Not a hot path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slipway/module.h"

namespace slipway {

// On whose behalf an operation runs.
struct Actor {
  enum class Kind : std::uint8_t { System, Admin, User };
  Kind kind = Kind::System;
  std::string name;                      // "__system__" for System
  std::vector<std::string> permissions;  // of an admin: "view_users", "*"
  std::string role;                      // of a role admin; empty otherwise
  std::string address;                   // where the request came from; empty for the command line
};

struct OperationInfo {
  std::string_view name;  // "users.update"
  // What an admin needs; empty: any admin; "self": any admin or user, for their own account; "system": the command line
  // only.
  std::string_view permission;
  std::string_view input;   // schema of the REST contract: "User"; empty: none
  std::string_view output;  // "User", "User[]", ...
  std::string_view summary;
};

class ManagementService {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.management.v1";
  virtual std::span<const OperationInfo> operations() const = 0;
  // `input` and the result are JSON documents of the contract's schemas; objects are named by their "name" or
  // "username" member, lists take {"offset", "limit", "order"} and answer {"items": [...], "next": offset or null}.
  // InvalidArgument: the document, with the JSON pointer of what is wrong; PermissionDenied: the actor; NotFound;
  // Exists; Conflict: something still refers to it.
  virtual Result<std::string> call(const OpContext&, const Actor&, std::string_view operation,
                                   std::string_view input) = 0;
  // The schemas that operations name, as the JSON object below components/schemas of an OpenAPI 3.0 document.
  virtual std::string schemas() const { return "{}"; }

 protected:
  ~ManagementService() = default;
};

}  // namespace slipway
