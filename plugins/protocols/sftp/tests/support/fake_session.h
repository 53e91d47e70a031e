// A session of one user on a plain directory, and the path rules that go with it: what stands in for the server's core
// in the tests of this module.
#pragma once

#include <atomic>
#include <memory>

#include "slipway/session.h"

namespace slipway::sftp::testing {

// '/' and '\' separate, "." and ".." are resolved, ".." stays within the root.
class LexicalPaths final : public PathResolver {
 public:
  Result<VPath> resolve(const VPath& base, std::string_view client_path) const override;
};

class FakeSession final : public Session {
 public:
  FakeSession(std::unique_ptr<Filesystem> fs, std::string id, std::string user);

  Filesystem& fs() noexcept override { return *fs_; }
  const std::string& id() const noexcept override { return id_; }
  const std::string& user() const noexcept override { return user_; }
  const VPath& start_directory() const noexcept override { return start_; }
  std::stop_token stop_token() const noexcept override { return stop_->get_token(); }
  OpContext context() const noexcept override;
  void set_command(std::string_view) override {}
  std::chrono::steady_clock::duration idle() const noexcept override { return {}; }

  void start_in(VPath path) { start_ = std::move(path); }
  // What an administrator uses to close the session; may outlive it.
  std::shared_ptr<std::stop_source> stop_source() const noexcept { return stop_; }

 private:
  const std::unique_ptr<Filesystem> fs_;
  const std::string id_, user_;
  VPath start_;
  const std::shared_ptr<std::stop_source> stop_ = std::make_shared<std::stop_source>();
};

}  // namespace slipway::sftp::testing
