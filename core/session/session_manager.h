// Logins and sessions: admission, the chain of auth modules, account checks, the registry of who is connected.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include "core/accounts/accounts.h"
#include "core/admission/admission.h"
#include "core/crypto/secrets.h"
#include "core/events/bus.h"
#include "core/log/line_budget.h"
#include "core/module/registry.h"
#include "core/session/connection_registry.h"
#include "core/session/kept_policies.h"
#include "core/session/known_shares.h"
#include "core/session/session_settings.h"
#include "core/session/shared_counters.h"
#include "slipway/session.h"

namespace slipway::session {

class ShareCodes;

// What the manager works with; all of it outlives the manager and its sessions.
struct SessionRooms {
  accounts::Accounts& accounts;
  SharedCounters& counters;
  const module::Registry& modules;
  const crypto::SecretKeeper& secrets;
  std::shared_ptr<events::EventBus> bus;
  // Asked about each admitted connection (protocol, address); null: nobody wants to be.
  std::function<Status(const OpContext&, std::string_view, std::string_view)> post_connect = nullptr;
  // Null: nobody is kept out but by the caps.
  admission::Admission* admission = nullptr;
  // Null: no share sends codes.
  ShareCodes* share_codes = nullptr;
  // Other servers use the database, too.
  bool is_shared = false;
};

// Thread-safe.
class SessionManager final : public SessionService, public PathResolver {
 public:
  SessionManager(SessionRooms rooms, SessionSettings settings);
  ~SessionManager();

  Result<std::unique_ptr<Admitted>> admit(const ConnectionRequest&) override;
  Result<VPath> resolve(const VPath& base, std::string_view client_path) const override;

  ConnectionRegistry& connections() noexcept { return connections_; }
  KnownShares& shares() noexcept { return shares_; }
  KeptPolicies& kept_policies() noexcept { return kept_policies_; }
  // For logins from now on.
  void configure(SessionSettings settings);
  // Ends sessions that are idle for too long or whose account is no longer valid; called every now and then.
  void sweep();
  void drain(std::chrono::steady_clock::time_point deadline);

  // For connections that were refused; many of them in a short time share a line of the log.
  void log_refusal(const ConnectionRequest& request, const Error& error);
  // For attempts and logins, which hold a reference.
  const SessionRooms& rooms() const noexcept { return rooms_; }
  std::shared_ptr<const SessionSettings> settings() const;

 private:
  const SessionRooms rooms_;
  mutable std::mutex mutex_;
  std::shared_ptr<const SessionSettings> settings_;
  ConnectionRegistry connections_;
  KnownShares shares_;
  KeptPolicies kept_policies_;
  log::LineBudget refusals_;
};

}  // namespace slipway::session
