// Reads a shared object as plain data before the dynamic linker sees it: dlopen of a truncated one ends the process
// with SIGBUS, and one built for another sanitizer ends it from its constructors.
#pragma once

#include <string>

#include "slipway/result.h"

namespace slipway::module {

struct ElfFacts {
  std::string abi_mark;  // the text of section `.slipway.abi`; empty when the library has no such section
};

// Header, class, byte order, machine, type; every segment, every section and both tables lie within the file.
// Thread-safe; the descriptor's position is not used. Errors are InvalidArgument with `subject`, or of reading.
Result<ElfFacts> inspect_elf(int fd, const std::string& subject);

// Which parts of two ABI tags differ, in words; empty when they are equal.
std::string explain_abi_difference(const std::string& module_tag, const std::string& host_tag);

}  // namespace slipway::module
