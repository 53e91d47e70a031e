// The schemas of the documents that operations take and give: from the described types of the accounts, and from
// tables of words.
#pragma once

#include <boost/json/fwd.hpp>

namespace slipway::management {

// Name -> schema object of OpenAPI 3.0; references are "#/components/schemas/User".
boost::json::object make_schemas();

}  // namespace slipway::management
