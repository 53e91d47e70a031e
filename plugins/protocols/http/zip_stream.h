// Files and directories of a session as a zip archive that is written as it is read.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "slipway/session.h"

namespace slipway::httpd {

// One thread. Errors end the archive: what was written until then is not one.
class ZipStream {
 public:
  using Sink = std::function<Status(std::span<const std::byte>)>;
  ZipStream(Session& session, Sink sink);
  ~ZipStream();
  ZipStream(const ZipStream&) = delete;
  ZipStream& operator=(const ZipStream&) = delete;

  // A file, or a directory with everything below it that the user sees. Names in the archive are relative to `base`,
  // which holds `path`, in UTF-8 and without backslashes. Links and special files are left out.
  Status add(const VPath& path, const VPath& base);
  // Once, after everything was added.
  Status finish();

 private:
  struct Archive;
  const std::unique_ptr<Archive> archive_;
};

}  // namespace slipway::httpd
