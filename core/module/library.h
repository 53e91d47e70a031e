// An opened module library whose descriptor was checked. Boost.DLL appears only in library.cc.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/module/manifest.h"
#include "slipway/abi.h"
#include "slipway/result.h"

namespace slipway::module {

// Stays open as long as an owner lives; the descriptor and all code of the module die with the last one. Immutable.
class Library {
 public:
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // Opens `manifest.library` in `folder`. In this order: owner and mode of file and folder, ELF structure, ABI mark,
  // and digest (when `sha256`, 64 hexadecimal digits, is not empty) on the open file; then the library; then its
  // symbol, magic, size, ABI tag, kind, name and option tables. With a digest, the very file that was read is what is
  // opened, whatever the path names by then. The error's subject is "module <name>".
  static Result<std::shared_ptr<const Library>> open(const Manifest& manifest, const std::filesystem::path& folder,
                                                     const std::string& sha256);

  const ModuleDescriptor& descriptor() const noexcept { return *descriptor_; }
  const Manifest& manifest() const noexcept { return manifest_; }
  const std::filesystem::path& path() const noexcept { return path_; }
  const std::string& sha256() const noexcept { return sha256_; }  // as demanded; empty when none was

 private:
  struct Handle;  // the library and the descriptor of its file
  Library();

  std::unique_ptr<Handle> handle_;
  const ModuleDescriptor* descriptor_ = nullptr;
  Manifest manifest_;
  std::filesystem::path path_;
  std::string sha256_;
};

// The checks of an opened library's descriptor that need nothing but memory. The error has no subject.
Status check_descriptor(const ModuleDescriptor& descriptor, const Manifest& manifest);

}  // namespace slipway::module
