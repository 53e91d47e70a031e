// A session of nobody in particular on a file system of the fuzz target's own.
#pragma once

#include <string>
#include <utility>

#include "slipway/session.h"

namespace slipway::fuzz {

template <class Files>
class FuzzSession final : public Session {
 public:
  template <class... Arguments>
  explicit FuzzSession(Arguments&&... arguments) : fs_(std::forward<Arguments>(arguments)...) {}

  Files& fs() noexcept override { return fs_; }
  const std::string& id() const noexcept override { return id_; }
  const std::string& user() const noexcept override { return id_; }
  const VPath& start_directory() const noexcept override { return start_; }
  std::stop_token stop_token() const noexcept override { return {}; }
  OpContext context() const noexcept override { return {}; }
  void set_command(std::string_view) override {}
  std::chrono::steady_clock::duration idle() const noexcept override { return {}; }

 private:
  Files fs_;
  std::string id_ = "fuzz";
  VPath start_;
};

}  // namespace slipway::fuzz
