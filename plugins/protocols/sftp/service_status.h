// What administrators see of the SSH service.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "slipway/session.h"
#include "transport.h"

namespace slipway::sftp {

struct ServiceFacts {
  struct Binding {
    Endpoint endpoint;
    bool apply_proxy_config = false;
  };
  std::vector<Binding> bindings;
  std::shared_ptr<const Transport> transport;  // null: the service does not run
  std::vector<std::string> commands;
};

// The REST contract's SSHServiceStatus, as JSON.
std::string status_document(const ServiceFacts& facts);

}  // namespace slipway::sftp
