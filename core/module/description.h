// What a module says of itself and what it is set to, as a JSON document for administrators.
#pragma once

#include <boost/json/fwd.hpp>

#include "core/config/options.h"
#include "slipway/abi.h"
#include "slipway/result.h"

namespace slipway::module {

// {"module", "kind", "version", "summary", "provides", "section", "options", "use_options", "values"}: the tables of
// options with type, default, help and limits. `values` are those in use, or what is wrong with what is configured
// ("error"); secrets that are set are "[**redacted**]".
boost::json::object describe(const ModuleDescriptor& descriptor, const Result<config::OptionValues>& values);

}  // namespace slipway::module
