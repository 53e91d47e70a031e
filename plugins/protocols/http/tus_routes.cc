// Uploads in pieces that can be resumed: tus 1.0 (https://tus.io/protocols/resumable-upload) for users and shares.
#include <charconv>

#include "route.h"
#include "tus_checksum.h"
#include "tus_metadata.h"
#include "tus_uploads.h"
#include "user_session.h"
#include "visitor_session.h"

namespace slipway::httpd {
namespace {

using State = TusUpload::State;
using Turn = TusUpload::Turn;
using Counts = TusUpload::Counts;

constexpr std::string_view kVersion = "1.0.0";
constexpr std::string_view kExtensions = "creation,creation-with-upload,expiration,termination,checksum";
constexpr std::string_view kPieces = "application/offset+octet-stream";
constexpr std::size_t kBuffer = 256 << 10;                  // bytes
constexpr std::uint64_t kLargest = std::uint64_t{1} << 62;  // bytes; what a file offset can say
constexpr std::string_view kUserPath = "/user/files/chunked-upload", kSharePath = "/shares-chunked-uploads";

enum class For : std::uint8_t { User, Share };

std::optional<std::uint64_t> number(std::optional<std::string_view> text) {
  std::uint64_t value = 0;
  if (!text || text->empty() || text->front() == '+') return std::nullopt;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failure != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::uint64_t largest_upload(const Site& site) {
  return site.max_upload_size == 0 ? kLargest : std::min(site.max_upload_size, kLargest);
}

// What every call but the discovery begins with. False: it has answered.
bool speaks_tus(Exchange& x) {
  x.response.set_header("Tus-Resumable", kVersion);
  const auto version = x.request.header("Tus-Resumable");
  if (version == kVersion) return true;
  if (!version) {
    x.refuse({400, "please set Tus-Resumable", ""});
    return false;
  }
  x.response.set_header("Tus-Version", kVersion);
  x.refuse({412, "", "Precondition Failed"});
  return false;
}

void say_state(Exchange& x, const TusUpload& upload) {
  x.response.set_header("Upload-Offset", std::to_string(upload.state().offset));
  if (const auto expires = upload.expires_at())
    x.response.set_header("Upload-Expires", http::format_http_date(std::chrono::floor<std::chrono::seconds>(*expires)));
}

constexpr const char* kChecksum = "Upload-Checksum";

// Of a step of an upload.
void refuse_step(Exchange& x, const Error& error) {
  if (error.subject() == kChecksum) return x.refuse({460, "", "Checksum Mismatch"});
  if (error.code() == Errc::NotFound && error.subject() == "upload") return x.refuse({404, "Not Found", ""});
  if (error.code() == Errc::Conflict && error.subject() == "upload") return x.refuse({409, error.cause(), ""});
  x.refuse(refusal_of_file(error, "Unable to save the upload"));
}

// The checksum that the client sent, if it did. False: it has answered.
bool read_checksum(Exchange& x, std::optional<TusChecksum>& checksum) {
  const auto field = x.request.header(kChecksum);
  if (!field) return true;
  auto parsed = TusChecksum::parse(*field);
  if (parsed)
    checksum = *std::move(parsed);
  else
    x.refuse({parsed.code() == Errc::InvalidArgument ? 400 : 500, parsed.error().cause(), ""});
  return parsed.ok();
}

Refusal no_checksums_here() { return {400, "pieces of a file at this place cannot be checked", ""}; }

Counts counts_with(const std::optional<TusChecksum>& checksum) { return checksum ? Counts::OnAccept : Counts::AtOnce; }

// What the body has goes into the upload. When it breaks off, what has arrived stays there.
Status receive(Exchange& x, Turn& turn, TusChecksum* checksum) {
  std::vector<std::byte> buffer(kBuffer);
  Status body = ok();
  for (bool is_over = false; !is_over && body;) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
      const auto count = x.request.read(std::span(buffer).subspan(filled));
      if (!count) body = count.error();
      is_over = !count || *count == 0;
      if (is_over) break;
      filled += *count;
    }
    const auto piece = std::span<const std::byte>(buffer).first(filled);
    if (checksum != nullptr) checksum->add(piece);
    if (filled > 0) SLIPWAY_TRY(turn.write(piece));
  }
  return body;
}

// The same for a body that has a checksum: all of it counts, or nothing.
Status receive_checked(Exchange& x, Turn& turn, TusChecksum& checksum) {
  Status done = receive(x, turn, &checksum);
  if (done && !checksum.fits()) done = Error(Errc::InvalidArgument, kChecksum);
  if (done) return turn.accept();
  turn.discard();
  return done;
}

Status finish_if_all_is_here(TusUpload& upload, Turn& turn) {
  return upload.state().offset == upload.facts().length ? turn.finish() : ok();
}

// ---- beginning

// Whose it is, and where it goes; nothing: it has answered.
struct Place {
  TusUpload::Facts facts;
  TusWork work;
};

std::optional<Place> user_place(Exchange& x, const TusMetadata& metadata) {
  Place place;
  place.facts.user = x.caller.user->name;
  place.work.session = open_session(x);
  if (!place.work.session) return std::nullopt;
  auto path = resolve(x, *place.work.session, metadata.path);
  if (!path) {
    x.refuse(refusal_of_path(path.error()));
    return std::nullopt;
  }
  place.facts.target = *std::move(path);
  return place;
}

std::optional<Place> share_place(Exchange& x, const TusMetadata& metadata) {
  if (metadata.share_id.empty()) {
    x.refuse({400, "please set a share_id in the metadata", ""});
    return std::nullopt;
  }
  auto visitor = open_share(x, {.id = metadata.share_id, .need = ShareRequest::Need::Write});
  if (!visitor || !is_one_directory(x, *visitor)) return std::nullopt;
  auto path = path_in_share(x, *visitor, metadata.path);
  if (!path) return std::nullopt;
  if (*path == visitor->visit->paths().front()) {
    x.refuse({403, "", "Uploading outside the share is not allowed"});
    return std::nullopt;
  }
  ShareUse use(*visitor->visit);
  if (!take(x, use)) return std::nullopt;
  use.keep();  // from here on the work gives it back
  Place place;
  place.facts.share_id = metadata.share_id;
  place.facts.target = *std::move(path);
  place.work.session = std::move(visitor->session);
  place.work.visit = std::move(visitor->visit);
  return place;
}

void create(Exchange& x, For whom) {
  if (!speaks_tus(x)) return;
  if (x.request.header("Upload-Defer-Length")) return x.refuse({400, "please set Upload-Length", ""});
  const auto length = number(x.request.header("Upload-Length"));
  if (!length) return x.refuse({400, "please set Upload-Length", ""});
  const auto field = x.request.header("Upload-Metadata").value_or("");
  const auto metadata = parse_tus_metadata(field);
  if (!metadata) return x.refuse({400, metadata.error().cause(), ""});
  if (*length > largest_upload(*x.site)) return x.refuse({413, "request body too large", ""});
  const bool has_bytes = x.request.has_body() && x.request.content_length().value_or(1) > 0;
  if (has_bytes && x.request.header("Content-Type") != kPieces)
    return x.refuse({415, "the body must be " + std::string(kPieces), ""});
  if (has_bytes && x.request.content_length().value_or(0) > *length)
    return x.refuse({413, "there are more bytes than Upload-Length", ""});

  std::optional<TusChecksum> checksum;
  if (!read_checksum(x, checksum)) return;

  auto place = whom == For::User ? user_place(x, *metadata) : share_place(x, *metadata);
  if (!place) return;
  auto& [facts, work] = *place;
  const auto refuse_busy = [&](const Error& error) {
    x.response.set_header("Retry-After", "1");
    x.refuse({error.retryable() ? 429 : 503, error.cause(), ""});
  };
  if (auto room = x.site->uploads->check_room(facts.user, facts.share_id); !room) return refuse_busy(room.error());
  Session& session = *work.session;
  facts.can_go_back = has(session.fs().capabilities(), Capability::RandomWrite);
  if (checksum && !facts.can_go_back) return x.refuse(no_checksums_here());
  if (metadata->mkdir_parents)
    if (auto made = make_parents(session.context(), session.fs(), facts.target.parent()); !made)
      return x.refuse(refusal_of_file(made.error(), "Unable to create the parent directories"));
  OpenOptions options = OpenOptions::replacing();
  options.size_hint = *length;
  auto file = session.fs().open(session.context(), facts.target, options);
  if (!file) return x.refuse(refusal_of_file(file.error(), "Unable to save " + quoted(metadata->path)));
  work.file = *std::move(file);

  facts.id = TusUploads::make_id();
  facts.metadata = field;
  facts.modified = metadata->modified;
  facts.length = *length;
  const auto upload = std::make_shared<TusUpload>(std::move(facts), std::move(work));
  if (auto added = x.site->uploads->add(upload); !added) return refuse_busy(added.error());
  const std::string& id = upload->facts().id;
  {
    auto turn = Turn::take(upload, 0, x.request.method(), counts_with(checksum));
    Status done = turn ? ok() : Status(turn.error());
    if (done && (has_bytes || checksum))
      done = checksum ? receive_checked(x, *turn, *checksum) : receive(x, *turn, nullptr);
    if (done) done = finish_if_all_is_here(*upload, *turn);
    if (!done) {
      x.site->uploads->remove(id);  // the client does not know where it is
      return refuse_step(x, done.error());
    }
  }
  x.response.set_status(201);
  // Without scheme and host it is right behind every proxy.
  x.response.set_header("Location", "/api/v2" + std::string(whom == For::User ? kUserPath : kSharePath) + "/" + id);
  say_state(x, *upload);
}

// ---- going on

// Null: it has answered.
std::shared_ptr<TusUpload> find(Exchange& x, For whom) {
  auto upload = x.site->uploads->find(x.request.parameter("id"));
  const auto missing = [&]() -> std::shared_ptr<TusUpload> {
    x.refuse({404, "Not Found", ""});
    return nullptr;
  };
  if (whom == For::User) {
    if (!resume_login(x)) return nullptr;
    if (!upload || upload->facts().user.empty()) return missing();
    if (upload->facts().user == x.caller.user->name) return upload;
    x.refuse({403, "", "Forbidden"});
    return nullptr;
  }
  if (!upload || upload->facts().share_id.empty()) {
    if (auto waited = x.visit.admitted->wait(x.context()); !waited) {
      x.refuse(waited.error());
      return nullptr;
    }
    return missing();
  }
  return visit_share(x, {.id = upload->facts().share_id, .need = ShareRequest::Need::Write, .is_counted = true})
             ? upload
             : nullptr;
}

void look(Exchange& x, For whom) {
  if (!speaks_tus(x)) return;
  const auto upload = find(x, whom);
  if (!upload) return;
  upload->touch();
  x.response.set_header("Cache-Control", "no-store");
  x.response.set_header("Upload-Length", std::to_string(upload->facts().length));
  x.response.set_header("Upload-Metadata", upload->facts().metadata);
  say_state(x, *upload);
}

void go_on(Exchange& x, For whom) {
  if (!speaks_tus(x)) return;
  if (x.request.header("Content-Type") != kPieces)
    return x.refuse({415, "the body must be " + std::string(kPieces), ""});
  const auto offset = number(x.request.header("Upload-Offset"));
  if (!offset) return x.refuse({400, "please set Upload-Offset", ""});
  std::optional<TusChecksum> checksum;
  if (!read_checksum(x, checksum)) return;
  const auto upload = find(x, whom);
  if (!upload) return;
  if (checksum && !upload->facts().can_go_back) return x.refuse(no_checksums_here());
  auto turn = Turn::take(upload, *offset, "PATCH", counts_with(checksum));
  if (!turn) return refuse_step(x, turn.error());
  if (x.request.content_length().value_or(0) > upload->facts().length - *offset)
    return x.refuse({413, "there are more bytes than Upload-Length", ""});
  Status done = checksum ? receive_checked(x, *turn, *checksum) : receive(x, *turn, nullptr);
  if (done) done = finish_if_all_is_here(*upload, *turn);
  if (!done) return refuse_step(x, done.error());
  x.response.set_status(204);
  say_state(x, *upload);
}

void give_up(Exchange& x, For whom) {
  if (!speaks_tus(x)) return;
  const auto upload = find(x, whom);
  if (!upload) return;
  x.site->uploads->remove(upload->facts().id);
  x.response.set_status(204);
}

// For clients that cannot send every method.
void act_instead(Exchange& x, For whom) {
  const auto method = x.request.header("X-HTTP-Method-Override").value_or("");
  if (method == "PATCH") return go_on(x, whom);
  if (method == "DELETE") return give_up(x, whom);
  if (method == "HEAD") return look(x, whom);
  x.refuse({405, "", "Method Not Allowed"});
}

void discover(Exchange& x) {
  x.response.set_header("Tus-Resumable", kVersion);
  x.response.set_header("Tus-Version", kVersion);
  x.response.set_header("Tus-Extension", kExtensions);
  x.response.set_header("Tus-Checksum-Algorithm", TusChecksum::kAlgorithms);
  if (x.site->max_upload_size > 0) x.response.set_header("Tus-Max-Size", std::to_string(x.site->max_upload_size));
}

}  // namespace

std::vector<Route> tus_routes(const Site& site) {
  std::vector<Route> routes;
  if (!site.binding.tus) return routes;
  for (const For whom : {For::User, For::Share}) {
    const bool is_user = whom == For::User;
    const auto add = [&](std::string_view method, std::string_view path, bool streams, ApiHandler handler) {
      Route route{.method = method, .path = path, .audience = is_user ? Audience::User : Audience::Anyone};
      if (is_user) route.flags = kWrites;
      route.options.lane = kFileLane;
      route.options.deadline = std::chrono::milliseconds(0);
      if (streams) {
        route.options.body = http::Body::Streamed;
        route.options.max_body = site.max_upload_size == 0 ? http::kUnlimited : site.max_upload_size;
      }
      route.handler = std::move(handler);
      routes.push_back(std::move(route));
    };
    const std::string_view all = is_user ? kUserPath : kSharePath;
    const std::string_view one = is_user ? "/user/files/chunked-upload/{id}" : "/shares-chunked-uploads/{id}";
    add("OPTIONS", all, false, discover);
    add("POST", all, true, [whom](Exchange& x) { create(x, whom); });
    add("OPTIONS", one, false, discover);
    add("HEAD", one, false, [whom](Exchange& x) { look(x, whom); });
    add("PATCH", one, true, [whom](Exchange& x) { go_on(x, whom); });
    add("DELETE", one, false, [whom](Exchange& x) { give_up(x, whom); });
    add("POST", one, true, [whom](Exchange& x) { act_instead(x, whom); });
  }
  return routes;
}

}  // namespace slipway::httpd
