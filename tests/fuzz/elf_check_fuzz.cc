// ROOMS: module
// Shared objects: whatever the bytes are, an error or facts, without reading beyond them.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "core/module/elf_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = ::memfd_create("elf", MFD_CLOEXEC);
  if (file < 0 || ::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  const auto facts = slipway::module::inspect_elf(file, "x.so");
  if (facts && facts->abi_mark.size() > 256) std::abort();
  if (!facts && facts.error().cause().empty()) std::abort();
  return 0;
}
