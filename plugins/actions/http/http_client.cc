#include "http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <stop_token>

namespace slipway::http {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMaxIdleHandles = 32;
constexpr auto kConnectTimeout = std::chrono::seconds(10);

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListDeleter>;

void append(List& list, const std::string& line) {
  if (curl_slist* const longer = curl_slist_append(list.get(), line.c_str())) {
    (void)list.release();
    list.reset(longer);
  }
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

List header_lines(const Request& request) {
  List list;
  bool has_type = false;
  for (const auto& [name, value] : request.headers) {
    has_type = has_type || equal_ignoring_case(name, "content-type");
    append(list, value.empty() ? name + ";" : name + ": " + value);
  }
  // What libcurl would add by itself: a form's type to every body, a round trip to every long one.
  if (!has_type) append(list, "Content-Type:");
  append(list, "Expect:");
  return list;
}

struct Answer {
  std::string body;
  bool too_large = false;
};

std::size_t receive(char* data, std::size_t size, std::size_t count, void* target) {
  Answer& answer = *static_cast<Answer*>(target);
  if (answer.body.size() + size * count > Client::kMaxBody) {
    answer.too_large = true;
    return 0;
  }
  answer.body.append(data, size * count);
  return size * count;
}

CURLcode prepare_tls(CURL*, void* context, void* material) {
  return static_cast<const TlsMaterial*>(material)->apply(static_cast<ssl_ctx_st*>(context)) ? CURLE_OK
                                                                                             : CURLE_SSL_CERTPROBLEM;
}

bool may_pass(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

}  // namespace

// An easy handle driven by a multi handle of its own, because only that can be woken from another thread.
class Client::Handle {
 public:
  Handle() : multi_(curl_multi_init()), easy_(curl_easy_init()) {}
  ~Handle() {
    curl_easy_cleanup(easy_);
    curl_multi_cleanup(multi_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  bool valid() const { return multi_ != nullptr && easy_ != nullptr; }

  Result<Reply> perform(const OpContext& ctx, const Request& request, const TlsMaterial* tls) {
    Answer answer;
    std::array<char, CURL_ERROR_SIZE> message{};
    const std::string url = request.url.text();
    const List headers = header_lines(request);
    configure(request, url, headers, tls, answer, message);

    curl_multi_add_handle(multi_, easy_);
    const auto result = drive(ctx, request);
    curl_multi_remove_handle(multi_, easy_);
    SLIPWAY_ASSIGN(const CURLcode code, result);

    const std::string shown = request.url.shown();
    if (answer.too_large) return Error{Errc::TooLarge, shown, "the answer is longer than 1 MiB"};
    if (code != CURLE_OK)
      return Error{Errc::Unavailable, shown, message[0] != 0 ? message.data() : curl_easy_strerror(code),
                   may_pass(code)};
    Reply reply;
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    curl_off_t retry_after = 0;
    curl_easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &retry_after);
    reply.status = static_cast<int>(status);
    reply.retry_after = std::chrono::seconds(retry_after);
    reply.body = std::move(answer.body);
    return reply;
  }

 private:
  void configure(const Request& request, const std::string& url, const List& headers, const TlsMaterial* tls,
                 Answer& answer, std::array<char, CURL_ERROR_SIZE>& message) {
    curl_easy_reset(easy_);  // keeps connections, sessions and names
    const auto set = [this](CURLoption option, auto value) { curl_easy_setopt(easy_, option, value); };
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // a cancelled request does not wait for the name server
    set(CURLOPT_USERAGENT, "Slipway");
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_ERRORBUFFER, message.data());
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(kConnectTimeout).count()));
    set(CURLOPT_WRITEFUNCTION, &receive);
    set(CURLOPT_WRITEDATA, &answer);
    if (!request.user.empty() || !request.password.empty()) {
      set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
      set(CURLOPT_USERNAME, request.user.c_str());
      set(CURLOPT_PASSWORD, request.password.c_str());
    }
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (!request.verify_tls) {
      set(CURLOPT_SSL_VERIFYPEER, 0L);
      set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (tls != nullptr) {
      set(CURLOPT_SSL_CTX_FUNCTION, &prepare_tls);
      set(CURLOPT_SSL_CTX_DATA, const_cast<TlsMaterial*>(tls));
    }
  }

  Result<CURLcode> drive(const OpContext& ctx, const Request& request) {
    const std::stop_callback wake(ctx.stop, [this] { curl_multi_wakeup(multi_); });
    while (true) {
      int running = 0;
      if (const CURLMcode code = curl_multi_perform(multi_, &running); code != CURLM_OK)
        return Error{Errc::Internal, request.url.shown(), curl_multi_strerror(code)};
      if (running == 0) break;
      if (ctx.stop.stop_requested())
        return Error{Errc::Cancelled, request.url.shown(), "stopped before it was answered"};
      const auto now = Clock::now();
      if (now >= ctx.deadline)
        return Error{Errc::TimedOut, request.url.shown(), "not answered before the operation's deadline"};
      const auto wait = std::min<Clock::duration>(ctx.deadline - now, std::chrono::seconds(60));
      curl_multi_poll(multi_, nullptr, 0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count()),
                      nullptr);
    }
    int left = 0;
    const CURLMsg* const done = curl_multi_info_read(multi_, &left);
    return done != nullptr ? done->data.result : CURLE_FAILED_INIT;
  }

  CURLM* multi_;
  CURL* easy_;
};

// libcurl counts these, under a lock of its own.
Client::Client(std::shared_ptr<const TlsMaterial> tls) : tls_(std::move(tls)) { curl_global_init(CURL_GLOBAL_DEFAULT); }

Client::~Client() {
  idle_.clear();
  curl_global_cleanup();
}

std::unique_ptr<Client::Handle> Client::take() {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
  }
  return std::make_unique<Handle>();
}

void Client::give_back(std::unique_ptr<Handle> handle) {
  std::lock_guard lock(mutex_);
  if (idle_.size() < kMaxIdleHandles) idle_.push_back(std::move(handle));
}

Result<Reply> Client::perform(const OpContext& ctx, const Request& request) {
  if (ctx.stop.stop_requested()) return Error{Errc::Cancelled, request.url.shown(), "stopped before it was sent"};
  auto handle = take();
  if (!handle->valid()) return Error{Errc::Unavailable, request.url.shown(), "out of memory", true};
  auto reply = handle->perform(ctx, request, tls_ && !tls_->empty() ? tls_.get() : nullptr);
  give_back(std::move(handle));
  return reply;
}

}  // namespace slipway::http
