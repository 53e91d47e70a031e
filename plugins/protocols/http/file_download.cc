#include <set>

#include "file_actions.h"
#include "mime_types.h"
#include "support/http/conditional.h"
#include "zip_stream.h"

namespace slipway::httpd {
namespace {

// A session's file with all that it needs: the session goes when the last byte has left.
class SessionSource final : public http::FileSource {
 public:
  SessionSource(SharedSession session, std::unique_ptr<File> file)
      : session_(std::move(session)),
        file_(std::move(file)),
        direct_(static_cast<DirectReads*>(file_->query(DirectReads::kInterfaceId))),
        is_immediate_(has(session_->fs().capabilities(), Capability::Immediate)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    return file_->read_at(session_->context(), offset, out);
  }
  int fd() const noexcept override { return direct_ == nullptr ? -1 : direct_->fd(); }
  Status sent(std::size_t bytes) override {
    return direct_ == nullptr ? ok() : direct_->sent(session_->context(), bytes);
  }
  bool is_immediate() const noexcept override { return is_immediate_; }
  void finished(const Status& status, std::uint64_t) noexcept override {
    // Without it the download counts as aborted.
    if (status) (void)file_->finish(session_->context());
  }

 private:
  const SharedSession session_;
  const std::unique_ptr<File> file_;
  DirectReads* const direct_;
  const bool is_immediate_;
};

// For HEAD: what would be sent, without a transfer.
class NoSource final : public http::FileSource {
 public:
  Result<std::size_t> read_at(std::uint64_t, std::span<std::byte>) override {
    return Error(Errc::Internal, "HEAD", "there is nothing to read");
  }
};

http::Validators validators_of(const FileInfo& info) {
  http::Validators validators;
  validators.etag = info.etag.empty() ? http::make_etag(info.mtime, info.size) : "\"" + info.etag + "\"";
  validators.modified = std::chrono::floor<std::chrono::seconds>(info.mtime);
  return validators;
}

// What somebody stored must not run as a page of this server.
void forbid_scripts(http::Response& response) {
  response.set_header("Content-Security-Policy",
                      "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; "
                      "style-src 'unsafe-inline'");
  response.set_header("X-Content-Type-Options", "nosniff");
}

// Without those that are there already, by themselves or with a directory above them: a list of the same path a hundred
// thousand times over would be an archive without end.
std::vector<VPath> once(const std::vector<VPath>& paths) {
  const std::set<VPath> all(paths.begin(), paths.end());
  const auto comes_with_another = [&](const VPath& path) {
    for (VPath above = path; !above.is_root();)
      if (above = above.parent(); all.contains(above)) return true;
    return false;
  };
  std::set<VPath> taken;
  std::vector<VPath> kept;
  for (const VPath& path : paths)
    if (!comes_with_another(path) && taken.insert(path).second) kept.push_back(path);
  return kept;
}

Refusal refusal_of_download(const Error& error, std::string message) {
  if (error.code() == Errc::QuotaExceeded) return {403, "denying read due to quota limit", std::move(message)};
  return refusal_of_file(error, std::move(message));
}

}  // namespace

void send_file(Exchange& x, SharedSession session, const VPath& path, DownloadOptions options) {
  constexpr const char* kNoFile = "Please set the path to a valid file";
  const std::string name(options.name.empty() ? path.str() : options.name);
  if (path.is_root()) return x.refuse({400, "", kNoFile});
  const auto is_file = [&](const FileInfo& info) {
    if (info.is_regular()) return true;
    const char* what = info.is_directory() ? " is a directory" : " is not a file";
    x.refuse({400, "", std::string(kNoFile) + ", " + quoted(name) + what});
    return false;
  };
  http::FileBody body;
  body.content_type = mime_type(path.name());
  if (!options.is_inline) body.disposition = http::content_disposition("attachment", path.name());
  const auto describe = [&](const FileInfo& info) {
    body.size = info.size;
    body.validators = validators_of(info);
  };
  // Nobody hears of what is not opened; where nobody listens either, only what may end here is looked at before.
  const bool is_head = x.request.method() == "HEAD";
  if (is_head || x.request.may_block() || http::has_preconditions(x.request.headers())) {
    const auto info = session->fs().stat(session->context(), path, Follow::Yes);
    if (!info) return x.refuse(refusal_of_download(info.error(), tried("read", name)));
    if (!is_file(*info)) return;
    describe(*info);
    const auto precondition = http::check_preconditions(x.request.method(), x.request.headers(), &body.validators);
    if (is_head || precondition != http::Precondition::Proceed) {
      if (options.is_inline) forbid_scripts(x.response);
      body.source = std::make_shared<NoSource>();
      return x.response.set_file(std::move(body));
    }
  }

  auto file = session->fs().open(session->context(), path, OpenOptions::reading());
  if (!file) {
    // What is no file has an answer of its own.
    const auto info = session->fs().stat(session->context(), path, Follow::Yes);
    if (info && !is_file(*info)) return;
    return x.refuse(refusal_of_download(info ? file.error() : info.error(), tried("read", name)));
  }
  const auto info = (*file)->stat(session->context());
  if (!info) return x.refuse(refusal_of_download(info.error(), tried("read", name)));
  describe(*info);
  if (options.is_inline) forbid_scripts(x.response);
  x.request.interrupt_with(session->context().stop);
  body.source = std::make_shared<SessionSource>(std::move(session), *std::move(file));
  x.response.set_file(std::move(body));
}

void send_zip(Exchange& x, Session& session, const std::vector<VPath>& paths, const VPath& base,
              std::string_view file_name) {
  x.response.set_header("Content-Type", "application/zip");
  x.response.set_header("Content-Disposition", http::content_disposition("attachment", file_name));
  x.response.set_header("Content-Transfer-Encoding", "binary");
  x.response.set_header("Accept-Ranges", "none");
  if (x.request.method() == "HEAD") return;
  x.request.interrupt_with(session.context().stop);
  ZipStream zip(session, [&](std::span<const std::byte> data) { return x.response.write(data); });
  for (const VPath& path : once(paths)) {
    if (auto added = zip.add(path, base); !added) {
      x.site->services.logger.warn("an archive could not be completed",
                                   {{"connection_id", session.id()}, {"error", added.error().message()}});
      return x.response.abort();
    }
  }
  if (!zip.finish()) x.response.abort();
}

}  // namespace slipway::httpd
