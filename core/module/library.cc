#include "core/module/library.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <cstring>
#include <map>
#include <utility>

#include "core/base/lock_guarded.h"
#include "core/base/text.h"
#include "core/module/elf_check.h"
#include "core/module/file_trust.h"
#include "core/module/kind.h"
#include "core/module/option_table_check.h"

namespace slipway::module {
namespace {

constexpr const char* kSymbol = "slipway_module_v1";

using FileId = std::pair<dev_t, ino_t>;

// Which file was last opened under a name, in this process. The dynamic linker knows libraries by name: when an old one
// could not be unmapped, a replaced file would silently be the old code again.
LockGuarded<std::map<std::string, FileId>>& opened_files() {
  static LockGuarded<std::map<std::string, FileId>> files;
  return files;
}

bool is_mapped(const std::string& name) {
  void* handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_LOCAL);
  if (handle == nullptr) return false;
  ::dlclose(handle);
  return true;
}

// A name for the open file itself that no mapped library has.
Result<std::string> name_of_open_file(TrustedFile& file, const std::string& subject) {
  constexpr int kAttempts = 64;
  std::vector<UniqueFd> taken;
  for (int i = 0; i < kAttempts; ++i) {
    std::string name = "/proc/self/fd/" + std::to_string(file.fd.get());
    if (!is_mapped(name)) return name;
    taken.push_back(std::exchange(file.fd, UniqueFd(::fcntl(file.fd.get(), F_DUPFD_CLOEXEC, 0))));
    if (!file.fd) break;
  }
  return Error(Errc::Unavailable, subject, "no descriptor is free to open it with");
}

Error refuse(const std::string& subject, std::string cause) {
  return {Errc::InvalidArgument, subject, std::move(cause)};
}

Status check_mark(const std::string& mark, const std::string& subject) {
  if (mark.empty()) {
    return refuse(subject, "it is a shared object, but not a Slipway module: it has no section .slipway.abi");
  }
  const std::string difference = explain_abi_difference(mark, SLIPWAY_ABI_TAG);
  if (!difference.empty()) return refuse(subject, "it was built for another host: " + difference + "; rebuild it");
  return ok();
}

Status check_digest(const TrustedFile& file, const std::string& expected, const std::string& subject) {
  if (expected.empty()) return ok();
  if (expected.size() != 64 || expected.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
    return refuse(subject, "the configured sha256 is not 64 hexadecimal digits");
  }
  SLIPWAY_ASSIGN(const std::string digest, sha256_of(file.fd.get(), subject));
  if (digest == to_lower(expected)) return ok();
  return Error(
      Errc::PermissionDenied, subject,
      "the digest of " + file.path.string() + " is " + digest + ", the configuration demands " + to_lower(expected));
}

bool is_text(const char* text, std::size_t max_size) {
  return text != nullptr && ::strnlen(text, max_size + 1) <= max_size;
}

}  // namespace

struct Library::Handle {
  TrustedFile file;  // kept open under its name in /proc while the library lives; closed otherwise
  boost::dll::shared_library library;
};

Library::Library() = default;
Library::~Library() = default;

Status check_descriptor(const ModuleDescriptor& descriptor, const Manifest& manifest) {
  if (descriptor.magic != kModuleMagic)
    return refuse({}, "its descriptor has a wrong magic number: it is damaged or foreign");
  if (descriptor.size != sizeof(ModuleDescriptor)) {
    return refuse({}, "its descriptor has " + std::to_string(descriptor.size) + " bytes instead of " +
                          std::to_string(sizeof(ModuleDescriptor)) + ": it was built with another SDK, rebuild it");
  }
  if (!is_text(descriptor.abi_tag, 255)) return refuse({}, "its descriptor has no ABI tag");
  const std::string difference = explain_abi_difference(descriptor.abi_tag, SLIPWAY_ABI_TAG);
  if (!difference.empty()) return refuse({}, "it was built for another host: " + difference + "; rebuild it");
  if (descriptor.kind != manifest.kind) {
    return refuse({}, "the library is of kind " + std::string(to_string(descriptor.kind)) + ", its manifest says " +
                          std::string(to_string(manifest.kind)));
  }
  if (!is_text(descriptor.name, 64) || descriptor.name != manifest.name) {
    const std::string name = is_text(descriptor.name, 64) ? printable(descriptor.name) : std::string("not valid");
    return refuse({}, "the library's name is '" + name + "', its manifest says '" + manifest.name + "'");
  }
  if (!is_text(descriptor.version, 64) || !is_text(descriptor.summary, 1024)) {
    return refuse({}, "its descriptor has no version or no summary");
  }
  if (descriptor.provides != nullptr && !is_text(descriptor.provides, 1024)) {
    return refuse({}, "its descriptor's list of abilities is too long");
  }
  if (descriptor.section != nullptr && (!is_text(descriptor.section, 64) || *descriptor.section == '\0')) {
    return refuse({}, "its descriptor names no valid configuration section");
  }
  if (descriptor.create == nullptr || descriptor.destroy == nullptr) {
    return refuse({}, "its descriptor has no create or destroy function");
  }
  SLIPWAY_TRY(check_option_table(descriptor.options, descriptor.option_count, "options"));
  return check_option_table(descriptor.use_options, descriptor.use_option_count, "use options");
}

Result<std::shared_ptr<const Library>> Library::open(const Manifest& manifest, const std::filesystem::path& folder,
                                                     const std::string& sha256) {
  const std::string subject = "module " + manifest.name;
  auto opened = open_trusted(folder / manifest.library);
  if (!opened) {
    std::string message = opened.error().message();
    if (opened.code() == Errc::NotFound)
      message += ", but " + (folder / (manifest.name + ".json")).string() +
                 " names it: build or install the library, or remove the manifest";
    return Error(opened.code(), subject, std::move(message));
  }
  TrustedFile file = *std::move(opened);
  const std::string path = file.path.string();

  auto facts = inspect_elf(file.fd.get(), path);
  if (!facts) return Error(facts.error().code(), subject, facts.error().message());
  SLIPWAY_TRY(check_mark(facts->abi_mark, subject));
  SLIPWAY_TRY(check_digest(file, sha256, subject));

  std::string name = path;
  if (!sha256.empty()) {
    SLIPWAY_ASSIGN(name, name_of_open_file(file, subject));
  } else if (is_mapped(name)) {
    const FileId now{file.device, file.inode};
    const bool replaced = opened_files().with([&](auto& files) {
      const auto found = files.find(name);
      return found != files.end() && found->second != now;
    });
    if (replaced) {
      return Error(
          Errc::Conflict, subject,
          path + " was replaced while the old library is still in memory; restart the server to load the new one");
    }
  }

  std::shared_ptr<Library> library(new Library);
  library->handle_ = std::make_unique<Handle>();
  try {
    namespace dll = boost::dll;
    // The throwing overload: the other one loses the dynamic linker's explanation.
    library->handle_->library.load(dll::fs::path(name), dll::load_mode::rtld_now | dll::load_mode::rtld_local);
  } catch (const std::exception& error) {
    return refuse(subject, "it cannot be opened: " + printable(error.what()));
  }
  opened_files().with([&](auto& files) { files[name] = {file.device, file.inode}; });

  void* handle = library->handle_->library.native();
  void* symbol = ::dlsym(handle, kSymbol);
  if (symbol == nullptr) {
    return refuse(subject,
                  path + " exports no " + std::string(kSymbol) + ": it is not a Slipway module, or another version's");
  }
  // dlsym gives an address; whether a whole descriptor stands there is the symbol table's knowledge.
  Dl_info info{};
  const ElfW(Sym)* entry = nullptr;
  if (::dladdr1(symbol, &info, const_cast<void**>(reinterpret_cast<const void* const*>(&entry)), RTLD_DL_SYMENT) == 0 ||
      entry == nullptr || ELF64_ST_TYPE(entry->st_info) != STT_OBJECT || entry->st_size < 2 * sizeof(std::uint32_t)) {
    return refuse(subject, path + " exports a " + std::string(kSymbol) + " that is not a descriptor");
  }
  const auto* descriptor = static_cast<const ModuleDescriptor*>(symbol);
  if (entry->st_size < sizeof(ModuleDescriptor) && descriptor->magic == kModuleMagic) {
    return refuse(subject, "its descriptor has " + std::to_string(entry->st_size) + " bytes instead of " +
                               std::to_string(sizeof(ModuleDescriptor)) +
                               ": it was built with another SDK, rebuild it");
  }
  if (auto checked = check_descriptor(*descriptor, manifest); !checked) {
    return Error(checked.error().code(), subject, checked.error().cause());
  }
  library->descriptor_ = descriptor;
  library->manifest_ = manifest;
  library->path_ = file.path;
  library->sha256_ = to_lower(sha256);
  if (!sha256.empty()) library->handle_->file = std::move(file);
  return std::shared_ptr<const Library>(std::move(library));
}

}  // namespace slipway::module
