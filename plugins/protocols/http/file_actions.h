// What the file routes of users and visitors do, once there is a session and a path.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exchange.h"

namespace slipway::httpd {

using SharedSession = std::shared_ptr<Session>;

// A path that a client sent, from the session's start directory. InvalidArgument.
Result<VPath> resolve(const Exchange& x, const Session& session, std::string_view text);

enum class ShowLinks : bool { No, Yes };
// The entries of a directory, as they are read.
void send_listing(Exchange& x, const SharedSession& session, const VPath& path, ShowLinks links = ShowLinks::Yes);

struct DownloadOptions {
  bool is_inline = false;      // shown by a browser instead of saved
  std::string_view name = {};  // what messages call the file; empty: its path
};
// The session stays until the last byte has left.
void send_file(Exchange& x, SharedSession session, const VPath& path, DownloadOptions options);

// `path` and its missing parents, for those that want them.
Status make_parents(const OpContext& context, Filesystem& fs, const VPath& directory);

// The body of the request becomes the file at `target`. Nothing is left behind by an upload that fails, unless the
// storage's upload mode says otherwise. `modified`: its time, as far as it can be set.
Status store_body(Exchange& x, Session& session, const VPath& target, std::optional<Timestamp> modified);
// X-SFTPGO-MTIME: milliseconds since 1970.
std::optional<Timestamp> modification_time_of(const http::Request& request);

struct FormOptions {
  // Around each file, where set; a refusal is the answer.
  std::function<std::optional<Refusal>()> before_file = nullptr;
  std::function<void()> after_file = nullptr;
};
// The files of a multipart body into a directory, one after the other. True: all are there; else it has answered.
bool receive_files(Exchange& x, Session& session, const VPath& directory, const FormOptions& options = {});

// `paths`, which all lie within `base`, as a zip archive. An error cuts the connection once the first byte has left.
void send_zip(Exchange& x, Session& session, const std::vector<VPath>& paths, const VPath& base,
              std::string_view file_name);

// "Unable to … \"/a\"": the last resort of a message.
std::string tried(std::string_view what, std::string_view path);
inline std::string tried(std::string_view what, const VPath& path) { return tried(what, path.str()); }

}  // namespace slipway::httpd
