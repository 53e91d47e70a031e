// Files of the user who asks: directories, down- and uploads, copies, archives.
#include <openssl/evp.h>

#include <boost/json.hpp>

#include "file_actions.h"
#include "route.h"
#include "slipway/server_side.h"
#include "user_session.h"
#include "zip_stream.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;

TreeOperations* trees_of(Session& session) {
  return static_cast<TreeOperations*>(session.fs().query(TreeOperations::kInterfaceId));
}

// The session and a path of the query. Null: it has answered, or handed the request over.
struct Opened {
  SharedSession session;
  VPath path;
};

std::optional<Opened> open(Exchange& x, Access access = Access::Reads) {
  SharedSession session = open_session(x, access);
  if (!session) return std::nullopt;
  auto path = resolve(x, *session, x.request.query("path").value_or(""));
  if (!path) {
    x.refuse(refusal_of_path(path.error()));
    return std::nullopt;
  }
  return Opened{std::move(session), *std::move(path)};
}

// A path that must be named: an empty one would be the start directory.
bool has(Exchange& x, std::string_view parameter) {
  const auto text = x.request.query(parameter);
  if (text && !text->empty()) return true;
  x.refuse({400, "please set a " + std::string(parameter), ""});
  return false;
}

void list(Exchange& x) {
  if (const auto opened = open(x)) send_listing(x, opened->session, opened->path);
}

void make_directory(Exchange& x) {
  if (!has(x, "path")) return;
  const auto opened = open(x);
  if (!opened) return;
  const auto& [session, path] = *opened;
  const std::string message = tried("create directory", path);
  if (x.query_flag("mkdir_parents"))
    if (auto made = make_parents(session->context(), session->fs(), path.parent()); !made)
      return x.refuse(refusal_of_file(made.error(), message));
  if (auto made = session->fs().make_dir(session->context(), path); !made)
    return x.refuse(refusal_of_file(made.error(), message));
  x.say(201, "Directory " + quoted(path.str()) + " created");
}

void remove_directory(Exchange& x) {
  if (!has(x, "path")) return;
  const auto opened = open(x);
  if (!opened) return;
  const auto& [session, path] = *opened;
  auto* trees = trees_of(*session);
  Status removed = trees != nullptr ? trees->remove_tree(session->context(), path)
                                    : session->fs().remove_dir(session->context(), path);
  if (!removed) return x.refuse(refusal_of_file(removed.error(), tried("delete directory", path)));
  x.say(200, "Directory " + quoted(path.str()) + " deleted");
}

void move(Exchange& x) {
  if (!has(x, "path") || !has(x, "target")) return;
  const auto opened = open(x);
  if (!opened) return;
  const auto& [session, path] = *opened;
  const auto target = resolve(x, *session, *x.request.query("target"));
  if (!target) return x.refuse(refusal_of_path(target.error()));
  auto* trees = trees_of(*session);
  Status moved = trees != nullptr ? trees->move_tree(session->context(), path, *target)
                                  : session->fs().rename(session->context(), path, *target);
  const std::string names = quoted(path.str()) + " -> " + quoted(target->str());
  if (!moved) return x.refuse(refusal_of_file(moved.error(), "Unable to rename " + names));
  x.say(200, quoted(path.str()) + " renamed to " + quoted(target->str()));
}

void copy(Exchange& x) {
  if (!has(x, "path") || !has(x, "target")) return;
  const auto opened = open(x);
  if (!opened) return;
  const auto& [session, path] = *opened;
  const auto from = *x.request.query("path"), to = *x.request.query("target");
  const auto target = resolve(x, *session, to);
  if (!target) return x.refuse(refusal_of_path(target.error()));
  auto* trees = trees_of(*session);
  if (trees == nullptr) return x.refuse({400, "operation unsupported", ""});
  const TreeOperations::CopyRequest request{path, *target, from.ends_with('/'), to.ends_with('/')};
  if (auto copied = trees->copy_tree(session->context(), request); !copied)
    return x.refuse(
        refusal_of_file(copied.error(), "Unable to copy " + quoted(path.str()) + " -> " + quoted(target->str())));
  x.say(200, quoted(path.str()) + " copied to " + quoted(target->str()));
}

void download(Exchange& x) {
  if (!has(x, "path")) return;
  if (auto opened = open(x))
    send_file(x, std::move(opened->session), opened->path, {.is_inline = x.request.query("inline").has_value()});
}

void upload_form(Exchange& x) {
  const auto opened = open(x);
  if (!opened) return;
  const auto& [session, path] = *opened;
  if (x.query_flag("mkdir_parents"))
    if (auto made = make_parents(session->context(), session->fs(), path); !made)
      return x.refuse(refusal_of_file(made.error(), tried("create directory", path)));
  if (receive_files(x, *session, path)) x.say(201, "Upload completed");
}

void upload(Exchange& x) {
  if (x.request.query("path").value_or("").empty()) return x.refuse({400, "please set a file path", ""});
  const auto opened = open(x, Access::Writes);
  if (!opened) return;
  const auto& [session, path] = *opened;
  if (x.query_flag("mkdir_parents"))
    if (auto made = make_parents(session->context(), session->fs(), path.parent()); !made)
      return x.refuse(refusal_of_file(made.error(), tried("create directory", path.parent())));
  if (auto stored = store_body(x, *session, path, modification_time_of(x.request)); !stored)
    return x.refuse(refusal_of_file(stored.error(), tried("save", path)));
  x.say(201, "Upload completed");
}

void remove_file(Exchange& x) {
  if (!has(x, "path")) return;
  const auto opened = open(x);
  if (!opened) return;
  const auto& [session, path] = *opened;
  const std::string message = tried("delete", path);
  const auto info = session->fs().stat(session->context(), path, Follow::No);
  if (!info) return x.refuse(refusal_of_file(info.error(), message));
  if (info->is_directory())
    return x.refuse({400, "", "Unable delete " + quoted(path.str()) + ", it is not a file/symlink"});
  if (auto removed = session->fs().remove(session->context(), path); !removed)
    return x.refuse(refusal_of_file(removed.error(), message));
  x.say(200, "File " + quoted(path.str()) + " deleted");
}

void set_metadata(Exchange& x) {
  const auto body = x.body_object();
  if (!body) return x.refuse(body.error());
  const auto* ms = body->if_contains("modification_time");
  constexpr std::int64_t kMost = INT64_MAX / 1'000'000;
  if (ms == nullptr || !ms->is_int64() || ms->get_int64() <= 0 || ms->get_int64() > kMost ||
      x.request.query("path").value_or("").empty())
    return x.refuse({400, "please set a modification_time and a path", ""});
  const auto opened = open(x);
  if (!opened) return;
  const auto& [session, path] = *opened;
  FileAttributes attributes;
  attributes.atime = attributes.mtime = Timestamp(std::chrono::milliseconds(ms->get_int64()));
  if (auto set = session->fs().set_attributes(session->context(), path, attributes, Follow::Yes); !set)
    return x.refuse(refusal_of_file(set.error(), "Unable to set metadata for path " + quoted(path.str())));
  x.say(200, "OK");
}

Result<std::string> sha256(Session& session, File& file) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const Error failed(Errc::Internal, "digest", "it cannot be computed");
  if (!digest || EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) != 1) return failed;
  std::vector<std::byte> buffer(256 << 10);
  for (std::uint64_t offset = 0;;) {
    SLIPWAY_ASSIGN(const std::size_t count, file.read_at(session.context(), offset, buffer));
    if (count == 0) break;
    if (EVP_DigestUpdate(digest.get(), buffer.data(), count) != 1) return failed;
    offset += count;
  }
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_DigestFinal_ex(digest.get(), bytes, &size) != 1) return failed;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += kDigits[bytes[i] >> 4];
    hex += kDigits[bytes[i] & 15];
  }
  return hex;
}

void checksum(Exchange& x) {
  if (!has(x, "path")) return;
  if (x.request.query("algo").value_or("sha256") != "sha256")
    return x.refuse({400, "unsupported algorithm, it must be sha256", ""});
  const auto opened = open(x);
  if (!opened) return;
  const auto& [session, path] = *opened;
  const std::string message = tried("get the checksum of", path);
  auto* digests = static_cast<DigestReads*>(session->fs().query(DigestReads::kInterfaceId));
  if (digests == nullptr) return x.refuse({400, "operation unsupported", message});
  auto file = digests->open_for_digest(session->context(), path);
  if (!file) return x.refuse(refusal_of_file(file.error(), message));
  const auto hex = sha256(*session, **file);
  if (!hex) return x.refuse(refusal_of_file(hex.error(), message));
  send_json(x.response, 200, json::object{{"checksum", *hex}});
}

// "<user>-<name>.zip" for one entry, "<user>-download.zip" for several.
std::string archive_name(const std::string& user, const std::vector<VPath>& paths) {
  std::string name = "download";
  if (paths.size() == 1 && !paths.front().is_root()) {
    name = paths.front().name();
    if (const auto dot = name.rfind('.'); dot != std::string::npos && dot > 0) name.resize(dot);
  }
  return user + "-" + name + ".zip";
}

void stream_zip(Exchange& x) {
  const auto body = x.body_value();
  if (!body) return x.refuse(body.error());
  const auto* list = body->if_array();
  if (list == nullptr) return x.refuse({400, "the body must be a list of paths", ""});
  SharedSession session = open_session(x);
  if (!session) return;
  std::vector<VPath> paths;
  for (const json::value& element : *list) {
    const auto* text = element.if_string();
    if (text == nullptr) return x.refuse({400, "the body must be a list of paths", ""});
    auto path = x.site->services.paths.resolve(VPath(), *text);
    if (!path) return x.refuse(refusal_of_path(path.error()));
    // What is not there, or must not be seen, can still be told.
    if (const auto info = session->fs().stat(session->context(), *path, Follow::No); !info)
      return x.refuse(refusal_of_file(info.error(), tried("read", *path)));
    paths.push_back(*std::move(path));
  }
  send_zip(x, *session, paths, VPath(), archive_name(session->user(), paths));
}

Route reading(std::string_view method, std::string_view path, ApiHandler handler) {
  Route route{.method = method, .path = path, .audience = Audience::User};
  route.options.lane = kFileLane;
  route.options.deadline = std::chrono::milliseconds(0);
  route.handler = std::move(handler);
  return route;
}

Route writing(std::string_view method, std::string_view path, ApiHandler handler) {
  Route route = reading(method, path, std::move(handler));
  route.flags = kWrites;
  return route;
}

Route uploading(const Site& site, std::string_view path, ApiHandler handler) {
  Route route = writing("POST", path, std::move(handler));
  route.options.body = http::Body::Streamed;
  route.options.max_body = site.max_upload_size == 0 ? http::kUnlimited : site.max_upload_size;
  return route;
}

}  // namespace

std::vector<Route> user_file_routes(const Site& site) {
  std::vector<Route> routes = {
      reading("GET", "/user/dirs", list),
      writing("POST", "/user/dirs", make_directory),
      writing("DELETE", "/user/dirs", remove_directory),
      writing("PATCH", "/user/dirs", move),
      at_once(reading("GET", "/user/files", download)),
      uploading(site, "/user/files", upload_form),
      writing("DELETE", "/user/files", remove_file),
      writing("PATCH", "/user/files", move),
      at_once(uploading(site, "/user/files/upload", upload)),
      writing("PATCH", "/user/files/metadata", set_metadata),
      reading("GET", "/user/files/checksum", checksum),
      writing("POST", "/user/file-actions/copy", copy),
      writing("POST", "/user/file-actions/move", move),
      reading("POST", "/user/streamzip", stream_zip),
  };
  routes.front().options.compress = true;
  return routes;
}

}  // namespace slipway::httpd
