// Action modules as a service: for hooks of the core, and for other modules.
#pragma once

#include <boost/json/fwd.hpp>

#include "core/module/registry.h"
#include "slipway/action.h"

namespace slipway::events {

// Thread-safe.
class ModuleActions final : public ActionService {
 public:
  explicit ModuleActions(const module::Registry& registry) : registry_(registry) {}

  Result<ActionReply> run(const OpContext&, std::string_view provides, std::string_view options, const Event&) override;
  Result<std::unique_ptr<Dialogue>> converse(std::string_view provides, std::string_view options) override;

  Result<ActionReply> run(const OpContext&, std::string_view provides, const boost::json::object& options,
                          const Event&) const;

 private:
  const module::Registry& registry_;
};

}  // namespace slipway::events
