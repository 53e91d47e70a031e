#include "support/http/body_decoder.h"

#include <algorithm>

#include "support/http/characters.h"

namespace slipway::http {
namespace {

constexpr unsigned kMaxDigits = 15;           // of a chunk's size: below 2^60
constexpr std::size_t kMaxExtras = 16 << 10;  // nobody needs extensions; each would cost more than it carries

}  // namespace

void BodyDecoder::begin_length(std::uint64_t length) noexcept {
  *this = BodyDecoder();
  left_ = length;
  if (length == 0) return;
  state_ = State::More;
  phase_ = Phase::Data;
}

void BodyDecoder::begin_chunked() noexcept {
  *this = BodyDecoder();
  chunked_ = true;
  state_ = State::More;
  phase_ = Phase::Size;
}

void BodyDecoder::data_ended() noexcept {
  if (chunked_) {
    phase_ = Phase::DataCr;
  } else {
    phase_ = Phase::Over;
    state_ = State::Done;
  }
}

void BodyDecoder::taken(std::uint64_t bytes) noexcept {
  left_ -= bytes;
  if (left_ == 0) data_ended();
}

BodyDecoder::Step BodyDecoder::next(std::string_view input, std::size_t max) noexcept {
  Step step;
  while (state_ == State::More && step.consumed < input.size()) {
    if (phase_ == Phase::Data) {
      const auto count = std::min<std::uint64_t>({left_, input.size() - step.consumed, max});
      step.data = input.substr(step.consumed, static_cast<std::size_t>(count));
      step.consumed += step.data.size();
      taken(count);
      return step;
    }
    if (!framing_byte(input[step.consumed++])) {
      state_ = State::Bad;
      return step;
    }
  }
  return step;
}

// False: malformed.
bool BodyDecoder::framing_byte(char c) noexcept {
  switch (phase_) {
    case Phase::DataCr:
      phase_ = Phase::DataLf;
      return c == '\r';
    case Phase::DataLf:
      phase_ = Phase::Size;
      digits_ = 0;
      return c == '\n';
    case Phase::Size:
      if (const int value = hex_value(c); value >= 0) {
        if (digits_ == kMaxDigits) return false;
        ++digits_;
        left_ = left_ * 16 + static_cast<std::uint64_t>(value);
        return true;
      }
      if (digits_ == 0) return false;
      if (c == '\r') phase_ = Phase::SizeLf;
      if (c == ';') phase_ = Phase::Extension;
      return c == '\r' || c == ';';
    case Phase::Extension:
      if (c == '\r') {
        phase_ = Phase::SizeLf;
        return true;
      }
      return is_field_byte(c) && ++extras_ <= kMaxExtras;
    case Phase::SizeLf:
      phase_ = left_ == 0 ? Phase::TrailerStart : Phase::Data;
      return c == '\n';
    case Phase::TrailerStart:
      if (c == '\r') {
        phase_ = Phase::EndLf;
        return true;
      }
      phase_ = Phase::TrailerName;
      return is_token_byte(c) && ++extras_ <= kMaxExtras;
    case Phase::TrailerName:
      if (c == ':') phase_ = Phase::TrailerValue;
      return (c == ':' || is_token_byte(c)) && ++extras_ <= kMaxExtras;
    case Phase::TrailerValue:
      if (c == '\r') {
        phase_ = Phase::TrailerLf;
        return true;
      }
      return is_field_byte(c) && ++extras_ <= kMaxExtras;
    case Phase::TrailerLf:
      phase_ = Phase::TrailerStart;
      return c == '\n';
    case Phase::EndLf:
      phase_ = Phase::Over;
      state_ = State::Done;
      return c == '\n';
    case Phase::Data:
    case Phase::Over:
      break;
  }
  return false;
}

}  // namespace slipway::http
