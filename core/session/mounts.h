// An account's filesystem settings made into a mounted filesystem, through the storage module that they select.
#pragma once

#include <memory>
#include <string>

#include "core/accounts/filesystem_config.h"
#include "core/crypto/secrets.h"
#include "core/module/registry.h"

namespace slipway::session {

struct MountPlace {
  std::string root;  // home directory or mapped path
  bool create_root = true;
  std::uint32_t uid = 0, gid = 0;
};

struct MountedFilesystem {
  std::shared_ptr<Filesystem> fs;  // keeps its module loaded
  // Two mounts with equal text are the same storage: files can be renamed between them.
  std::string resource;
  std::string bucket, endpoint;  // for events
};

// NotSupported when no loaded module serves the provider; InvalidArgument for options that the module does not take;
// else the module's own error. Secrets are opened for the call only.
Result<MountedFilesystem> mount(const OpContext& ctx, const accounts::FilesystemConfig& config, const MountPlace& place,
                                const module::Registry& modules, const crypto::SecretKeeper& secrets);

}  // namespace slipway::session
