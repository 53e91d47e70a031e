// The words of the server's own mails: from a file of the administrator, or built in.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slipway/result.h"

namespace slipway::email {

using TemplateValues = std::vector<std::pair<std::string, std::string>>;

// Replaces {{.Name}} by its value, escaped for HTML. InvalidArgument for any other action between braces, and for a
// name that has no value: half a mail helps nobody.
Result<std::string> render(std::string_view text, const TemplateValues& values);

// The built-in one; empty for a name that there is none for.
std::string_view built_in_template(std::string_view name) noexcept;

// <folder>/email/<name>.html, at most 256 KiB. NotFound.
Result<std::string> read_template(const std::string& folder, const std::string& name);

}  // namespace slipway::email
