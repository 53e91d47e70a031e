// version, and what the other commands share.
#include <filesystem>
#include <iostream>

#include "core/app/build_info.h"
#include "core/app/command_line/commands.h"
#include "core/base/text.h"
#include "slipway/abi.h"

namespace slipway::app {

std::string version() { return SLIPWAY_VERSION; }

management::BuildInfo build_info() {
  return {version(), SLIPWAY_COMMIT_DATE, SLIPWAY_COMMIT, {"+sqlite", "+lua", "+json", "+yaml", "+toml"}};
}

std::string version_line() {
  return "Slipway " + version() +
         "-" SLIPWAY_COMMIT "-" SLIPWAY_COMMIT_DATE " sdk=" SLIPWAY_STRINGIZE(
             SLIPWAY_SDK_VERSION_MAJOR) "." SLIPWAY_STRINGIZE(SLIPWAY_SDK_VERSION_MINOR) " abi=" SLIPWAY_ABI_TAG " " +
         join(build_info().features, " ");
}

int print_version() {
  std::cout << version_line() << '\n';
  return 0;
}

std::string executable_path() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).native();
}

int fail(const Error& error) {
  std::cerr << "slipway: " << error.message() << '\n';
  return 1;
}

}  // namespace slipway::app
