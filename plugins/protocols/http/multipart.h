// The parts of a multipart/form-data body (RFC 7578, RFC 2046 5.1), read as they arrive: nothing is kept on disk.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/result.h"

namespace slipway::httpd {

// Of a Content-Type field; nothing when it is no multipart/form-data with a boundary.
std::optional<std::string> multipart_boundary(std::string_view content_type);

struct PartHeader {
  std::string name;
  std::optional<std::string> file_name;  // as it was sent, with directories if the client was so kind
};
// Of the value of a Content-Disposition field; nothing when it is no form-data with a name.
std::optional<PartHeader> parse_part_disposition(std::string_view value);

// One thread. After an error it is of no more use. InvalidArgument for what is no multipart body; else the errors of
// the source.
class MultipartReader {
 public:
  // Gives at least one byte, unless the body is over: 0.
  using Source = std::function<Result<std::size_t>(std::span<std::byte>)>;
  MultipartReader(std::string_view boundary, Source source);

  // Leaves what is left of the part before it. Nothing after the last one.
  Result<std::optional<PartHeader>> next();
  // The next bytes of the part; 0 at its end.
  Result<std::size_t> read(std::span<std::byte> out);

 private:
  Result<bool> fill();  // false: the source is over
  std::string_view waiting() const noexcept { return {buffer_.data() + begin_, end_ - begin_}; }
  Result<std::string> header_line();
  Result<PartHeader> header();
  Result<bool> find_delimiter();

  const std::string delimiter_;  // CR LF - - boundary
  const Source source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::size_t parts_ = 0;
  bool in_part_ = false, over_ = false;
};

}  // namespace slipway::httpd
