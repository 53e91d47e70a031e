// Shares as their visitors meet them: what a link opens, and the session behind it, which reaches nothing else.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/session.h"

namespace slipway {

// Who a visitor proved to be, by a code that was sent by mail.
struct ShareVisitor {
  std::string email;           // as the share's list has it
  bool knew_password = false;  // the share had one, and it was right
};

struct ShareRequest {
  std::string_view id;
  enum class Need : std::uint8_t { Read, Write } need = Need::Read;
  std::optional<std::string_view> password;  // as the visitor sent it
  bool is_counted = false;                   // it goes on with what was counted as a use before: none need be left
  std::optional<ShareVisitor> visitor = {};  // proved earlier; the protocol's own token says so
};

// A visit that the share, its owner and its rules allow. Sessions opened from it may outlive it.
class ShareVisit {
 public:
  virtual ~ShareVisit() = default;
  virtual const std::string& name() const noexcept = 0;
  // What is shared, in the owner's tree: one path, or several for reading.
  virtual const std::vector<VPath>& paths() const noexcept = 0;
  // Counts so many uses, or gives them back where negative. QuotaExceeded when fewer are left.
  virtual Status use(std::int64_t uses) = 0;
  // The owner's session, with the protocol "HTTPShare". Its tree is the owner's, as far as paths() and what lies below
  // them; it is only for reading, or only for writing, as was asked, and follows no symbolic link. Its start directory
  // is the first path.
  virtual Result<std::unique_ptr<Session>> open(std::string_view connection_id) = 0;
  // The same for a thread that must not wait: a session whose fs() has Capability::Immediate, or null when anything
  // could wait, or would fail; then open() says more.
  virtual std::unique_ptr<Session> open_at_once(std::string_view connection_id) {
    (void)connection_id;
    return nullptr;
  }
};

// By Admitted::query. One call of it, once, instead of Admitted::begin; each waits as rate limits ask. NotFound: there
// is no such share, it has expired or is used up, or its owner may no longer share it; PermissionDenied with the
// reason: not for this, or not from here; AuthFailed: the password is wrong, or missing. What fails is counted against
// the address.
class ShareDoor {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.share-door.v1";
  // AuthFailed with the subject "visitor" where the share asks for a code by mail and `visitor` is nobody whom it is
  // for.
  virtual Result<std::unique_ptr<ShareVisit>> visit(const OpContext&, const ShareRequest&) = 0;
  // For shares that ask for a code by mail: sends one, good for ten minutes, if `email` is one of the share's addresses
  // and has not been sent too many. The answer and its time are the same in any case. NotSupported: this server sends
  // no mail; InvalidArgument: the share asks for no code; PermissionDenied, retryable: too many requests from here;
  // Unavailable: too many wait. `need` and `visitor` do not matter.
  virtual Status request_code(const OpContext&, const ShareRequest&, std::string_view email) = 0;
  // What came of it. A code works once. AuthFailed with the subject "code" for one that does not; PermissionDenied,
  // retryable: too many of those from here.
  virtual Result<ShareVisitor> prove(const OpContext&, const ShareRequest&, std::string_view email,
                                     std::string_view code) = 0;
  // visit() for a thread that must not wait, of a share whose use() does not wait either: null when anything could, or
  // would fail; then visit() says more.
  virtual std::unique_ptr<ShareVisit> visit_at_once(const ShareRequest& request) {
    (void)request;
    return nullptr;
  }

 protected:
  ~ShareDoor() = default;
};

}  // namespace slipway
