// The public side of shares: what a link gives to whoever has it.
#include "route.h"
#include "visitor_session.h"

namespace slipway::httpd {
namespace {

using Need = ShareRequest::Need;

std::optional<Visitor> open(Exchange& x, Need need) {
  return open_share(x, {.id = x.request.parameter("id"), .need = need});
}

// ---- reading

// "share-<name>.zip"
std::string archive_name(const ShareVisit& visit) { return "share-" + visit.name() + ".zip"; }

void download(Exchange& x) {
  auto opened = open(x, Need::Read);
  if (!opened) return;
  const auto& [visit, session] = *opened;
  const auto& paths = visit->paths();
  std::optional<FileInfo> first;
  for (const VPath& path : paths) {
    auto info = session->fs().stat(session->context(), path, Follow::Yes);
    if (!info) return x.refuse(refusal_of_file(info.error()));
    if (!info->is_regular() && !info->is_directory())
      return x.refuse({400, "Validation error: only files and directories can be shared", ""});
    if (!first) first = *std::move(info);
  }
  ShareUse use(*visit);
  if (x.request.query("compress") == "false") {
    if (paths.size() != 1 || !first->is_regular())
      return x.refuse({400, "Validation error: only a single file can be downloaded without compression", ""});
    if (!take(x, use)) return;
    send_file(x, session, paths.front(), {.name = visit->name()});
    if (x.response.status() < 400) use.keep();
    return;
  }
  if (!take(x, use)) return;
  // A single directory is the archive; files and several directories are in it, by their names.
  const bool is_one = paths.size() == 1 && first->is_directory();
  send_zip(x, *session, paths, is_one ? paths.front() : VPath(), archive_name(*visit));
  if (!x.response.aborted()) use.keep();
}

void list(Exchange& x) {
  const auto opened = open(x, Need::Read);
  if (!opened || !is_one_directory(x, *opened)) return;
  const auto path = path_in_share(x, *opened, x.request.query("path").value_or("/"));
  if (path) send_listing(x, opened->session, *path, ShowLinks::No);
}

void download_file(Exchange& x) {
  if (x.request.query("path").value_or("").empty()) return x.refuse({400, "please set a path", ""});
  auto opened = open(x, Need::Read);
  if (!opened || !is_one_directory(x, *opened)) return;
  const auto path = path_in_share(x, *opened, *x.request.query("path"));
  if (!path) return;
  ShareUse use(*opened->visit);
  if (!take(x, use)) return;
  send_file(x, opened->session, *path,
            {.is_inline = x.request.query("inline").has_value(), .name = *x.request.query("path")});
  if (x.response.status() < 400) use.keep();
}

// ---- writing

void upload_form(Exchange& x) {
  const auto opened = open(x, Need::Write);
  if (!opened || !is_one_directory(x, *opened)) return;
  ShareUse use(*opened->visit);
  FormOptions options;
  options.before_file = [&]() -> std::optional<Refusal> {
    if (use.take()) return std::nullopt;
    return Refusal{400, "Allowed usage exceeded", ""};
  };
  options.after_file = [&] { use.keep(); };
  if (receive_files(x, *opened->session, opened->visit->paths().front(), options)) x.say(201, "Upload completed");
}

void upload(Exchange& x, std::string_view name) {
  const auto opened = open(x, Need::Write);
  if (!opened || !is_one_directory(x, *opened)) return;
  const auto path = path_in_share(x, *opened, name);
  if (!path) return;
  if (*path == opened->visit->paths().front()) return x.refuse({403, "", "Uploading outside the share is not allowed"});
  Session& session = *opened->session;
  if (x.query_flag("mkdir_parents"))
    if (auto made = make_parents(session.context(), session.fs(), path->parent()); !made)
      return x.refuse(refusal_of_file(made.error(), "Unable to create the parent directories"));
  ShareUse use(*opened->visit);
  if (!take(x, use)) return;
  if (auto stored = store_body(x, session, *path, modification_time_of(x.request)); !stored)
    return x.refuse(refusal_of_file(stored.error(), "Unable to save " + quoted(name)));
  use.keep();
  x.say(201, "Upload completed");
}

void make_directory(Exchange& x) {
  const auto name = x.request.query("path").value_or("");
  if (name.empty()) return x.refuse({400, "please set a path", ""});
  const auto opened = open(x, Need::Write);
  if (!opened || !is_one_directory(x, *opened)) return;
  const auto path = path_in_share(x, *opened, name);
  if (!path) return;
  Session& session = *opened->session;
  const std::string message = "Unable to create directory " + quoted(name);
  if (x.query_flag("mkdir_parents"))
    if (auto made = make_parents(session.context(), session.fs(), path->parent()); !made)
      return x.refuse(refusal_of_file(made.error(), message));
  if (auto made = session.fs().make_dir(session.context(), *path); !made)
    return x.refuse(refusal_of_file(made.error(), message));
  x.say(201, "Directory " + quoted(name) + " created");
}

Route route(std::string_view method, std::string_view path, ApiHandler handler) {
  Route made{.method = method, .path = path, .audience = Audience::Anyone};
  made.options.lane = kFileLane;
  made.options.deadline = std::chrono::milliseconds(0);
  made.handler = std::move(handler);
  return made;
}

Route uploading(const Site& site, std::string_view path, ApiHandler handler) {
  Route made = route("POST", path, std::move(handler));
  made.options.body = http::Body::Streamed;
  made.options.max_body = site.max_upload_size == 0 ? http::kUnlimited : site.max_upload_size;
  return made;
}

}  // namespace

std::vector<Route> share_routes(const Site& site) {
  std::vector<Route> routes = {
      route("GET", "/shares/{id}/dirs", list),
      route("GET", "/shares/{id}", download),
      at_once(route("GET", "/shares/{id}/files", download_file)),
      route("POST", "/shares/{id}/actions/mkdir", make_directory),
      uploading(site, "/shares/{id}", upload_form),
      at_once(
          uploading(site, "/shares/{id}/files/{path*}", [](Exchange& x) { upload(x, x.request.parameter("path")); })),
      // As older clients say it.
      at_once(uploading(site, "/shares/{id}/{name}", [](Exchange& x) { upload(x, x.request.parameter("name")); })),
  };
  routes.front().options.compress = true;
  return routes;
}

}  // namespace slipway::httpd
