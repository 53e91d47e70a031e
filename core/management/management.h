// The one door to administration: the table of operations, who may call them, and what they do.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/accounts/accounts.h"
#include "core/admission/admission.h"
#include "core/session/quota_scans.h"
#include "core/session/session_manager.h"
#include "slipway/action.h"
#include "slipway/management.h"

namespace slipway::management {

// What of a running server is managed besides the accounts; implemented where the modules are.
class ModuleControl {
 public:
  struct Info {
    std::string name, module, kind, version, state, summary, error;
  };
  virtual std::vector<Info> list() const = 0;
  // What a module is, its options, and what they are set to, secrets hidden: a JSON object.
  virtual Result<std::string> describe(std::string_view instance) = 0;
  virtual Status enable(std::string_view instance) = 0;
  virtual Status disable(std::string_view instance) = 0;
  // Gives a running instance the options that the configuration, read again, has for it. It keeps what it had when they
  // are wrong or it refuses them.
  virtual Status reconfigure(std::string_view instance) = 0;
  // What running modules say of their services: slipway::ServiceStatus.
  struct Service {
    std::string name, document;
  };
  virtual std::vector<Service> services() const { return {}; }

 protected:
  ~ModuleControl() = default;
};

// Of the program: what /version says.
struct BuildInfo {
  std::string version, date, commit;
  std::vector<std::string> features;  // "+sqlite"
};

struct ManagementRooms {
  accounts::Accounts& accounts;
  std::string backups_path;  // where data.dump may write files
  // Null when no server runs in this process: operations that need one are Unavailable and say so.
  session::SessionManager* sessions = nullptr;
  session::QuotaScans* scans = nullptr;
  ModuleControl* modules = nullptr;
  admission::Admission* admission = nullptr;
  BuildInfo build = {};
  ActionService* actions = nullptr;  // null as above
};

// Thread-safe.
class Management final : public ManagementService {
 public:
  explicit Management(ManagementRooms rooms) : rooms_(std::move(rooms)) {}
  // The same without an object: what there is to call.
  static std::span<const OperationInfo> table();
  std::span<const OperationInfo> operations() const override { return table(); }
  Result<std::string> call(const OpContext&, const Actor&, std::string_view operation, std::string_view input) override;
  std::string schemas() const override;

 private:
  const ManagementRooms rooms_;
};

}  // namespace slipway::management
