// The session of a visitor of a share: opened for a request, confined to what is shared, and counted as a use.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "exchange.h"
#include "file_actions.h"
#include "slipway/share.h"

namespace slipway::httpd {

struct Visitor {
  std::unique_ptr<ShareVisit> visit;
  SharedSession session;
};

// Where shares are asked for. Null: it has answered.
ShareDoor* share_door(Exchange& x);
void refuse_visit(Exchange& x, const Error& error);
// What the token of a visitor says.
Claims claims_of(std::string_view share, const ShareVisitor& visitor);

// The share that a request is about, with the password or the token that it carries. Null: it has answered, or, on a
// thread that must not wait, handed the request over.
std::unique_ptr<ShareVisit> visit_share(Exchange& x, ShareRequest request);
// The same with a session; nothing: likewise.
std::optional<Visitor> open_share(Exchange& x, const ShareRequest& request);

// For calls that look into a share: it must be one directory. False: it has answered.
bool is_one_directory(Exchange& x, const Visitor& visitor);
// A path of the visitor, whose root is the share. Nothing: it has answered.
std::optional<VPath> path_in_share(Exchange& x, const Visitor& visitor, std::string_view text);

// Counts uses, and gives them back unless they were worth it.
class ShareUse {
 public:
  explicit ShareUse(ShareVisit& visit) : visit_(visit) {}
  ~ShareUse() {
    if (open_ > 0) (void)visit_.use(-open_);
  }
  ShareUse(const ShareUse&) = delete;
  ShareUse& operator=(const ShareUse&) = delete;

  Status take() {
    SLIPWAY_TRY(visit_.use(1));
    ++open_;
    return ok();
  }
  void keep() { open_ = 0; }

 private:
  ShareVisit& visit_;
  std::int64_t open_ = 0;
};

// False: none was left, and it has answered.
bool take(Exchange& x, ShareUse& use);

}  // namespace slipway::httpd
