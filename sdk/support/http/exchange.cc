#include "support/http/exchange.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace slipway::http {
namespace {

constexpr std::size_t kPooled = 64;
constexpr std::size_t kKeptOutput = 80 << 10;
constexpr std::size_t kRead = 16 << 10;

std::vector<std::unique_ptr<Exchange>>& pool() {
  thread_local std::vector<std::unique_ptr<Exchange>> free;
  return free;
}

}  // namespace

ExchangePtr take_exchange() {
  auto& free = pool();
  if (free.empty()) return ExchangePtr(std::make_unique<Exchange>().release());
  ExchangePtr taken(free.back().release());
  free.pop_back();
  return taken;
}

void ExchangeReturn::operator()(Exchange* exchange) const noexcept {
  std::unique_ptr<Exchange> owned(exchange);
  if (pool().size() >= kPooled) return;
  owned->clear();
  pool().push_back(std::move(owned));
}

Exchange::Exchange() : body(*this) { pool().reserve(kPooled); }

void Exchange::next_request() {
  writer.end();
  request.reset();
  response.reset();
  scanner.reset();
  input.unpin();
  decoder = BodyDecoder();
  body.attach(nullptr);
  if (collected.text.capacity() > kRead)
    std::string().swap(collected.text);
  else
    collected.text.clear();
  collected.rewind();
  route = nullptr;
  base_fields.clear();
  deadline = std::chrono::steady_clock::time_point::max();
  reserved = 0;
  received = 0;
  in_request = body_failed = continue_due = false;
}

void Exchange::clear() {
  next_request();
  input.reset();
  output.trim(kKeptOutput);
}

Result<std::size_t> CollectedBody::read(std::span<std::byte> out) {
  const auto count = std::min(out.size(), text.size() - at_);
  if (count > 0) std::memcpy(out.data(), text.data() + at_, count);
  at_ += count;
  return count;
}

Result<std::size_t> ConnectionBody::read(std::span<std::byte> out) {
  auto result = read_some(out);
  if (result) {
    exchange_.received += *result;
  } else {
    exchange_.body_failed = true;
  }
  return result;
}

// What the client may want to see before it sends more: answers to earlier requests, and that it shall go on.
Status ConnectionBody::before_wait() {
  const bool due = std::exchange(exchange_.continue_due, false);
  if (exchange_.writer.head_made()) return ok();
  if (due) exchange_.output.append(kContinue);
  if (exchange_.output.empty()) return ok();
  auto status = stream_->write(exchange_.output.view());
  exchange_.output.clear();
  return status;
}

Result<std::size_t> ConnectionBody::read_some(std::span<std::byte> out) {
  auto& decoder = exchange_.decoder;
  auto& input = exchange_.input;
  while (true) {
    while (!input.empty() && decoder.state() == BodyDecoder::State::More) {
      const auto step = decoder.next(input.unread(), out.size());
      const auto count = step.data.size();
      if (count > 0) std::memcpy(out.data(), step.data.data(), count);
      input.consume(step.consumed);
      if (count > 0) return count;
    }
    if (decoder.state() == BodyDecoder::State::Done) return std::size_t{0};
    if (decoder.state() == BodyDecoder::State::Bad)
      return Error(Errc::InvalidArgument, "request body", "malformed chunk");
    if (stream_ == nullptr) return Error(Errc::Internal, "request body", "an inline handler cannot wait for it");
    SLIPWAY_TRY(before_wait());
    if (const auto direct = decoder.direct(); direct >= std::min(out.size(), kRead)) {
      const auto part = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(direct, out.size())));
      SLIPWAY_ASSIGN(const std::size_t count, stream_->read(part));
      decoder.taken(count);
      return count;
    }
    const auto room = input.room(kRead);
    SLIPWAY_ASSIGN(const std::size_t count, stream_->read(std::as_writable_bytes(room)));
    input.commit(count);
  }
}

}  // namespace slipway::http
