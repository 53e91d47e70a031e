#include "core/module/instance.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <utility>

#include "core/base/text.h"
#include "core/log/log.h"

namespace slipway::module {
namespace {

constexpr std::string_view kSender = "modules";
constexpr auto kReminder = std::chrono::seconds(10);

// Runs `call`; what it throws is our Error, made before the module's code can go away.
template <class F>
Status fenced(const std::string& subject, const char* what, F&& call) noexcept {
  try {
    return call();
  } catch (const std::exception& error) {
    return Error(Errc::Internal, subject, std::string("its ") + what + " threw: " + printable(error.what()));
  } catch (...) {
    return Error(Errc::Internal, subject, std::string("its ") + what + " threw something that is not a std::exception");
  }
}

}  // namespace

class Instance::InstanceHost final : public Host {
 public:
  InstanceHost(const Setup& setup, const std::string& subject)
      : logger_(setup.name),
        name_(setup.name),
        config_dir_(setup.config_dir),
        subject_(subject),
        pool_(*setup.pool),
        services_(setup.services),
        denied_(setup.denied_services) {}

  Logger& logger() noexcept override { return logger_; }
  std::string_view instance() const noexcept override { return name_; }
  std::string_view config_dir() const noexcept override { return config_dir_; }
  const std::string& name() const noexcept { return name_; }

  void post(std::function<void()> task) override {
    {
      std::lock_guard lock(mutex_);
      if (closed_) return;
      ++tasks_;
    }
    pool_.post([this, task = std::move(task)]() mutable {
      auto done = fenced(subject_, "task", [&] {
        task();
        return slipway::ok();
      });
      task = nullptr;  // its captures are the module's code too: gone before the module may be
      if (!done) log::error(kSender, done.error().message());
      std::lock_guard lock(mutex_);
      if (--tasks_ == 0) no_tasks_.notify_all();
    });
  }

  void* service(std::string_view interface_id) noexcept override {
    if (std::any_of(denied_.begin(), denied_.end(),
                    [&](const std::string& pattern) { return glob_match(pattern, interface_id); })) {
      log::warn(kSender, "service denied by modules.load." + name_ + ".deny_services", {{"service", interface_id}});
      return nullptr;
    }
    return services_ ? services_->find(interface_id) : nullptr;
  }

  // Drops what is posted from now on and waits for what was posted before.
  void end_tasks() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    while (!no_tasks_.wait_for(lock, kReminder, [this] { return tasks_ == 0; })) {
      const std::size_t left = tasks_;
      lock.unlock();
      log::warn(kSender, subject_ + ": waiting for its tasks to end before it is stopped", {{"tasks", left}});
      lock.lock();
    }
  }

 private:
  log::SenderLogger logger_;
  const std::string name_;
  const std::string config_dir_;
  const std::string subject_;
  ThreadPool& pool_;
  const std::shared_ptr<const Services> services_;
  const std::vector<std::string> denied_;

  std::mutex mutex_;
  std::condition_variable no_tasks_;
  std::size_t tasks_ = 0;  // posted and not ended
  bool closed_ = false;
};

Instance::Instance() = default;

Result<std::unique_ptr<Instance>> Instance::create(Setup setup) {
  std::unique_ptr<Instance> instance(new Instance);
  instance->library_ = setup.library;
  instance->subject_ = "module " + setup.library->manifest().name;
  if (setup.name != setup.library->manifest().name) instance->subject_ += " (instance " + setup.name + ")";
  instance->host_ = std::make_unique<InstanceHost>(setup, instance->subject_);
  instance->options_ = std::make_unique<config::OptionValues>();
  instance->module_ = instance->library_->descriptor().create(*instance->host_);
  if (instance->module_ == nullptr) return Error(Errc::Internal, instance->subject_, "its constructor threw");
  return instance;
}

Instance::~Instance() {
  stop();
  if (host_) host_->end_tasks();
  if (module_ == nullptr) return;
  auto destroyed = fenced(subject_, "destructor", [&] {
    library_->descriptor().destroy(module_);
    return ok();
  });
  if (!destroyed) log::error(kSender, destroyed.error().message());
}

const std::string& Instance::name() const noexcept { return host_->name(); }
const Library& Instance::library() const noexcept { return *library_; }

Status Instance::configure(config::OptionValues options) {
  auto candidate = std::make_unique<config::OptionValues>(std::move(options));
  auto configured = fenced(subject_, "configure", [&] { return module_->configure(*candidate); });
  if (!configured) {
    if (configured.error().subject() == subject_) return configured;
    return Error(configured.error().code(), subject_, "it refuses its options: " + configured.error().message());
  }
  options_ = std::move(candidate);
  return ok();
}

Status Instance::start() {
  auto begun = fenced(subject_, "start", [&] { return module_->start(); });
  if (begun) {
    started_ = true;
    return ok();
  }
  if (begun.error().subject() == subject_) return begun;
  return Error(begun.error().code(), subject_, "it does not start: " + begun.error().message());
}

void Instance::drain(std::chrono::steady_clock::time_point deadline) noexcept {
  if (started_) module_->drain(deadline);
}

void Instance::stop() noexcept {
  if (!started_) return;
  started_ = false;
  host_->end_tasks();
  module_->stop();
}

}  // namespace slipway::module
