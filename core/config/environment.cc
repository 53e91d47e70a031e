#include "core/config/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/base/text.h"
#include "core/config/read_file.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX declares it nowhere

namespace slipway::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxEnvFileBytes = 1024 * 1024;
constexpr std::size_t kMaxEnvFiles = 1000;
constexpr std::size_t kMaxValueBytes = 1024 * 1024;  // expansion may multiply

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_char(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

// The name at the start of `text`, empty if there is none.
std::string_view leading_name(std::string_view text) {
  if (text.empty() || !is_name_start(text[0])) return {};
  return text.substr(0,
                     static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_name_char) - text.begin()));
}

// Reads the lines of one file.
class EnvFileParser {
 public:
  explicit EnvFileParser(const VariableLookup& lookup) : lookup_(lookup) {}

  Result<Variables> parse(std::string_view text) {
    constexpr std::string_view kMark = "\xef\xbb\xbf";
    if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
    while (!text.empty()) {
      ++line_;
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      SLIPWAY_TRY(read_line(trim(line)));
    }
    return std::move(variables_);
  }

 private:
  Error refuse(std::string cause) const {
    return Error(Errc::InvalidArgument, "line " + std::to_string(line_), std::move(cause));
  }

  Status read_line(std::string_view line) {
    if (line.empty() || line[0] == '#') return ok();
    if (line.find('\0') != std::string_view::npos) return refuse("a NUL character is not allowed");
    constexpr std::string_view kExport = "export";
    if (line.starts_with(kExport) && line.size() > kExport.size() && (line[6] == ' ' || line[6] == '\t'))
      line = trim(line.substr(kExport.size()));
    const std::string_view name = leading_name(line);
    const std::string_view rest = trim(line.substr(name.size()));
    if (name.empty() || !rest.starts_with('=')) return refuse("must be KEY=value");
    SLIPWAY_ASSIGN(std::string value, read_value(trim(rest.substr(1))));
    variables_.emplace_back(name, std::move(value));
    return ok();
  }

  Result<std::string> read_value(std::string_view text) {
    if (text.starts_with('\'')) {
      const std::size_t end = text.find('\'', 1);
      if (end == std::string_view::npos) return refuse("the single quote is not closed");
      SLIPWAY_TRY(check_rest(text.substr(end + 1)));
      return std::string(text.substr(1, end - 1));
    }
    if (text.starts_with('"')) return read_double_quoted(text.substr(1));
    if (text.starts_with('#')) return std::string();
    for (std::size_t i = 1; i < text.size(); ++i)
      if (text[i] == '#' && (text[i - 1] == ' ' || text[i - 1] == '\t')) return std::string(trim(text.substr(0, i)));
    return std::string(text);
  }

  Status check_rest(std::string_view rest) const {
    rest = trim(rest);
    if (!rest.empty() && rest[0] != '#') return refuse("there is text behind the closing quote");
    return ok();
  }

  Result<std::string> read_double_quoted(std::string_view text) {
    std::string value;
    for (std::size_t i = 0; i < text.size();) {
      if (value.size() > kMaxValueBytes) return refuse("the value is longer than 1 MiB");
      const char c = text[i];
      if (c == '"') {
        SLIPWAY_TRY(check_rest(text.substr(i + 1)));
        return value;
      }
      if (c == '\\' && i + 1 < text.size()) {
        const char escaped = text[i + 1];
        value += escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped == 't' ? '\t' : escaped;
        i += 2;
      } else if (c == '$') {
        const bool braces = i + 1 < text.size() && text[i + 1] == '{';
        const std::string_view name = leading_name(text.substr(i + (braces ? 2 : 1)));
        if (braces) {
          const std::size_t end = i + 2 + name.size();
          if (name.empty() || end >= text.size() || text[end] != '}')
            return refuse("${ must be followed by a name and }");
          i = end + 1;
        } else if (name.empty()) {
          value += c;  // a lone dollar sign
          ++i;
          continue;
        } else {
          i += 1 + name.size();
        }
        if (const std::string* found = find(name); found != nullptr) value += *found;
      } else {
        value += c;
        ++i;
      }
    }
    return refuse("the double quote is not closed");
  }

  const std::string* find(std::string_view name) const {
    if (lookup_)
      if (const std::string* found = lookup_(name); found != nullptr) return found;
    for (const auto& [key, value] : variables_)
      if (key == name) return &value;
    return nullptr;
  }

  const VariableLookup& lookup_;
  Variables variables_;
  std::size_t line_ = 0;
};

bool is_ours(std::string_view upper) { return upper.starts_with("SLIPWAY_") || upper.starts_with("SFTPGO_"); }

std::map<std::string, std::string, std::less<>> all_process_variables() {
  std::map<std::string, std::string, std::less<>> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos && equals != 0)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

// Upper-case names of ours; on a clash of spellings the exact one stays.
Environment ours_of(const std::map<std::string, std::string, std::less<>>& variables) {
  Environment environment;
  for (const auto& [name, value] : variables) {
    const std::string upper = to_upper(name);
    if (!is_ours(upper)) continue;
    if (name == upper)
      environment.insert_or_assign(upper, value);
    else
      environment.emplace(upper, value);
  }
  return environment;
}

// The variables of env.d that are not in `variables` are added to it.
Status add_env_files(const std::string& config_dir, std::map<std::string, std::string, std::less<>>& variables) {
  const fs::path folder = fs::path(config_dir) / "env.d";
  std::error_code error;
  if (!fs::is_directory(folder, error)) return ok();
  std::vector<fs::path> files;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (fs::is_regular_file(at->path(), ignored)) files.push_back(at->path());
    if (files.size() > kMaxEnvFiles) return Error(Errc::TooLarge, folder.native(), "holds more than 1000 files");
  }
  if (error) return Error(Errc::IoError, folder.native(), "cannot be listed: " + error.message());
  std::sort(files.begin(), files.end());

  const VariableLookup lookup = [&](std::string_view name) -> const std::string* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : &found->second;
  };
  for (const fs::path& file : files) {
    SLIPWAY_ASSIGN(const std::string text, read_file(file.native(), kMaxEnvFileBytes));
    Result<Variables> parsed = parse_env_file(text, lookup);
    if (!parsed) return Error(parsed.code(), file.native(), parsed.error().message());
    for (auto& [name, value] : *parsed) {
      // Ours are the same variable in every spelling.
      const std::string upper = to_upper(name);
      const bool set = variables.contains(name) ||
                       (is_ours(upper) && std::any_of(variables.begin(), variables.end(), [&](const auto& other) {
                          return to_upper(other.first) == upper;
                        }));
      if (!set) variables.emplace(name, std::move(value));
    }
  }
  return ok();
}

}  // namespace

Result<Variables> parse_env_file(std::string_view text, const VariableLookup& lookup) {
  return EnvFileParser(lookup).parse(text);
}

Environment process_environment() { return ours_of(all_process_variables()); }

Result<Environment> load_environment(const std::string& config_dir) {
  auto variables = all_process_variables();
  SLIPWAY_TRY(add_env_files(config_dir, variables));
  return ours_of(variables);
}

Status export_env_files(const std::string& config_dir) {
  const auto before = all_process_variables();
  auto variables = before;
  SLIPWAY_TRY(add_env_files(config_dir, variables));
  for (const auto& [name, value] : variables) {
    // Keys of the configuration are read from env.d itself, so that a reload sees what changed there.
    const bool is_key = is_ours(to_upper(name)) && name.find("__") != std::string::npos;
    if (!before.contains(name) && !is_key && ::setenv(name.c_str(), value.c_str(), 0) != 0)
      return Error(Errc::Unavailable, name, "cannot be set in the environment");
  }
  return ok();
}

}  // namespace slipway::config
