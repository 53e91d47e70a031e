// The framing of a request's body: a length, or chunks (RFC 9112 7.1). Knows no socket; strict like the header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace slipway::http {

class BodyDecoder {
 public:
  enum class State : std::uint8_t { More, Done, Bad };  // More: bytes are missing

  void begin_length(std::uint64_t length) noexcept;
  void begin_chunked() noexcept;

  struct Step {
    std::string_view data;     // body bytes, within `input`; empty when only framing was read
    std::size_t consumed = 0;  // of `input`, framing and data
  };
  // Reads framing up to and with the next run of data, at most `max` bytes of it. Call again while it consumes.
  Step next(std::string_view input, std::size_t max) noexcept;

  State state() const noexcept { return state_; }
  // Bytes of data that come next without framing in between; they may be read straight to where they belong, then
  // taken(). 0: framing comes first.
  std::uint64_t direct() const noexcept { return phase_ == Phase::Data ? left_ : 0; }
  void taken(std::uint64_t bytes) noexcept;

 private:
  enum class Phase : std::uint8_t {
    Data,
    DataCr,
    DataLf,
    Size,
    Extension,
    SizeLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Over
  };
  bool framing_byte(char c) noexcept;
  void data_ended() noexcept;

  State state_ = State::Done;
  Phase phase_ = Phase::Over;
  bool chunked_ = false;
  std::uint64_t left_ = 0;  // of data
  unsigned digits_ = 0;
  std::size_t extras_ = 0;  // bytes of extensions and trailers, of the whole body
};

}  // namespace slipway::http
