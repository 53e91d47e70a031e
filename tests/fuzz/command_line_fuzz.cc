// TARGETS: sftp_engine
//
// Command lines of exec requests and scp's arguments: the words, quoted again, are the same words.
#include "command_line.h"

#include <cstdint>
#include <cstdlib>

#include "scp_protocol.h"

namespace {

std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) c == '\'' ? text += "'\\''" : text += c;
  return text + "'";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slipway::sftp;
  const auto words = split_command_line({reinterpret_cast<const char*>(data), size});
  if (!words) return 0;
  std::string line;
  for (const auto& word : *words) line += quoted(word) + " ";
  if (line.size() <= kMaxCommandLine && split_command_line(line) != words) std::abort();
  const auto options = parse_scp_arguments(*words);
  if (options && (options->paths.empty() || options->paths.back() != words->back())) std::abort();
  return 0;
}
