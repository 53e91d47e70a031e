// Whether an option table that a module brings can be trusted by the code that reads options with it.
#pragma once

#include <cstddef>

#include "slipway/option.h"
#include "slipway/result.h"

namespace slipway::module {

// Texts are present and bounded, types known, ranges not empty; then what config::check_options demands. `which` is how
// the error calls the table. The error has no subject.
Status check_option_table(const OptionSpec* table, std::size_t count, const char* which);

}  // namespace slipway::module
