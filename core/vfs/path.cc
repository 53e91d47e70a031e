#include "core/vfs/path.h"

#include <string>

namespace slipway::vfs {
namespace {

constexpr std::size_t kMaxName = 255;  // bytes of one component, as Linux file systems have it

constexpr bool is_separator(char c) noexcept { return c == '/' || c == '\\'; }

Error refused(Errc code, std::string_view cause) { return {code, "path", std::string(cause)}; }

}  // namespace

Result<VPath> clean_path(const VPath& base, std::string_view client_path) {
  if (client_path.size() > kMaxPath) return refused(Errc::TooLarge, "longer than 4096 bytes");
  if (client_path.find('\0') != std::string_view::npos) return refused(Errc::InvalidArgument, "contains a NUL byte");

  std::string clean;  // without the root's slash: empty is the root
  const bool relative = client_path.empty() || !is_separator(client_path.front());
  if (relative && !base.is_root()) clean = base.str();
  while (!client_path.empty()) {
    std::size_t end = 0;
    while (end < client_path.size() && !is_separator(client_path[end])) ++end;
    const std::string_view component = client_path.substr(0, end);
    client_path.remove_prefix(end < client_path.size() ? end + 1 : end);
    if (component.empty() || component == ".") continue;
    if (component == "..") {
      if (!clean.empty()) clean.resize(clean.rfind('/'));
      continue;
    }
    if (component.size() > kMaxName) return refused(Errc::TooLarge, "a component is longer than 255 bytes");
    clean += '/';
    clean += component;
  }
  if (clean.size() > kMaxPath) return refused(Errc::TooLarge, "longer than 4096 bytes");
  return clean.empty() ? VPath() : VPath(std::move(clean));
}

Result<VPath> absolute_path(std::string_view text) { return clean_path(VPath(), text); }

}  // namespace slipway::vfs
