// One row of the operation table, and what its function gets.
#pragma once

#include <boost/json/fwd.hpp>
#include <boost/json/memory_resource.hpp>
#include <span>
#include <string>
#include <string_view>

#include "core/management/management.h"

namespace slipway::management {

struct Call {
  const OpContext& ctx;
  const Actor& actor;
  const ManagementRooms& rooms;
  const boost::json::object& input;
  boost::json::memory_resource* storage;  // for long results: filled and freed at once; lives until they are serialized

  bool is_superuser() const;
  // Admins with a role see and change only what has the same role.
  bool is_scoped() const { return actor.kind == Actor::Kind::Admin && !actor.role.empty(); }
  // A text member of the input; InvalidArgument when it is absent, empty or no text.
  Result<std::string> text(std::string_view member) const;
  // The same for the name of an account, as the naming rules know it.
  Result<std::string> name(std::string_view member) const;
  std::string text_or(std::string_view member, std::string_view otherwise) const;
  Result<std::int64_t> integer_or(std::string_view member, std::int64_t otherwise) const;
  bool flag(std::string_view member) const;
};

// What an admin hears of a user that is not there, or has another role: nobody can tell which.
Error no_such_user(std::string_view username);

struct Operation {
  OperationInfo info;
  Result<boost::json::value> (*run)(const Call&);
};

// One list a family; the table is all of them.
std::span<const Operation> user_operations();
std::span<const Operation> entity_operations();  // groups, folders, roles, admins, API keys
std::span<const Operation> mfa_operations();
std::span<const Operation> self_operations();   // profile and password of whoever asks
std::span<const Operation> share_operations();  // of whoever asks
std::span<const Operation> ip_list_operations();
std::span<const Operation> event_operations();  // actions and rules
std::span<const Operation> mail_operations();
std::span<const Operation> build_operations();  // version, and what is not there
std::span<const Operation> quota_operations();
std::span<const Operation> defender_operations();
std::span<const Operation> data_operations();
std::span<const Operation> server_operations();  // connections, modules, status

// {"offset", "limit", "order"}: limit 1 to 500, 100 when absent.
Result<accounts::ListRequest> list_request(const Call& call);
// {"items": items, "next": offset of what follows, or null}
boost::json::value page(boost::json::array items, const accounts::ListRequest& request);

// Of an operation that needs a running server.
Error needs_server(std::string_view operation);

}  // namespace slipway::management
