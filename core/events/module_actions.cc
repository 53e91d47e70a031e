#include "core/events/module_actions.h"

#include <boost/json.hpp>

#include "core/base/json.h"
#include "core/config/options.h"

namespace slipway::events {
namespace {

constexpr std::size_t kMaxOptions = 4 * 1024 * 1024;  // bytes; an account may be in them

using ActionRef = module::ModuleRef<ActionModule>;

Result<ActionRef> find(const module::Registry& registry, std::string_view provides) {
  auto action = registry.action(provides);
  if (action) return action;
  return Error{Errc::Unavailable, std::string(provides),
               "no running module provides the action \"" + std::string(provides) + "\""};
}

Result<config::OptionValues> read(const ActionRef& action, const boost::json::object& document) {
  const ModuleDescriptor& descriptor = action.descriptor();
  std::vector<config::Problem> problems;
  auto options = config::read_options(
      {descriptor.use_options, descriptor.use_option_count},
      {.document = &document, .where = "action " + std::string(descriptor.name), .any_bytes = true}, problems);
  for (const config::Problem& problem : problems)
    if (problem.fatal) return Error{Errc::InvalidArgument, problem.where, problem.message};
  return options;
}

// Keeps the module while the dialogue goes on.
class LeasedDialogue final : public Dialogue {
 public:
  LeasedDialogue(ActionRef action, std::unique_ptr<Dialogue> dialogue)
      : action_(std::move(action)), dialogue_(std::move(dialogue)) {}
  Result<std::string> read_line(const OpContext& ctx) override { return dialogue_->read_line(ctx); }
  Status write_line(const OpContext& ctx, std::string_view line) override { return dialogue_->write_line(ctx, line); }

 private:
  const ActionRef action_;
  const std::unique_ptr<Dialogue> dialogue_;
};

}  // namespace

Result<ActionReply> ModuleActions::run(const OpContext& ctx, std::string_view provides,
                                       const boost::json::object& options, const Event& event) const {
  SLIPWAY_ASSIGN(const ActionRef action, find(registry_, provides));
  SLIPWAY_ASSIGN(const auto values, read(action, options));
  return action->run(ctx, {event, values});
}

Result<ActionReply> ModuleActions::run(const OpContext& ctx, std::string_view provides, std::string_view options,
                                       const Event& event) {
  SLIPWAY_ASSIGN(const auto document, parse_json_object(options, {.max_bytes = kMaxOptions}));
  return run(ctx, provides, document, event);
}

Result<std::unique_ptr<Dialogue>> ModuleActions::converse(std::string_view provides, std::string_view options) {
  SLIPWAY_ASSIGN(const auto document, parse_json_object(options, {.max_bytes = kMaxOptions}));
  SLIPWAY_ASSIGN(ActionRef action, find(registry_, provides));
  auto* starter = static_cast<DialogueStarter*>(action->query(DialogueStarter::kInterfaceId));
  if (starter == nullptr)
    return Error{Errc::NotSupported, std::string(provides), "module " + action.instance() + " holds no dialogues"};
  SLIPWAY_ASSIGN(const auto values, read(action, document));
  SLIPWAY_ASSIGN(auto dialogue, starter->start(values));
  return std::make_unique<LeasedDialogue>(std::move(action), std::move(dialogue));
}

}  // namespace slipway::events
