#include "support/http/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "support/http/client_certificate.h"
#include "support/http/websocket_state.h"

namespace slipway::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kRequestsInTurn = 32;                 // of one connection, before others come first
constexpr std::size_t kRead = 4096;                 // least room for a read
constexpr std::size_t kOutputBatch = 64 << 10;      // answers to pipelined requests leave together up to here
constexpr std::uint64_t kWorthDraining = 64 << 10;  // of an unread body, to keep its connection
constexpr std::uint64_t kWorthReadingAhead = 64 << 10;

}  // namespace

Connection::Connection(ServerCore& core, LoopState& loop, std::shared_ptr<BindingSlot> slot,
                       AcceptedConnection accepted)
    : core_(core),
      loop_(loop),
      slot_(std::move(slot)),
      descriptor_(loop.loop->watch(accepted.fd)),
      transport_(accepted.fd),
      remote_(std::move(accepted.remote)),
      local_(std::move(accepted.local)) {}

Connection::~Connection() = default;

// ---- life

void Connection::start() {
  self_ = shared_from_this();
  next_ = loop_.first;
  if (next_ != nullptr) next_->previous_ = this;
  loop_.first = this;

  const auto& binding = slot_->get(binding_);
  if (core_.draining || slot_->retired()) return close();
  if (const auto& tls = binding.options().tls) {
    tls_ = tls->native();
    if (!transport_.use_tls(static_cast<SSL_CTX*>(tls_.get()))) return close();
    stage_ = Stage::Handshake;
    arm(core_.options.limits.handshake);
    wait_readable();
    return;
  }
  arm(core_.options.limits.header_read);
  wait_readable();
}

void Connection::close() noexcept {
  if (stage_ == Stage::Closed) return;
  const auto keep = std::move(self_);
  if (stage_ == Stage::WebSocket) end_websocket(1006);
  report(false);
  stage_ = Stage::Closed;
  loop_.wheel.disarm(*this);
  release_exchange();
  descriptor_->close();
  if (previous_ != nullptr)
    previous_->next_ = next_;
  else if (loop_.first == this)
    loop_.first = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  previous_ = next_ = nullptr;
  if (keep) core_.close_connection();
}

void Connection::release_exchange() {
  if (!exchange_) return;
  give_memory_back();
  exchange_.reset();
}

void Connection::give_memory_back() noexcept {
  if (exchange_->reserved > 0) core_.bodies.give_back(exchange_->holder, std::exchange(exchange_->reserved, 0));
}

bool Connection::ending() const noexcept { return core_.draining || slot_->retired(); }

void Connection::end_if_idle() noexcept {
  if (stage_ == Stage::WebSocket) {
    websocket_->peer->close(1001, "the server ends");
  } else if (stage_ == Stage::Lingering) {
    shorten_lingering();
  } else if (stage_ == Stage::Handshake || (stage_ == Stage::Header && (!exchange_ || exchange_->input.empty()))) {
    transport_.say_goodbye(true);
    close();
  }
}

void Connection::cut() noexcept {
  if (stage_ == Stage::Running) {
    ::shutdown(transport_.fd(), SHUT_RDWR);
  } else {
    close();
  }
}

void Connection::deadline_passed() noexcept {
  switch (stage_) {
    case Stage::Header:
      if (!exchange_ || exchange_->input.empty()) break;
      [[fallthrough]];
    case Stage::Collecting:
      core_.counters.timed_out.fetch_add(1, std::memory_order_relaxed);
      try {
        refuse(408, "the request did not come in time");
        // A wait for reading is still out: the answer is tried once, and nobody waits for it to be taken.
        if (flush()) transport_.say_goodbye(true);
      } catch (const std::exception&) {
      }
      return close();
    case Stage::WebSocket:
      if (websocket_->closing || websocket_->ping_is_out) break;
      websocket_->ping_is_out = true;
      websocket_->peer->add(WebSocketOpcode::Ping, {});
      arm(core_.options.limits.websocket_ping);
      guarded_websocket();
      return;
    case Stage::Handshake:
    case Stage::Flushing:
      core_.counters.timed_out.fetch_add(1, std::memory_order_relaxed);
      break;
    default:
      break;
  }
  if (stage_ == Stage::Header) transport_.say_goodbye(true);
  close();
}

void Connection::wait_readable() { descriptor_->wait(IoLoop::Direction::Read, shared_from_this()); }
void Connection::wait_writable() { descriptor_->wait(IoLoop::Direction::Write, shared_from_this()); }

void Connection::run() noexcept {
  if (stage_ == Stage::Closed) return;
  const auto keep = shared_from_this();
  try {
    advance();
  } catch (const std::exception& error) {
    core_.log.error("a connection ended by an exception", {{"error", error.what()}});
    close();
  }
}

// Goes on until there is something to wait for.
void Connection::advance() {
  transport_.forget_drained();
  for (int left = kRequestsInTurn;;) {
    switch (stage_) {
      case Stage::Handshake:
        if (!handshake()) return;
        break;
      case Stage::Header:
        if (left-- == 0) return loop_.loop->post(std::static_pointer_cast<IoLoop::Task>(shared_from_this()));
        if (!read_header()) return;
        break;
      case Stage::Collecting:
        if (!collect()) return;
        break;
      case Stage::Returned:
        stage_ = Stage::Header;
        if (!std::exchange(passed_, false)) {
          finish(sent_);
        } else {
          begin_response();
          begin_collecting(true);
        }
        break;
      case Stage::Flushing:
        if (!flush()) return;
        if (stage_ != Stage::Flushing) return;
        stage_ = after_flush_;
        if (stage_ == Stage::Lingering) {
          begin_lingering();
        } else if (stage_ == Stage::Draining) {
          arm(core_.options.limits.body_read);
        }
        break;
      case Stage::Draining:
        if (!drain_body()) return;
        break;
      case Stage::Lingering:
        return linger();
      case Stage::WebSocket:
        websocket_->waits_readable = false;
        websocket();
        return;
      case Stage::Running:
      case Stage::Closed:
        return;
    }
  }
}

bool Connection::handshake() {
  switch (transport_.handshake()) {
    case Transport::Io::Done:
      certificate_ = client_certificate(transport_.ssl());
      stage_ = Stage::Header;
      arm(core_.options.limits.header_read);
      return true;
    case Transport::Io::WouldBlock:
      wait_readable();
      return false;
    case Transport::Io::SendBlocks:
      wait_writable();
      return false;
    default:
      break;
  }
  if (core_.log.enabled(LogLevel::Debug))
    core_.log.debug("TLS handshake failed", {{"remote", remote_.address}, {"error", transport_.failure()}});
  if (transport_.met_plain_http()) {
    constexpr std::string_view answer =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
        "Content-Length: 48\r\n\r\nthis port speaks HTTPS: use https:// to reach it\n";
    [[maybe_unused]] const auto sent =
        ::send(transport_.fd(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  close();
  return false;
}

// ---- requests

bool Connection::read_header() {
  if (!exchange_) exchange_ = take_exchange();
  auto& exchange = *exchange_;
  auto& input = exchange.input;
  const auto& limits = core_.options.limits;
  while (true) {
    if (!input.empty()) {
      const auto outcome = exchange.scanner.scan(input.unread(), limits);
      if (outcome.state == HeadScanner::State::Complete) {
        begin_request(outcome.length);
        return stage_ != Stage::Closed;
      }
      if (outcome.state == HeadScanner::State::Bad) {
        refuse(outcome.status, outcome.detail);
        return stage_ != Stage::Closed;
      }
    }
    if (!exchange.output.empty() || transport_.pending()) {
      flush_then(Stage::Header);
      return true;
    }
    if (ending() && input.empty()) {
      transport_.say_goodbye(true);
      close();
      return false;
    }
    if (!transport_.drained()) {
      const auto room = input.room(kRead);
      const auto count = transport_.read(room.data(), room.size());
      if (count.io == Transport::Io::Done) {
        input.commit(count.bytes);
        continue;
      }
      if (count.io != Transport::Io::WouldBlock) {
        close();
        return false;
      }
    }
    if (input.empty()) {
      release_exchange();
      header_timer_ = false;
      arm(std::exchange(first_request_, false) ? limits.header_read : limits.idle);
    } else if (!std::exchange(header_timer_, true)) {
      arm(limits.header_read);
    }
    wait_readable();
    return false;
  }
}

void Connection::begin_writer() {
  auto& exchange = *exchange_;
  ResponseWriter::Options options;
  options.server = core_.options.server_header;
  options.compress = exchange.route != nullptr && exchange.route->options.compress;
  options.reusable = [this] {
    const auto& e = *exchange_;
    if (ending() || !e.head.keep_alive || e.body_failed) return false;
    if (e.decoder.state() == BodyDecoder::State::Done) return true;
    return !e.continue_due && !e.head.chunked && e.decoder.direct() <= kWorthDraining;
  };
  exchange.writer.begin(exchange.request, exchange.response, exchange.output, std::move(options));
}

// Answers what is not understood; nothing after it can be.
void Connection::refuse(int status, std::string_view detail) {
  auto& exchange = *exchange_;
  if (!exchange.in_request) {
    exchange.began = steady_clock::now();
    exchange.in_request = true;
  }
  exchange.route = nullptr;
  exchange.body_failed = true;
  exchange.response.reset();
  exchange.response.attach(nullptr, &core_.options.failure);
  exchange.response.fail(status, detail);
  begin_writer();
  respond();
}

void Connection::begin_request(std::size_t header_length) {
  auto& exchange = *exchange_;
  const auto& options = core_.options;
  loop_.wheel.disarm(*this);
  header_timer_ = first_request_ = false;
  const auto text = exchange.input.pin(header_length);
  exchange.scanner.reset();
  exchange.began = steady_clock::now();
  exchange.in_request = true;

  auto& parts = exchange.request.parts();
  std::swap(exchange.head.fields, parts.headers);  // the memory goes in circles
  if (const auto failure = parse_head(text, options.limits, exchange.head))
    return refuse(failure.status, failure.detail);
  core_.counters.requests.fetch_add(1, std::memory_order_relaxed);
  auto& head = exchange.head;
  std::swap(head.fields, parts.headers);
  parts.method = head.method;
  parts.target = head.target;
  parts.host = head.authority;
  parts.http_1_0 = head.http_1_0;
  parts.remote = parts.peer = remote_;
  parts.local = local_;
  parts.certificate = certificate_;
  parts.content_length = head.content_length;
  parts.has_body = head.has_body();
  parts.may_block = false;
  parts.stop = core_.stop.get_token();
  parts.interrupt = {};
  parts.id = core_.next_id.fetch_add(1, std::memory_order_relaxed);
  if (head.chunked)
    exchange.decoder.begin_chunked();
  else
    exchange.decoder.begin_length(head.content_length.value_or(0));
  exchange.continue_due = head.expects_continue && head.has_body() && exchange.input.empty();
  exchange.response.attach(nullptr, &options.failure);
  route();
}

void Connection::route() {
  auto& exchange = *exchange_;
  auto& request = exchange.request;
  auto& response = exchange.response;
  const auto& binding = slot_->get(binding_);
  binding.identify(request.parts());
  bool answered = binding.answer(request, response);
  if (!answered && core_.options.before) {
    try {
      answered = !core_.options.before(request, response);
    } catch (const std::exception& error) {
      core_.log.error("a filter ended by an exception", {{"error", error.what()}});
      response.fail(500);
      answered = true;
    }
  }
  if (!answered) {
    auto match = binding.router().match(request);
    exchange.route = match.route;
    switch (match.outcome) {
      case Router::Outcome::Found:
        break;
      case Router::Outcome::NotFound:
        response.fail(404);
        break;
      case Router::Outcome::MethodNotAllowed:
        response.set_header("Allow", match.allow);
        response.fail(405);
        break;
      case Router::Outcome::BadPath:
        response.fail(400, "malformed path");
        break;
    }
  }
  if (exchange.route != nullptr) {
    const auto& options = exchange.route->options;
    request.parts().body_limit = options.max_body;
    if (options.deadline.count() > 0) exchange.deadline = exchange.began + options.deadline;
    request.parts().deadline = exchange.deadline;
    if (exchange.head.content_length.value_or(0) > options.max_body) {
      response.fail(413, "the request body is too large");
      exchange.route = nullptr;
    }
  }
  if (exchange.route == nullptr) {
    begin_writer();
    return respond();
  }
  exchange.base_fields = response.fields().text();
  const auto& options = exchange.route->options;
  if (exchange.head.has_body() && (options.body == Body::Collected || options.run == Run::Inline)) {
    if (!options.check) return begin_collecting(false);
    // A small one that came with its header needs no memory beyond what the connection has anyway.
    if (body_is_here()) return begin_collecting(true);
    request.set_body(nullptr);
    begin_writer();
    return hand_over(options.lane, Job::Check);
  }
  start_handler();
}

bool Connection::body_is_here() const noexcept {
  const auto& exchange = *exchange_;
  return !exchange.head.chunked && exchange.input.unread().size() >= exchange.head.content_length.value_or(0);
}

void Connection::begin_collecting(bool checked) {
  auto& exchange = *exchange_;
  exchange.holder = BodyBudget::holder(exchange.request.remote().address, checked);
  exchange.collecting_since = steady_clock::now();
  stage_ = Stage::Collecting;
  auto left = core_.options.limits.body_read;
  if (exchange.deadline != steady_clock::time_point::max())
    left = std::min(left, std::chrono::ceil<milliseconds>(exchange.deadline - exchange.collecting_since));
  arm(std::max(left, milliseconds(0)));
}

// The body before its handler. Slow clients wait here, without a thread.
bool Connection::collect() {
  auto& exchange = *exchange_;
  auto& decoder = exchange.decoder;
  auto& input = exchange.input;
  auto& text = exchange.collected.text;
  const auto limit = exchange.request.parts().body_limit;
  while (true) {
    while (!input.empty() && decoder.state() == BodyDecoder::State::More) {
      const auto step = decoder.next(input.unread(), input.unread().size());
      if (text.size() + step.data.size() > limit) {
        refuse(413, "the request body is too large");
        return stage_ != Stage::Closed;
      }
      const auto size = step.data.size();
      if (!core_.bodies.take(exchange.holder, size)) {
        core_.counters.overloaded.fetch_add(1, std::memory_order_relaxed);
        refuse(503, "too many requests at once");
        return stage_ != Stage::Closed;
      }
      exchange.reserved += size;
      text.append(step.data);
      input.consume(step.consumed);
    }
    if (decoder.state() != BodyDecoder::State::More) break;
    if (std::exchange(exchange.continue_due, false)) exchange.output.append(kContinue);
    if (!exchange.output.empty() || transport_.pending()) {
      // "Continue", or answers that the client may want before it goes on.
      after_flush_ = Stage::Collecting;
      stage_ = Stage::Flushing;
      if (!flush()) return false;
      stage_ = Stage::Collecting;
      arm(core_.options.limits.body_read);
    }
    const auto room = input.room(kRead);
    const auto count = transport_.read(room.data(), room.size());
    if (count.io == Transport::Io::Done) {
      input.commit(count.bytes);
      const auto now = steady_clock::now();
      auto left = core_.options.limits.body_read;
      if (exchange.deadline != steady_clock::time_point::max())
        left = std::min(left, std::chrono::ceil<milliseconds>(exchange.deadline - now));
      const auto& limits = core_.options.limits;
      const auto taken = std::chrono::duration_cast<std::chrono::seconds>(now - exchange.collecting_since);
      if (limits.body_rate > 0 && taken > limits.body_rate_grace &&
          text.size() < limits.body_rate * static_cast<std::uint64_t>(taken.count()))
        left = milliseconds(0);
      if (left.count() <= 0) {
        refuse(408, "the request did not come in time");
        return stage_ != Stage::Closed;
      }
      arm(left);
      continue;
    }
    if (count.io == Transport::Io::WouldBlock) {
      wait_readable();
      return false;
    }
    close();
    return false;
  }
  if (decoder.state() == BodyDecoder::State::Bad) {
    refuse(400, "malformed chunk");
    return stage_ != Stage::Closed;
  }
  loop_.wheel.disarm(*this);
  exchange.received = text.size();
  stage_ = Stage::Header;
  start_handler();
  return stage_ != Stage::Closed;
}

// What the binding's and the filter's fields are in already.
void Connection::begin_response() {
  auto& response = exchange_->response;
  response.reset();
  response.attach(nullptr, &core_.options.failure);
  response.fields().append_block(exchange_->base_fields);
}

bool Connection::is_collected() const noexcept {
  const auto& options = exchange_->route->options;
  return options.body == Body::Collected || options.run == Run::Inline;
}

BodySource* Connection::body_source() const noexcept {
  if (is_collected()) return &exchange_->collected;
  return &exchange_->body;
}

void Connection::start_handler() {
  auto& exchange = *exchange_;
  const auto& options = exchange.route->options;
  exchange.request.set_body(exchange.head.has_body() ? body_source() : nullptr);
  begin_writer();
  const bool streams = exchange.head.has_body() && !is_collected() && !body_is_here();
  if (options.run == Run::Inline || (options.run == Run::Automatic && !streams)) return run_inline();
  hand_over(options.lane, Job::Handler);
}

void Connection::run_inline() {
  auto& exchange = *exchange_;
  auto& response = exchange.response;
  exchange.request.parts().may_block = false;
  try {
    exchange.route->handler(exchange.request, response);
  } catch (const std::exception& error) {
    core_.log.error("a handler ended by an exception", {{"route", exchange.route->pattern}, {"error", error.what()}});
    response.fail(500);
  } catch (...) {
    core_.log.error("a handler ended by an exception", {{"route", exchange.route->pattern}});
    response.fail(500);
  }
  if (response.aborted()) return finish(false);
  if (!response.handed_over()) return respond();
  const auto lane = response.lane().value_or(exchange.route->options.lane);
  begin_response();
  if (!is_collected() && exchange.received > 0) {
    core_.log.error("a handler read a body that another thread was to read", {{"route", exchange.route->pattern}});
    response.fail(500);
    begin_writer();
    return respond();
  }
  if (exchange.head.has_body()) {
    exchange.collected.rewind();
    exchange.request.set_body(body_source());
  }
  begin_writer();
  hand_over(lane, Job::Handler);
}

void Connection::hand_over(LaneId lane, Job job) {
  auto& exchange = *exchange_;
  job_ = job;
  stage_ = Stage::Running;
  loop_.wheel.disarm(*this);
  exchange.request.parts().may_block = true;
  if (lane >= core_.lanes.size()) lane = 0;
  if (core_.lanes[lane]->submit(std::static_pointer_cast<LaneJob>(shared_from_this()))) return;
  stage_ = Stage::Header;
  core_.counters.overloaded.fetch_add(1, std::memory_order_relaxed);
  begin_response();
  exchange.response.set_header("Retry-After", "1");
  exchange.response.fail(503, "too many requests at once");
  begin_writer();
  respond();
}

// The route's, or its check, on a worker.
void Connection::call_handler(bool late) {
  auto& exchange = *exchange_;
  auto& response = exchange.response;
  if (late) {
    core_.counters.overloaded.fetch_add(1, std::memory_order_relaxed);
    response.set_header("Retry-After", "1");
    return response.fail(503, "too many requests at once");
  }
  response.attach(&exchange.writer, &core_.options.failure);
  try {
    if (job_ == Job::Check)
      passed_ = exchange.route->options.check(exchange.request, response);
    else
      exchange.route->handler(exchange.request, response);
  } catch (const std::exception& error) {
    core_.log.error("a handler ended by an exception", {{"route", exchange.route->pattern}, {"error", error.what()}});
    if (response.started())
      response.abort();
    else
      response.fail(500);
  }
}

void Connection::run_in_lane(bool late) noexcept {
  auto& exchange = *exchange_;
  auto& response = exchange.response;
  BlockingStream stream(transport_, core_.options.limits, exchange.deadline, exchange.request.parts().interrupt);
  exchange.body.attach(&stream);
  exchange.writer.attach(&stream);
  const bool large = exchange.decoder.state() == BodyDecoder::State::More &&
                     (exchange.head.chunked || exchange.decoder.direct() > kWorthReadingAhead);
  if (large) transport_.expect_much(true);
  Status status = ok();
  try {
    if (job_ != Job::Send) call_handler(late);
    if (!passed_)
      status = response.aborted() ? Status(Error(Errc::Cancelled, "response", "the handler gave up"))
                                  : exchange.writer.finish();
  } catch (const std::exception& error) {
    core_.log.error("a response ended by an exception", {{"error", error.what()}});
    status = Error(Errc::Internal, "response");
  } catch (...) {
    core_.log.error("a handler ended by an exception", {{"route", exchange.route->pattern}});
    status = Error(Errc::Internal, "response");
  }
  if (!status && status.code() == Errc::TimedOut) core_.counters.timed_out.fetch_add(1, std::memory_order_relaxed);
  sent_ = status.ok();
  if (large) transport_.expect_much(false);
  exchange.body.attach(nullptr);
  exchange.writer.attach(nullptr);
  exchange.response.attach(nullptr, &core_.options.failure);
  if (!passed_) report(sent_);
  // The stage is the loop's: it learns of the return there.
  try {
    loop_.loop->post([self = shared_from_this()] {
      if (self->stage_ != Stage::Running) return;
      self->stage_ = Stage::Returned;
      self->run();
    });
  } catch (const std::exception&) {
    ::shutdown(transport_.fd(), SHUT_RDWR);
  }
}

// Sends what a handler on this thread left to be sent.
void Connection::respond() {
  auto& exchange = *exchange_;
  if (!exchange.writer.fits_buffer()) {
    const auto lane = exchange.route == nullptr ? LaneId{0} : exchange.route->options.lane;
    return hand_over(lane, Job::Send);
  }
  finish(exchange.writer.finish().ok());
}

void Connection::finish(bool sent) {
  auto& exchange = *exchange_;
  report(sent);
  give_memory_back();
  if (!sent) return close();
  if (exchange.writer.status() == 101) return start_websocket();
  if (!exchange.writer.keeps_alive()) return flush_then(Stage::Lingering);
  if (exchange.decoder.state() != BodyDecoder::State::Done) return flush_then(Stage::Draining);
  exchange.next_request();
  stage_ = Stage::Header;
  if (exchange.output.size() >= kOutputBatch) flush_then(Stage::Header);
}

void Connection::report(bool complete) {
  if (!exchange_ || !std::exchange(exchange_->in_request, false)) return;
  const auto& exchange = *exchange_;
  auto& counters = core_.counters;
  counters.received.fetch_add(exchange.received, std::memory_order_relaxed);
  counters.sent.fetch_add(exchange.writer.bytes(), std::memory_order_relaxed);
  if (!core_.options.finished) return;
  Finished finished;
  finished.status = exchange.writer.status();
  finished.received = exchange.received;
  finished.sent = exchange.writer.bytes();
  finished.time = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - exchange.began);
  finished.complete = complete;
  try {
    core_.options.finished(exchange.request, exchange.response, finished);
  } catch (const std::exception& error) {
    core_.log.error("the access log ended by an exception", {{"error", error.what()}});
  }
}

// ---- output, and the end

void Connection::flush_then(Stage next) {
  after_flush_ = next;
  stage_ = Stage::Flushing;
}

// False: it waits, or the connection is closed.
bool Connection::flush() {
  auto& output = exchange_->output;
  while (true) {
    auto io = Transport::Io::Done;
    if (!output.empty()) {
      const auto count = transport_.write(output.view());
      io = count.io;
      output.consume(count.bytes);
    } else {
      io = transport_.flush();
      if (io == Transport::Io::Done) return true;
    }
    if (io == Transport::Io::Done) continue;
    if (io == Transport::Io::SendBlocks && stage_ == Stage::Flushing) {
      auto left = core_.options.limits.write;
      if (exchange_->deadline != steady_clock::time_point::max())
        left = std::min(left, std::chrono::ceil<milliseconds>(exchange_->deadline - steady_clock::now()));
      arm(left);
      wait_writable();
      return false;
    }
    if (stage_ == Stage::Flushing) close();
    return false;
  }
}

bool Connection::drain_body() {
  auto& exchange = *exchange_;
  auto& input = exchange.input;
  auto& decoder = exchange.decoder;
  while (true) {
    while (!input.empty() && decoder.state() == BodyDecoder::State::More)
      input.consume(decoder.next(input.unread(), input.unread().size()).consumed);
    if (decoder.state() == BodyDecoder::State::Done) break;
    if (decoder.state() == BodyDecoder::State::Bad) {
      close();
      return false;
    }
    const auto room = input.room(kRead);
    const auto count = transport_.read(room.data(), room.size());
    if (count.io == Transport::Io::Done) {
      input.commit(count.bytes);
      continue;
    }
    if (count.io == Transport::Io::WouldBlock) {
      wait_readable();
    } else {
      close();
    }
    return false;
  }
  exchange.next_request();
  stage_ = Stage::Header;
  return true;
}

}  // namespace slipway::http
