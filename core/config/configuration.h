// The configuration of a server: one file, the environment, the defaults; read whole, replaced whole on reload.
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/options.h"

namespace slipway::config {

// Immutable once loaded; shared by pointer. A section is a top-level object of the file with an option table.
class Configuration {
 public:
  struct Location {
    std::string config_dir = ".";
    // Absolute or relative to config_dir, and must exist. Empty: the first of slipway.{json,yaml,yml,toml}, then
    // sftpgo.{json,yaml,yml,toml} in config_dir; none is fine too.
    std::string config_file;
  };
  // Reads file, env.d and process environment. Problems of the file's syntax are the error; problems of keys are
  // collected as sections are asked for (see `problems`). A folder that does not exist is an error.
  static Result<std::shared_ptr<const Configuration>> load(const Location&);
  // Of a document in memory, without environment; for tests and `portable`.
  static std::shared_ptr<const Configuration> from_document(boost::json::object document, std::string config_dir);
  ~Configuration();

  const std::string& config_dir() const noexcept;  // absolute
  const std::string& file() const noexcept;        // empty when running on defaults
  const boost::json::object& document() const noexcept;
  const Environment& environment() const noexcept;

  // The values of `table` at the top-level object `section`. Members named in `ignored` are read by somebody else.
  OptionValues section(std::string_view section, std::span<const OptionSpec> table, std::vector<Problem>& problems,
                       std::span<const std::string_view> ignored = {}) const;
  // Options of a module instance: modules.load.<instance>.options.
  OptionValues module_options(std::string_view instance, std::span<const OptionSpec> table,
                              std::vector<Problem>& problems) const;
  // What no one claimed: top-level members and SLIPWAY_ variables as fatal problems with the nearest known name;
  // `known` are the claimed sections. Sections documented by SFTPGo that this server does not use, and foreign SFTPGO_
  // variables, are warnings.
  std::vector<Problem> unknown_sections(std::span<const std::string_view> known) const;

 private:
  Configuration();
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace slipway::config
