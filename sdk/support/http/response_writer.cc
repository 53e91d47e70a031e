#include "support/http/response_writer.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <random>

namespace slipway::http {
namespace {

constexpr std::size_t kInlineFile = 32 << 10;    // larger files are a worker's
constexpr std::size_t kGather = 64 << 10;        // a stream's pieces leave together from here on
constexpr std::size_t kWorthCompressing = 1024;  // below, the header and a packet cost more than is saved
constexpr std::size_t kChunkHead = 10;           // eight digits and CRLF
constexpr std::string_view kLastChunk = "0\r\n\r\n";

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

std::string decimal(std::uint64_t value) {
  std::array<char, 20> text;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string part_head(const FileBody& file, const std::string& boundary, const ByteRange& part) {
  std::string text = "\r\n--" + boundary + "\r\nContent-Type: ";
  text += file.content_type.empty() ? "application/octet-stream" : file.content_type;
  text += "\r\nContent-Range: bytes " + decimal(part.first) + "-" + decimal(part.last) + "/" + decimal(file.size);
  text += "\r\n\r\n";
  return text;
}

std::string part_end(const std::string& boundary) { return "\r\n--" + boundary + "--\r\n"; }

// Must not occur in the parts: long and random enough that it does not.
std::string make_boundary() {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  std::array<char, 36> text;
  std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(random()),
                static_cast<unsigned long long>(random()));
  return text.data();
}

}  // namespace

std::string_view current_http_date() {
  thread_local time_t made_at = -1;
  thread_local std::string text;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != made_at) {
    made_at = now.tv_sec;
    text = format_http_date(std::chrono::sys_seconds(std::chrono::seconds(now.tv_sec)));
  }
  return text;
}

void ResponseWriter::begin(const Request& request, Response& response, ByteBuffer& out, Options options) {
  request_ = &request;
  response_ = &response;
  out_ = &out;
  stream_ = nullptr;
  options_ = std::move(options);
  head_made_ = keep_alive_ = streaming_ = chunk_open_ = has_left_ = false;
  head_only_ = request.method() == "HEAD";
  sent_status_ = 0;
  bytes_ = promised_ = written_ = 0;
  framing_ = Framing::None;
  gzip_.reset();
  plan_.reset();
  file_.reset();
}

void ResponseWriter::end() noexcept {
  stream_ = nullptr;
  gzip_.reset();
  plan_.reset();
  file_.reset();
}

void ResponseWriter::put(std::string_view text) {
  out_->append(text);
  bytes_ += text.size();
}

void ResponseWriter::make_head(Framing framing, std::uint64_t length) {
  const int status = response_->status();
  keep_alive_ = framing != Framing::Close && !response_->wants_close() && options_.reusable && options_.reusable();
  head_made_ = true;
  head_at_ = out_->size();
  sent_status_ = status;

  std::array<char, 32> number;
  const auto put_number = [&](std::uint64_t value) {
    put({number.data(), std::to_chars(number.data(), number.data() + number.size(), value).ptr});
  };
  put("HTTP/1.1 ");
  put_number(static_cast<std::uint64_t>(std::clamp(status, 100, 999)));
  put(" ");
  put(reason_phrase(status));
  if (!options_.server.empty()) {
    put("\r\nServer: ");
    put(options_.server);
  }
  put("\r\nDate: ");
  put(current_http_date());
  put("\r\n");
  put(response_->fields().text());
  if (framing == Framing::Length) {
    put("Content-Length: ");
    put_number(length);
    put("\r\n");
  } else if (framing == Framing::Chunked) {
    put("Transfer-Encoding: chunked\r\n");
  }
  // 101 says what the connection becomes.
  if (status != 101) {
    if (!keep_alive_)
      put("Connection: close\r\n");
    else if (request_->is_http_1_0())
      put("Connection: keep-alive\r\n");
  }
  put("\r\n");
}

Status ResponseWriter::send_out(bool more) {
  if (stream_ == nullptr) return ok();
  has_left_ = true;
  auto status = stream_->write(out_->view(), more);
  out_->clear();
  return status;
}

bool ResponseWriter::wants_gzip(std::size_t size) {
  if (!response_->compress().value_or(options_.compress) || size < kWorthCompressing) return false;
  const int status = response_->status();
  if (status < 200 || status == 206 || has_no_body(status) || response_->header("Content-Encoding")) return false;
  if (!is_compressible(response_->header("Content-Type").value_or(""))) return false;
  response_->add_header("Vary", "Accept-Encoding");
  if (!accepts_gzip(request_->headers())) return false;
  response_->set_header("Content-Encoding", "gzip");
  // The bytes are others: the tag may only say that the meaning is the same.
  if (const auto tag = response_->header("ETag"); tag && tag->starts_with('"'))
    response_->set_header("ETag", "W/" + std::string(*tag));
  return true;
}

// ---- whole bodies

Status ResponseWriter::finish_whole(Response::Whole& whole) {
  ByteBuffer compressed;
  std::string_view body = whole.text;
  if (wants_gzip(body.size())) {
    GzipEncoder encoder;
    if (encoder.encode(body, GzipEncoder::Flush::Finish, compressed))
      body = compressed.view();
    else
      response_->remove_header("Content-Encoding");
  }
  const bool none = has_no_body(response_->status());
  make_head(none ? Framing::None : Framing::Length, body.size());
  if (none || head_only_) return send_out(false);
  bytes_ += body.size();
  if (stream_ == nullptr || body.size() <= kGather) {
    out_->append(body);
    return send_out(false);
  }
  SLIPWAY_TRY(send_out(true));
  return stream_->write(body);
}

Status ResponseWriter::finish() {
  if (streaming_) return finish_stream();
  if (head_made_) return ok();  // send_file() by the handler
  if (take_file()) {
    Status sent = send_file(*file_);
    return sent || has_left_ ? sent : answer_failure(sent.error());
  }
  if (auto* whole = std::get_if<Response::Whole>(&response_->content())) return finish_whole(*whole);
  if (auto* upgrade = std::get_if<Response::Upgrade>(&response_->content())) {
    response_->set_header("Upgrade", "websocket");
    response_->set_header("Connection", "Upgrade");
    response_->set_header("Sec-WebSocket-Accept", upgrade->accept);
    if (!upgrade->options.protocols.empty())
      response_->set_header("Sec-WebSocket-Protocol", upgrade->options.protocols.front());
    make_head(Framing::None, 0);
    return send_out(false);
  }
  Response::Whole nothing;
  return finish_whole(nothing);
}

// A file leaves the response: planning may put an error's body into its place.
bool ResponseWriter::take_file() {
  if (auto* file = std::get_if<FileBody>(&response_->content())) {
    file_ = std::move(*file);
    response_->content() = std::monostate();
  }
  return file_.has_value();
}

bool ResponseWriter::fits_buffer() {
  if (!take_file()) return true;
  plan_ = plan_file(*file_);
  return !plan_->with_body || (plan_->length <= kInlineFile && file_->source->is_immediate());
}

// ---- streams

Status ResponseWriter::start_stream() {
  streaming_ = true;
  const int status = response_->status();
  if (has_no_body(status)) {
    framing_ = Framing::None;
  } else {
    if (wants_gzip(response_->length().value_or(kWorthCompressing))) gzip_ = std::make_unique<GzipEncoder>();
    if (response_->length() && !gzip_) {
      framing_ = Framing::Length;
      promised_ = *response_->length();
    } else {
      framing_ = request_->is_http_1_0() ? Framing::Close : Framing::Chunked;
    }
  }
  make_head(framing_, promised_);
  return ok();
}

// The size is written behind: until then the chunk grows.
void ResponseWriter::open_chunk() {
  if (framing_ != Framing::Chunked || chunk_open_) return;
  chunk_at_ = out_->size();
  out_->append("00000000\r\n");
  chunk_open_ = true;
}

void ResponseWriter::close_chunk() {
  if (!chunk_open_) return;
  chunk_open_ = false;
  const std::size_t size = out_->size() - chunk_at_ - kChunkHead;
  if (size == 0) {  // would be the last chunk
    out_->truncate(chunk_at_);
    return;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  char* at = out_->data() + chunk_at_ + 8;
  for (std::size_t rest = size; rest != 0; rest >>= 4) *--at = digits[rest & 15];
  out_->append("\r\n");
  bytes_ += kChunkHead + 2;
}

void ResponseWriter::add_to_stream(std::string_view data) {
  open_chunk();
  const std::size_t before = out_->size();
  if (!gzip_) {
    out_->append(data);
  } else {
    gzip_->encode(data, GzipEncoder::Flush::None, *out_);
  }
  bytes_ += out_->size() - before;
}

Status ResponseWriter::send_stream() {
  close_chunk();
  return send_out(false);
}

Status ResponseWriter::write(std::span<const std::byte> data, bool last) {
  if (stream_ == nullptr) return Error(Errc::Internal, "response", "an inline handler cannot send while it runs");
  if (!streaming_) SLIPWAY_TRY(start_stream());
  std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
  written_ += text.size();
  if (framing_ == Framing::Length && written_ > promised_)
    return Error(Errc::Internal, "response", "its body is longer than was announced");
  if (head_only_ || framing_ == Framing::None) text = {};
  while (!text.empty()) {
    const auto piece = text.substr(0, kGather);
    text.remove_prefix(piece.size());
    add_to_stream(piece);
    if (out_->size() >= kGather) SLIPWAY_TRY(send_stream());
  }
  return last ? finish_stream() : ok();
}

Status ResponseWriter::flush() {
  if (stream_ == nullptr) return Error(Errc::Internal, "response", "an inline handler cannot send while it runs");
  if (!streaming_) SLIPWAY_TRY(start_stream());
  if (gzip_ && !head_only_) {
    open_chunk();
    gzip_->encode({}, GzipEncoder::Flush::Sync, *out_);
  }
  return send_stream();
}

Status ResponseWriter::finish_stream() {
  if (framing_ == Framing::Length && !head_only_ && written_ < promised_)
    return Error(Errc::Internal, "response", "its body is shorter than was announced");
  if (gzip_ && !head_only_) {
    open_chunk();
    const std::size_t before = out_->size();
    gzip_->encode({}, GzipEncoder::Flush::Finish, *out_);
    bytes_ += out_->size() - before;
  }
  close_chunk();
  if (framing_ == Framing::Chunked && !head_only_) put(kLastChunk);
  return send_out(false);
}

// ---- files

ResponseWriter::FilePlan ResponseWriter::plan_file(const FileBody& file) {
  FilePlan plan;
  plan.parts = {{0, file.size - 1}};
  plan.length = file.size;
  plan.with_body = !head_only_;
  if (!response_->header("Content-Type"))
    response_->set_header("Content-Type", file.content_type.empty() ? "application/octet-stream" : file.content_type);
  if (!file.disposition.empty()) response_->set_header("Content-Disposition", file.disposition);
  if (!file.validators.etag.empty()) response_->set_header("ETag", file.validators.etag);
  if (file.validators.modified) response_->set_header("Last-Modified", format_http_date(*file.validators.modified));
  if (response_->status() != 200) return plan;
  if (file.max_ranges > 0) response_->set_header("Accept-Ranges", "bytes");

  const auto& headers = request_->headers();
  switch (check_preconditions(request_->method(), headers, &file.validators)) {
    case Precondition::Proceed:
      break;
    case Precondition::NotModified:
      response_->set_status(304);
      response_->remove_header("Content-Type");
      response_->remove_header("Content-Disposition");
      plan.with_body = false;
      return plan;
    case Precondition::Failed:
      response_->remove_header("Content-Disposition");
      response_->fail(412);
      plan.with_body = false;
      return plan;
  }
  if (request_->method() != "GET" && request_->method() != "HEAD") return plan;
  auto decision = decide_ranges(headers, file.validators, file.size, file.max_ranges);
  if (decision.kind == RangeDecision::Kind::Unsatisfiable) {
    response_->remove_header("Content-Disposition");
    response_->remove_header("ETag");
    response_->remove_header("Last-Modified");
    response_->set_header("Content-Range", "bytes */" + decimal(file.size));
    response_->fail(416);
    plan.with_body = false;
  } else if (decision.kind == RangeDecision::Kind::Parts) {
    response_->set_status(206);
    plan.parts = std::move(decision.parts);
    if (plan.parts.size() == 1) {
      const auto& part = plan.parts.front();
      plan.length = part.size();
      response_->set_header("Content-Range",
                            "bytes " + decimal(part.first) + "-" + decimal(part.last) + "/" + decimal(file.size));
    } else {
      plan.multipart = true;
      plan.boundary = make_boundary();
      response_->set_header("Content-Type", "multipart/byteranges; boundary=" + plan.boundary);
      plan.length = part_end(plan.boundary).size();
      for (const auto& part : plan.parts) plan.length += part_head(file, plan.boundary, part).size() + part.size();
    }
  }
  return plan;
}

Status ResponseWriter::copy_part(FileSource& source, const ByteRange& part) {
  const auto size = static_cast<std::size_t>(part.size());
  char* const room = out_->reserve(size);
  SLIPWAY_ASSIGN(const std::size_t count, source.read_at(part.first, std::as_writable_bytes(std::span(room, size))));
  if (count < size) return Error(Errc::IoError, "file", "it became shorter while it was sent");
  out_->commit(size);  // read_at has counted it
  return ok();
}

Status ResponseWriter::answer_failure(const Error& error) {
  out_->truncate(head_at_);
  bytes_ = 0;
  head_made_ = false;
  for (const char* name :
       {"Content-Type", "Content-Disposition", "Content-Range", "Accept-Ranges", "ETag", "Last-Modified"})
    response_->remove_header(name);
  const bool passes = error.code() == Errc::Cancelled || error.code() == Errc::TimedOut || error.retryable();
  response_->fail(passes ? 503 : 500);
  auto* whole = std::get_if<Response::Whole>(&response_->content());
  Response::Whole nothing;
  return finish_whole(whole != nullptr ? *whole : nothing);
}

Status ResponseWriter::send_planned(const FileBody& file, const FilePlan& plan, std::uint64_t& sent) {
  for (const auto& part : plan.parts) {
    if (plan.multipart) put(part_head(file, plan.boundary, part));
    if (stream_ == nullptr || (part.size() <= kInlineFile && part.size() + out_->size() <= 2 * kInlineFile)) {
      SLIPWAY_TRY(copy_part(*file.source, part));
      sent += part.size();
    } else {
      SLIPWAY_TRY(send_out(true));
      SLIPWAY_TRY(stream_->send(*file.source, part.first, part.size(), sent));
    }
  }
  if (plan.multipart) put(part_end(plan.boundary));
  return send_out(false);
}

Status ResponseWriter::send_file(const FileBody& file) {
  const auto plan = plan_ ? *std::exchange(plan_, std::nullopt) : plan_file(file);
  std::uint64_t sent = 0;
  Status status = ok();
  const int code = response_->status();
  if (code == 412 || code == 416) {
    auto* whole = std::get_if<Response::Whole>(&response_->content());
    Response::Whole nothing;
    status = finish_whole(whole != nullptr ? *whole : nothing);
  } else if (!plan.with_body || file.size == 0) {
    make_head(code == 304 ? Framing::None : Framing::Length, plan.length);
    status = send_out(false);
  } else {
    make_head(Framing::Length, plan.length);
    status = send_planned(file, plan, sent);
    bytes_ += sent;
  }
  file.source->finished(status, sent);
  return status;
}

}  // namespace slipway::http
