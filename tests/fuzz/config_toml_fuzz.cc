// ROOMS: config base
// Configuration files in TOML: any text gives an object or an error, and what was read can be read with option tables.
#include <boost/json.hpp>

#include "core/config/core_options.h"
#include "core/config/document.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace slipway::config;
  const auto document = parse_document(DocumentFormat::Toml, {reinterpret_cast<const char*>(data), size});
  if (!document) return document.error().message().empty() ? __builtin_trap(), 0 : 0;
  const auto configuration = Configuration::from_document(*document, "/etc/slipway");
  std::vector<Problem> problems = configuration->unknown_sections(core_sections());
  for (const DocumentedSection& section : documented_core_sections()) {
    if (!document->contains(section.name)) continue;
    const auto values = configuration->section(section.name, section.table, problems).redacted();
    std::vector<Problem> again;
    const auto reread = read_options(section.table, {.document = &values}, again);
    if (!again.empty() && values.size() != 0) __builtin_trap();
  }
  return 0;
}
