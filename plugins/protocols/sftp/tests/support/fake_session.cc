#include "fake_session.h"

namespace slipway::sftp::testing {

Result<VPath> LexicalPaths::resolve(const VPath& base, std::string_view client_path) const {
  if (client_path.find('\0') != std::string_view::npos)
    return Error(Errc::InvalidArgument, "path", "it has a NUL byte");
  if (client_path.size() > 4096) return Error(Errc::TooLarge, "path", "it is longer than 4096 bytes");
  constexpr std::string_view kSeparators = "/\\";
  VPath path = client_path.starts_with('/') || client_path.starts_with('\\') ? VPath() : base;
  while (!client_path.empty()) {
    const auto part = client_path.substr(0, client_path.find_first_of(kSeparators));
    client_path.remove_prefix(std::min(part.size() + 1, client_path.size()));
    if (part.empty() || part == ".") continue;
    path = part == ".." ? path.parent() : path.child(part);
  }
  return path;
}

FakeSession::FakeSession(std::unique_ptr<Filesystem> fs, std::string id, std::string user)
    : fs_(std::move(fs)), id_(std::move(id)), user_(std::move(user)) {}

OpContext FakeSession::context() const noexcept {
  OpContext context;
  context.stop = stop_->get_token();
  context.user = user_;
  context.connection_id = id_;
  return context;
}

}  // namespace slipway::sftp::testing
