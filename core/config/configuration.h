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
    std::string config_file;  // empty: slipway.{json,yaml,yml,toml}, then sftpgo.* in config_dir; none is fine too
  };
  // Reads file, env.d and process environment. Problems of the file's syntax are the error; problems of keys are
  // collected as sections are asked for (see `problems`).
  static Result<std::shared_ptr<const Configuration>> load(const Location&);
  // Of a document in memory, without environment; for tests and `portable`.
  static std::shared_ptr<const Configuration> from_document(boost::json::object document, std::string config_dir);
  ~Configuration();

  const std::string& config_dir() const noexcept;  // absolute
  const std::string& file() const noexcept;        // empty when running on defaults
  const boost::json::object& document() const noexcept;
  const Environment& environment() const noexcept;

  // The values of `table` at the top-level object `section`.
  OptionValues section(std::string_view section, std::span<const OptionSpec> table,
                       std::vector<Problem>& problems) const;
  // Options of a module instance: modules.load.<instance>.options.
  OptionValues module_options(std::string_view instance, std::span<const OptionSpec> table,
                              std::vector<Problem>& problems) const;
  // Top-level members that no one claimed, as fatal problems with the nearest known name; `known` are the claimed ones.
  // Sections and keys documented by SFTPGo that this server does not use are warnings.
  std::vector<Problem> unknown_sections(std::span<const std::string_view> known) const;

 private:
  Configuration();
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace slipway::config
