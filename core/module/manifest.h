// The manifest `<name>.json` beside a module's library: what a module is, known without opening it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/abi.h"
#include "slipway/result.h"

namespace slipway::module {

struct Manifest {
  std::string name;  // "storage-memory": a kind's prefix is custom, not law; [a-z0-9-], at most 64 characters
  ModuleKind kind = ModuleKind::Storage;
  std::string library;  // a file name in the manifest's own folder
  std::string version;
  std::string sdk;  // "0.1"
  std::vector<std::string> provides;
  bool autoload = false;
  std::string description;
};

constexpr std::size_t kMaxManifestSize = 64 * 1024;  // bytes

// Strict: every member but "provides", "autoload" and "description" is required, and unknown ones are errors that name
// the nearest known one. `stem` is the file's name without ".json" and must be the module's name. Errors are
// InvalidArgument with an empty subject.
Result<Manifest> parse_manifest(std::string_view text, std::string_view stem);

// Reads and parses a manifest that only its owner may write (file_trust.h). The error's subject is the path.
Result<Manifest> read_manifest(const std::filesystem::path& file);

// Whether `text` may name a module or one of its instances.
bool is_module_name(std::string_view text) noexcept;

}  // namespace slipway::module
