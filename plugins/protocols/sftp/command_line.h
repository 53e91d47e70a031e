// The command line of an exec request, cut into words by the quoting rules of the POSIX shell; nothing is expanded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::sftp {

inline constexpr std::size_t kMaxCommandLine = 64 * 1024;
inline constexpr std::size_t kMaxCommandWords = 1000;

// Blanks and newlines separate words. Single quotes keep everything; in double quotes a backslash escapes $ ` " \ and a
// newline; outside it escapes any byte, and with a newline after it vanishes. Operators, globs and variables are plain
// text. Nothing for a quote that is not closed, a backslash at the end, a NUL byte, or more than the limits.
std::optional<std::vector<std::string>> split_command_line(std::string_view line);

}  // namespace slipway::sftp
