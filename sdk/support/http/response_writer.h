// Turns a Response into bytes: header, framing, ranges, compression; into a buffer, or straight to a connection.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/http/blocking_stream.h"
#include "support/http/byte_buffer.h"
#include "support/http/conditional.h"
#include "support/http/gzip.h"
#include "support/http/request.h"
#include "support/http/response.h"

namespace slipway::http {

// For one request at a time. Without a stream everything goes to `out`; with one, what does not fit there leaves.
class ResponseWriter final : public ResponseSink {
 public:
  struct Options {
    std::string_view server;         // of the Server field; empty: none
    bool compress = false;           // the route's choice
    std::function<bool()> reusable;  // whether the connection may be kept; asked when the header is made
  };

  ResponseWriter() = default;
  ResponseWriter(const ResponseWriter&) = delete;
  ResponseWriter& operator=(const ResponseWriter&) = delete;

  void begin(const Request& request, Response& response, ByteBuffer& out, Options options);
  void attach(BlockingStream* stream) noexcept { stream_ = stream; }

  // The response's content, or the end of its stream. With a stream all of it is sent when this returns. A file that
  // cannot be read is answered with an error as long as nothing has left.
  Status finish();
  // Whether finish() can do its work without a stream: a whole body, or a file that is small and at hand.
  bool fits_buffer();
  // Lets go of the file and what else belongs to the request.
  void end() noexcept;

  // ---- ResponseSink: for handlers that send while they run
  Status write(std::span<const std::byte> data, bool last) override;
  Status flush() override;
  Status send_file(const FileBody& file) override;

  bool keeps_alive() const noexcept { return keep_alive_; }
  bool head_made() const noexcept { return head_made_; }
  std::uint64_t bytes() const noexcept { return bytes_; }  // made so far
  int status() const noexcept { return sent_status_; }

 private:
  enum class Framing : std::uint8_t { None, Length, Chunked, Close };
  struct FilePlan {
    std::vector<ByteRange> parts;
    bool multipart = false, with_body = true;
    std::uint64_t length = 0;  // of the body
    std::string boundary;
  };

  void make_head(Framing framing, std::uint64_t length);
  void put(std::string_view text);
  Status send_out(bool more);
  Status finish_whole(Response::Whole& whole);
  Status start_stream();
  void open_chunk();
  void close_chunk();
  void add_to_stream(std::string_view data);
  Status send_stream();
  Status finish_stream();
  bool take_file();
  FilePlan plan_file(const FileBody& file);
  Status send_planned(const FileBody& file, const FilePlan& plan, std::uint64_t& sent);
  Status copy_part(FileSource& source, const ByteRange& part);
  Status answer_failure(const Error& error);
  bool wants_gzip(std::size_t size);

  const Request* request_ = nullptr;
  Response* response_ = nullptr;
  ByteBuffer* out_ = nullptr;
  BlockingStream* stream_ = nullptr;
  Options options_;

  bool head_made_ = false, keep_alive_ = false, head_only_ = false;
  bool has_left_ = false;    // something was sent, or tried to
  std::size_t head_at_ = 0;  // within `out`, until then
  int sent_status_ = 0;
  std::uint64_t bytes_ = 0;

  // of a stream
  bool streaming_ = false;
  Framing framing_ = Framing::None;
  std::uint64_t promised_ = 0, written_ = 0;
  std::size_t chunk_at_ = 0;  // of the chunk's size within `out`, while one is open
  bool chunk_open_ = false;
  std::unique_ptr<GzipEncoder> gzip_;

  std::optional<FileBody> file_;  // the response's, once it is looked at
  std::optional<FilePlan> plan_;  // made by fits_buffer()
};

// "Date" of now; renewed once a second, by thread.
std::string_view current_http_date();

}  // namespace slipway::http
