// The variables that overlay the configuration: those of the process, then those of <configuration folder>/env.d.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/options.h"
#include "slipway/result.h"

namespace slipway::config {

using Variables = std::vector<std::pair<std::string, std::string>>;
// The value of a variable, for $NAME in double quotes; null when it is not set.
using VariableLookup = std::function<const std::string*(std::string_view name)>;

// One env.d file: lines of KEY=value, blank lines and lines that start with '#'; "export " before KEY is skipped.
//   KEY=text           as it is, without blanks around it and without a comment ( #…) behind it
//   KEY='text'         as it is
//   KEY="text"         \n \r \t \" \\ \$ are escapes, any other \x stands for x; $NAME and ${NAME} are replaced by the
//   value
//                      of a variable set earlier or in the process, by nothing when there is none
// An error's subject is the line; it never repeats a value.
Result<Variables> parse_env_file(std::string_view text, const VariableLookup& lookup);

// The process's variables whose names start with SLIPWAY_ or SFTPGO_ (in any case; the exact spelling wins over
// others), names in upper case.
Environment process_environment();

// process_environment(), completed from env.d: all regular files (and links to such), in the order of their names. A
// variable that is set already stays. A file that cannot be read, is larger than 1 MiB or has a malformed line is an
// error.
Result<Environment> load_environment(const std::string& config_dir);

// Puts the variables of env.d that are no keys of the configuration into the process environment, where they are not
// set, for modules and for the programs that hooks start. To be called once, before there are threads.
Status export_env_files(const std::string& config_dir);

}  // namespace slipway::config
