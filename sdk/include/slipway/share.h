// Shares as their visitors meet them: what a link opens, and the session behind it, which reaches nothing else.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/session.h"

namespace slipway {

struct ShareRequest {
  std::string_view id;
  enum class Need : std::uint8_t { Read, Write } need = Need::Read;
  std::optional<std::string_view> password;  // as the visitor sent it
  bool is_counted = false;                   // it goes on with what was counted as a use before: none need be left
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
};

// By Admitted::query.
class ShareDoor {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.share-door.v1";
  // Once, instead of Admitted::begin; waits as rate limits ask. NotFound: there is no such share, it has expired or is
  // used up, or its owner may no longer share it; PermissionDenied with the reason: not for this, or not from here;
  // AuthFailed: the password is wrong, or missing. What fails is counted against the address.
  virtual Result<std::unique_ptr<ShareVisit>> visit(const OpContext&, const ShareRequest&) = 0;

 protected:
  ~ShareDoor() = default;
};

}  // namespace slipway
