// How the command line reaches a running server: a UNIX socket beside the configuration, behind it the management
// service.
//
// One request a connection: a line {"operation": "users.list", "input": {…}}, answered by a line {"result": …} or
// {"error": {"code": "not-found", "message": "…"}}. Only root and the server's own user may connect; they act as the
// system.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "core/base/thread_pool.h"
#include "core/base/unique_fd.h"
#include "slipway/management.h"

namespace slipway::app {

class ControlSocket {
 public:
  // Listens at <config_dir>/slipway.sock. Conflict when another server answers there; a socket that nobody answers on
  // is replaced.
  static Result<std::unique_ptr<ControlSocket>> listen(const std::string& config_dir, ManagementService& management,
                                                       ThreadPool& pool);
  // Ends after the requests that run; removes the socket.
  ~ControlSocket();

 private:
  ControlSocket(std::string config_dir, UniqueFd socket, ManagementService& management, ThreadPool& pool);
  void accept_loop();
  void serve(UniqueFd connection);

  const std::string config_dir_;
  UniqueFd socket_, wake_;
  ManagementService& management_;
  ThreadPool& pool_;
  // Shared with the requests that run: the last one may look at it after the destructor has seen it reach 0.
  std::shared_ptr<std::atomic<int>> running_ = std::make_shared<std::atomic<int>>(0);
  std::thread thread_;
};

// The answer's "result" as JSON text. Unavailable when no server listens; else the server's error.
Result<std::string> call_running_server(const std::string& config_dir, std::string_view operation,
                                        std::string_view input);

}  // namespace slipway::app
