// The binary contract between host and module: what is checked, as plain data, before any module code runs.
//
// A module is a shared object that exports exactly one symbol, `slipway_module_v1`, of type ModuleDescriptor, and keeps
// its ABI tag in the section `.slipway.abi`. The host reads that section from the file before it opens the library, so
// that a module built for another host runs no code at all; afterwards it reads `magic`, `size` and `abi_tag`, and only
// when all agree does it look at the rest. The symbol's name carries the version of the descriptor's layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <version>

#define SLIPWAY_SDK_VERSION_MAJOR 0
#define SLIPWAY_SDK_VERSION_MINOR 1

#define SLIPWAY_STRINGIZE_(x) #x
#define SLIPWAY_STRINGIZE(x) SLIPWAY_STRINGIZE_(x)

#if defined(__SANITIZE_ADDRESS__)
#define SLIPWAY_ABI_SANITIZER "asan"
#elif defined(__SANITIZE_THREAD__)
#define SLIPWAY_ABI_SANITIZER "tsan"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLIPWAY_ABI_SANITIZER "asan"
#elif __has_feature(thread_sanitizer)
#define SLIPWAY_ABI_SANITIZER "tsan"
#endif
#endif
#ifndef SLIPWAY_ABI_SANITIZER
#define SLIPWAY_ABI_SANITIZER "none"
#endif

#if defined(_GLIBCXX_DEBUG)
#define SLIPWAY_ABI_CONTAINERS "glibcxx-debug"
#else
#define SLIPWAY_ABI_CONTAINERS "plain"
#endif

// Objects of std types cross the boundary, so the release of libstdc++ and its string ABI are part of the tag:
// "sdk0.1/libstdc++12/cxx11abi1/plain/none".
#define SLIPWAY_ABI_TAG \
  "sdk" SLIPWAY_STRINGIZE(SLIPWAY_SDK_VERSION_MAJOR) "." SLIPWAY_STRINGIZE(SLIPWAY_SDK_VERSION_MINOR)       \
  "/libstdc++" SLIPWAY_STRINGIZE(_GLIBCXX_RELEASE) "/cxx11abi" SLIPWAY_STRINGIZE(_GLIBCXX_USE_CXX11_ABI)    \
  "/" SLIPWAY_ABI_CONTAINERS "/" SLIPWAY_ABI_SANITIZER

#define SLIPWAY_EXPORT __attribute__((visibility("default")))

namespace slipway {

class Host;
class Module;
struct OptionSpec;

enum class ModuleKind : std::uint32_t { Protocol = 1, Storage = 2, Auth = 3, Action = 4 };

inline constexpr std::uint32_t kModuleMagic = 0x59574C53;  // "SLWY", little endian

// What a module says of itself. All pointers are to static storage of the module and live until it is unloaded.
struct ModuleDescriptor {
  std::uint32_t magic = kModuleMagic;
  std::uint32_t size = sizeof(ModuleDescriptor);
  const char* abi_tag = SLIPWAY_ABI_TAG;

  ModuleKind kind{};
  const char* name = nullptr;      // "storage-memory"; equal to the manifest's
  const char* version = nullptr;   // the module's own semantic version
  const char* summary = nullptr;   // one sentence for `slipway modules list`
  const char* provides = nullptr;  // what the host looks it up by: "local", "http", "password"; comma separated

  // The top-level section of the configuration file that holds the module's options ("sftpd"); null means they stand
  // at modules.load.<instance>.options.
  const char* section = nullptr;
  const OptionSpec* options = nullptr;
  std::size_t option_count = 0;

  // The options of one use of the module: of a mount (storage), of an action in a rule or hook (action).
  const OptionSpec* use_options = nullptr;
  std::size_t use_option_count = 0;

  // Storage only: the number and the member of an account's `filesystem` object that select this module
  // (0 and "osconfig" for local disks); -1 and null when it is selected by name.
  std::int32_t provider = -1;
  const char* provider_section = nullptr;

  // Makes the module object; no side effects beyond memory. Null means that its constructor threw.
  Module* (*create)(Host&) noexcept = nullptr;
  void (*destroy)(Module*) noexcept = nullptr;
};

}  // namespace slipway

// Puts the ABI tag where the host reads it without running anything: once a module, at namespace scope. SLIPWAY_MODULE
// does it; a module that writes its descriptor by hand must do it too.
#define SLIPWAY_ABI_MARK(TAG) [[gnu::used, gnu::section(".slipway.abi")]] static constexpr char slipway_abi_mark[] = TAG

// Defines the descriptor; one a module, at namespace scope. The arguments after CLASS are designated initialisers:
//
//   SLIPWAY_MODULE(MemoryStorage, .kind = ModuleKind::Storage, .name = "storage-memory", .version = "0.1.0",
//                  .summary = "Files that live as long as the server", .provides = "memory",
//                  .use_options = kOptions.data(), .use_option_count = kOptions.size());
#define SLIPWAY_MODULE(CLASS, ...)                                               \
  SLIPWAY_ABI_MARK(SLIPWAY_ABI_TAG);                                             \
  extern "C" SLIPWAY_EXPORT const ::slipway::ModuleDescriptor slipway_module_v1; \
  const ::slipway::ModuleDescriptor slipway_module_v1 {                          \
    .abi_tag = slipway_abi_mark, __VA_ARGS__,                                    \
    .create = [](::slipway::Host& host) noexcept -> ::slipway::Module* {         \
      try {                                                                      \
        return new CLASS(host);                                                  \
      } catch (...) {                                                            \
        return nullptr;                                                          \
      }                                                                          \
    },                                                                           \
    .destroy = [](::slipway::Module* module) noexcept { delete module; }         \
  }
