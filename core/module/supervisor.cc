#include "core/module/supervisor.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/log/log.h"
#include "core/module/description.h"
#include "core/module/kind.h"

namespace slipway::module {
namespace {

constexpr std::string_view kSender = "modules";
constexpr auto kReminder = std::chrono::seconds(30);

Error join_errors(std::vector<Error> errors) {
  if (errors.size() == 1) return std::move(errors.front());
  std::vector<std::string> texts;
  for (const Error& error : errors) texts.push_back(error.message());
  return {errors.front().code(), {}, join(texts, "; ")};
}

void log_warnings(const std::vector<config::Problem>& problems) {
  for (const auto& problem : problems)
    if (!problem.fatal) log::warn(kSender, problem.message, {{"key", problem.where}});
}

bool same_identity(const PlannedInstance& a, const PlannedInstance& b) {
  return a.module == b.module && to_lower(a.sha256) == to_lower(b.sha256) && a.denied_services == b.denied_services;
}

}  // namespace

// The right to change modules; one at a time.
class Supervisor::Change {
 public:
  static Result<std::unique_ptr<Change>> begin(Supervisor& supervisor) {
    std::unique_lock lock(supervisor.change_mutex_);
    if (supervisor.changing_ && supervisor.changer_ == std::this_thread::get_id()) {
      return Error(Errc::Conflict, "modules",
                   "they are being changed: a module cannot ask for another change meanwhile", true);
    }
    supervisor.change_ended_.wait(lock, [&] { return !supervisor.changing_; });
    supervisor.changing_ = true;
    supervisor.changer_ = std::this_thread::get_id();
    return std::unique_ptr<Change>(new Change(supervisor));
  }
  ~Change() {
    std::lock_guard lock(supervisor_.change_mutex_);
    supervisor_.changing_ = false;
    supervisor_.change_ended_.notify_one();
  }

 private:
  explicit Change(Supervisor& supervisor) : supervisor_(supervisor) {}
  Supervisor& supervisor_;
};

Supervisor::Supervisor(Setup setup)
    : pool_(setup.pool),
      services_(std::move(setup.services)),
      executable_(std::move(setup.executable)),
      let_go_(std::move(setup.let_go)) {}

Supervisor::~Supervisor() {
  // What is in use has a thread that waits for it and says so.
  if (auto status = shutdown(std::chrono::steady_clock::now()); !status) log::warn(kSender, status.error().message());
  std::vector<Late> late;
  {
    std::lock_guard lock(late_mutex_);
    late.swap(late_);
  }
  for (Late& waiter : late) waiter.thread.join();
}

// ---- whole configurations

Status Supervisor::start(ConfigurationPtr configuration) {
  SLIPWAY_ASSIGN(const auto change, Change::begin(*this));
  return apply(configuration, Deadline::max());
}

Status Supervisor::reload(ConfigurationPtr configuration, Deadline deadline) {
  SLIPWAY_ASSIGN(const auto change, Change::begin(*this));
  return apply(configuration, deadline);
}

Status Supervisor::apply(const ConfigurationPtr& configuration, Deadline deadline) {
  std::vector<config::Problem> problems;
  auto plan = read_plan(*configuration, executable_, problems);
  log_warnings(problems);
  if (!plan) return std::move(plan).error();

  SLIPWAY_ASSIGN(Difference difference, compare(*plan, *configuration));
  SLIPWAY_ASSIGN(const std::vector<SlotPtr> loaded, load_all(*plan, difference.fresh, *configuration));
  NewOptions undo;
  SLIPWAY_TRY(configure_all(difference.changed, undo));
  const std::vector<SlotPtr> before = snapshot();
  if (auto started = start_all(loaded); !started) {
    undo_all(undo);
    restore(before);
    return started;
  }
  {
    std::lock_guard lock(registry_mutex_);
    configuration_ = configuration;
    for (const SlotPtr& slot : difference.gone) slot->forgotten = plan->find(slot->planned.name) == nullptr;
  }
  for (const std::string& name : stop_all(difference.gone, deadline)) {
    log::warn(kSender, "module " + name + " is still in use; it is stopped when its last user has gone");
  }
  arrange(*plan);
  return ok();
}

Result<Supervisor::Difference> Supervisor::compare(const Plan& plan, const config::Configuration& configuration) const {
  Difference difference;
  std::vector<Error> errors;
  std::vector<config::Problem> warnings;
  for (const PlannedInstance& planned : plan.instances) {
    const SlotPtr slot = find(planned.name);
    const InstanceState state = slot ? state_of(*slot) : InstanceState::Disabled;
    if (state == InstanceState::Running && !planned.enabled) {
      difference.gone.push_back(slot);
    } else if (state == InstanceState::Running) {
      const std::string& subject = slot->instance->subject();
      if (!same_identity(slot->planned, planned)) {
        errors.emplace_back(Errc::Conflict, subject,
                            "module, sha256 and deny_services cannot change while it runs: disable it first");
        continue;
      }
      auto options =
          read_instance_options(configuration, planned, slot->instance->library().descriptor(), subject, warnings);
      if (options) {
        difference.changed.emplace_back(slot, *std::move(options));
      } else {
        errors.push_back(std::move(options).error());
      }
    } else if (state == InstanceState::Stopping && planned.enabled) {
      errors.emplace_back(Errc::Conflict, "module " + planned.name, "it is still stopping: try again later", true);
    } else if (planned.enabled) {
      difference.fresh.push_back(planned);
    }
  }
  for (const SlotPtr& slot : snapshot()) {
    if (plan.find(slot->planned.name) == nullptr && state_of(*slot) == InstanceState::Running) {
      difference.gone.push_back(slot);
    }
  }
  log_warnings(warnings);
  if (!errors.empty()) return join_errors(std::move(errors));
  return difference;
}

Result<std::unique_ptr<Instance>> Supervisor::load(const Catalog& catalog, const PlannedInstance& planned,
                                                   const config::Configuration& configuration) {
  SLIPWAY_ASSIGN(const Catalog::Entry* entry, catalog.find(planned.module));
  const std::string key = (entry->folder / entry->manifest->library).string() + "#" + to_lower(planned.sha256);
  auto library = libraries_[key].lock();
  if (!library) {
    SLIPWAY_ASSIGN(library, Library::open(*entry->manifest, entry->folder, planned.sha256));
    libraries_[key] = library;
  }
  SLIPWAY_ASSIGN(auto instance, Instance::create({.name = planned.name,
                                                  .library = library,
                                                  .config_dir = configuration.config_dir(),
                                                  .pool = &pool_,
                                                  .services = services_,
                                                  .denied_services = planned.denied_services}));
  std::vector<config::Problem> warnings;
  auto options = read_instance_options(configuration, planned, library->descriptor(), instance->subject(), warnings);
  log_warnings(warnings);
  if (!options) return std::move(options).error();
  SLIPWAY_TRY(instance->configure(*std::move(options)));
  return instance;
}

Result<std::vector<Supervisor::SlotPtr>> Supervisor::load_all(const Plan& plan,
                                                              const std::vector<PlannedInstance>& wanted,
                                                              const config::Configuration& configuration) {
  std::vector<SlotPtr> loaded;
  std::vector<Error> errors;
  for (const PlannedInstance& planned : wanted) {
    auto slot = std::make_shared<Slot>();
    slot->planned = planned;
    auto instance = load(plan.catalog, planned, configuration);
    if (instance) {
      slot->instance = *std::move(instance);
      slot->state = InstanceState::Starting;
    } else if (planned.optional) {
      slot->state = InstanceState::Failed;
      slot->error = instance.error().message();
      log::warn(kSender, "optional module left out: " + slot->error);
    } else {
      errors.push_back(std::move(instance).error());
      continue;
    }
    loaded.push_back(std::move(slot));
  }
  if (!errors.empty()) return join_errors(std::move(errors));
  std::stable_sort(loaded.begin(), loaded.end(), [](const SlotPtr& a, const SlotPtr& b) {
    const auto rank = [](const Slot& slot) {
      return slot.instance ? start_rank(slot.instance->library().descriptor().kind) : 0;
    };
    return rank(*a) < rank(*b);
  });
  return loaded;
}

Status Supervisor::configure_all(NewOptions& wanted, NewOptions& undo) {
  for (auto& [slot, options] : wanted) {
    config::OptionValues before = slot->instance->options();
    auto configured = slot->instance->configure(std::move(options));
    if (!configured) {
      undo_all(undo);
      return configured;
    }
    undo.emplace_back(slot, std::move(before));
  }
  return ok();
}

void Supervisor::undo_all(NewOptions& undo) {
  for (auto& [slot, options] : undo) {
    auto configured = slot->instance->configure(std::move(options));
    if (!configured) log::error(kSender, "it did not take its old options back: " + configured.error().message());
  }
}

Status Supervisor::start_all(const std::vector<SlotPtr>& loaded) {
  std::vector<SlotPtr> started;
  for (const SlotPtr& slot : loaded) {
    auto status = start_slot(slot);
    if (status) {
      started.push_back(slot);
      continue;
    }
    if (slot->planned.optional) {
      log::warn(kSender, "optional module left out: " + status.error().message());
      continue;
    }
    stop_all(started, std::chrono::steady_clock::now());
    return status;
  }
  return ok();
}

// Puts the slot into the registry, starts its module and lets others find it. What fails stays there as Failed.
Status Supervisor::start_slot(const SlotPtr& slot) {
  {
    std::lock_guard lock(registry_mutex_);
    const auto same_name = std::find_if(
        slots_.begin(), slots_.end(), [&](const SlotPtr& other) { return other->planned.name == slot->planned.name; });
    if (same_name == slots_.end()) {
      slots_.push_back(slot);
    } else {
      *same_name = slot;
    }
  }
  if (!slot->instance) return ok();  // an optional one that could not be loaded
  auto started = slot->instance->start();
  if (!started) {
    std::unique_ptr<Instance> dying;
    std::lock_guard lock(registry_mutex_);
    slot->state = InstanceState::Failed;
    slot->error = started.error().message();
    dying = std::move(slot->instance);
    return started;
  }
  const Library& library = slot->instance->library();
  log::info(kSender, "module started",
            {{"instance", slot->planned.name},
             {"kind", to_string(library.descriptor().kind)},
             {"version", library.descriptor().version},
             {"library", library.path().string()}});
  std::lock_guard lock(registry_mutex_);
  slot->state = InstanceState::Running;
  slot->gate.open();
  return ok();
}

std::vector<Supervisor::SlotPtr> Supervisor::snapshot() const {
  std::lock_guard lock(registry_mutex_);
  return slots_;
}

// The registry as it was; what started meanwhile and is still in use stays until it has stopped.
void Supervisor::restore(std::vector<SlotPtr> before) {
  std::lock_guard lock(registry_mutex_);
  for (const SlotPtr& slot : slots_) {
    if (slot->state != InstanceState::Stopping || std::find(before.begin(), before.end(), slot) != before.end())
      continue;
    slot->forgotten = true;
    before.push_back(slot);
  }
  slots_ = std::move(before);
}

// The registry in the plan's order; what the plan does not name and has stopped leaves it.
void Supervisor::arrange(const Plan& plan) {
  std::lock_guard lock(registry_mutex_);
  std::vector<SlotPtr> arranged;
  for (const PlannedInstance& planned : plan.instances) {
    const auto found = std::find_if(slots_.begin(), slots_.end(),
                                    [&](const SlotPtr& slot) { return slot->planned.name == planned.name; });
    SlotPtr slot = found != slots_.end() ? *found : std::make_shared<Slot>();
    if (slot->state != InstanceState::Stopping) slot->planned = planned;
    arranged.push_back(std::move(slot));
  }
  for (const SlotPtr& slot : slots_) {
    if (plan.find(slot->planned.name) == nullptr && slot->state == InstanceState::Stopping) arranged.push_back(slot);
  }
  slots_ = std::move(arranged);
}

// ---- one instance

Result<PlannedInstance> Supervisor::planned_for(const Plan& plan, std::string_view name) const {
  if (const PlannedInstance* found = plan.find(name)) return *found;
  SLIPWAY_ASSIGN(const Catalog::Entry* entry, plan.catalog.find(name));
  PlannedInstance planned;
  planned.name = planned.module = entry->name;
  planned.listed = false;
  return planned;
}

Status Supervisor::enable(std::string_view name) {
  SLIPWAY_ASSIGN(const auto change, Change::begin(*this));
  const std::string subject = "module " + printable(name);
  if (!configuration_) return Error(Errc::Conflict, subject, "the server has not started");
  if (const SlotPtr slot = find(name)) {
    const InstanceState state = state_of(*slot);
    if (state == InstanceState::Running) return Error(Errc::Exists, subject, "it runs already");
    if (state == InstanceState::Stopping) {
      return Error(Errc::Conflict, subject, "it is still stopping: try again later", true);
    }
  }
  std::vector<config::Problem> warnings;
  SLIPWAY_ASSIGN(const Plan plan, read_plan(*configuration_, executable_, warnings));
  SLIPWAY_ASSIGN(const PlannedInstance planned, planned_for(plan, name));
  auto slot = std::make_shared<Slot>();
  slot->planned = planned;
  SLIPWAY_ASSIGN(slot->instance, load(plan.catalog, planned, *configuration_));
  slot->state = InstanceState::Starting;
  return start_slot(slot);
}

Status Supervisor::disable(std::string_view name, Deadline deadline) {
  SLIPWAY_ASSIGN(const auto change, Change::begin(*this));
  const std::string subject = "module " + printable(name);
  const SlotPtr slot = find(name);
  if (!slot) return Error(Errc::NotFound, subject, "no instance has this name");
  const InstanceState state = state_of(*slot);
  if (state == InstanceState::Stopping) return Error(Errc::Conflict, subject, "it is still stopping", true);
  if (state != InstanceState::Running) return Error(Errc::Conflict, subject, "it does not run");
  close(slot);
  if (let_go_) let_go_();
  slot->instance->drain(deadline);
  if (stop_or_leave(slot, deadline)) return ok();
  return Error(Errc::TimedOut, subject,
               "it is still in use; nobody new may use it, and it is stopped when its last user has gone");
}

Status Supervisor::reconfigure(std::string_view name, const ConfigurationPtr& configuration) {
  SLIPWAY_ASSIGN(const auto change, Change::begin(*this));
  const std::string subject = "module " + printable(name);
  const SlotPtr slot = find(name);
  if (!slot) return Error(Errc::NotFound, subject, "no instance has this name");
  if (state_of(*slot) != InstanceState::Running) return Error(Errc::Conflict, subject, "it does not run");
  std::vector<config::Problem> warnings;
  auto options = read_instance_options(*configuration, slot->planned, slot->instance->library().descriptor(),
                                       slot->instance->subject(), warnings);
  log_warnings(warnings);
  if (!options) return std::move(options).error();
  SLIPWAY_TRY(slot->instance->configure(*std::move(options)));
  std::lock_guard lock(registry_mutex_);
  configuration_ = configuration;
  return ok();
}

Result<std::string> Supervisor::describe(std::string_view name) {
  // Within a change, so that no other one replaces the options, or opens the same library, meanwhile.
  SLIPWAY_ASSIGN(const auto change, Change::begin(*this));
  if (!configuration_) return Error(Errc::Conflict, "modules", "the server has not started");
  const auto document_of = [&](const Library& library, const Result<config::OptionValues>& values,
                               InstanceState state) {
    boost::json::object document = module::describe(library.descriptor(), values);
    document["name"] = name;
    document["state"] = to_string(state);
    document["path"] = library.path().string();
    return serialize_json(document);
  };
  if (const SlotPtr slot = find(name); slot && state_of(*slot) == InstanceState::Running)
    return document_of(slot->instance->library(), slot->instance->options(), InstanceState::Running);
  std::vector<config::Problem> warnings;
  SLIPWAY_ASSIGN(const Plan plan, read_plan(*configuration_, executable_, warnings));
  SLIPWAY_ASSIGN(const PlannedInstance planned, planned_for(plan, name));
  SLIPWAY_ASSIGN(const Catalog::Entry* entry, plan.catalog.find(planned.module));
  SLIPWAY_ASSIGN(const auto library, Library::open(*entry->manifest, entry->folder, planned.sha256));
  const SlotPtr slot = find(name);
  return document_of(
      *library,
      read_instance_options(*configuration_, planned, library->descriptor(), "module " + planned.name, warnings),
      slot ? state_of(*slot) : InstanceState::Disabled);
}

// ---- the end

void Supervisor::close(const SlotPtr& slot) {
  std::lock_guard lock(registry_mutex_);
  slot->state = InstanceState::Stopping;
  slot->gate.close();
}

bool Supervisor::stop_or_leave(const SlotPtr& slot, Deadline deadline) {
  if (slot->gate.wait_idle(deadline)) {
    finish_stop(slot);
    return true;
  }
  finish_later(slot);
  return false;
}

void Supervisor::finish_stop(const SlotPtr& slot) {
  const std::string name = slot->instance->name();
  slot->instance->stop();
  std::unique_ptr<Instance> dying;
  {
    std::lock_guard lock(registry_mutex_);
    dying = std::move(slot->instance);
  }
  dying.reset();
  log::info(kSender, "module stopped", {{"instance", name}});
  std::lock_guard lock(registry_mutex_);
  slot->state = InstanceState::Disabled;
  if (slot->forgotten) std::erase(slots_, slot);
}

void Supervisor::finish_later(const SlotPtr& slot) {
  auto ended = std::make_shared<std::atomic<bool>>(false);
  std::jthread waiter([this, slot, ended] {
    while (!slot->gate.wait_idle(std::chrono::steady_clock::now() + kReminder)) {
      log::warn(kSender, "module is still in use, it is stopped when its last user has gone",
                {{"instance", slot->instance->name()}});
    }
    finish_stop(slot);
    ended->store(true);
  });
  std::lock_guard lock(late_mutex_);
  std::erase_if(late_, [](const Late& late) { return late.ended->load(); });
  late_.push_back({std::move(ended), std::move(waiter)});
}

std::vector<std::string> Supervisor::stop_all(std::vector<SlotPtr> slots, Deadline deadline) {
  const auto rank = [](const SlotPtr& slot) { return start_rank(slot->instance->library().descriptor().kind); };
  std::erase_if(slots, [](const SlotPtr& slot) { return !slot->instance; });
  std::reverse(slots.begin(), slots.end());
  std::stable_sort(slots.begin(), slots.end(), [&](const SlotPtr& a, const SlotPtr& b) { return rank(a) > rank(b); });
  std::vector<std::string> left;
  for (auto group = slots.begin(); group != slots.end();) {
    const auto end = std::find_if(group, slots.end(), [&](const SlotPtr& slot) { return rank(slot) != rank(*group); });
    {
      // At the same time: while one listener drains, another must not take new work.
      std::vector<std::jthread> drains;
      for (auto slot = group; slot != end; ++slot) {
        close(*slot);
        drains.emplace_back([instance = (*slot)->instance.get(), deadline] { instance->drain(deadline); });
      }
    }
    if (let_go_) let_go_();
    for (; group != end; ++group) {
      const std::string name = (*group)->planned.name;
      if (!stop_or_leave(*group, deadline)) left.push_back(name);
    }
  }
  return left;
}

Status Supervisor::shutdown(Deadline deadline) {
  SLIPWAY_ASSIGN(const auto change, Change::begin(*this));
  std::vector<SlotPtr> running;
  std::vector<std::string> left;
  {
    std::lock_guard lock(registry_mutex_);
    for (const SlotPtr& slot : slots_) {
      if (slot->state == InstanceState::Running) running.push_back(slot);
      if (slot->state == InstanceState::Stopping) left.push_back(slot->planned.name);
    }
  }
  for (std::string& name : stop_all(std::move(running), deadline)) left.push_back(std::move(name));
  if (left.empty()) return ok();
  return Error(Errc::TimedOut, "modules", "still in use: " + join(left, ", "));
}

}  // namespace slipway::module
