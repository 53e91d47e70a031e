#include "tests/support/loaded_action.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

namespace slipway::testing {
namespace {

config::OptionValues read_table(const OptionSpec* table, std::size_t count, std::string_view json_text) {
  const boost::json::object document = boost::json::parse(json_text).as_object();
  std::vector<config::Problem> problems;
  auto values = config::read_options({table, count}, {.document = &document, .where = "test"}, problems);
  for (const auto& problem : problems) ADD_FAILURE() << problem.where << ": " << problem.message;
  return values;
}

void require(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message());
}

}  // namespace

void TestHost::post(std::function<void()> task) { std::thread(std::move(task)).detach(); }

std::string TestHost::log_text() {
  std::lock_guard lock(mutex_);
  return log_;
}

void TestHost::log(LogLevel, std::string_view message, std::span<const LogField> fields) noexcept {
  std::lock_guard lock(mutex_);
  log_.append(message);
  for (const LogField& field : fields) {
    log_.append(" ").append(field.key).append("=");
    log_.append(field.type == LogField::Type::Text ? std::string(field.text) : std::to_string(field.number));
  }
  log_ += '\n';
}

LoadedAction::LoadedAction(const char* file, std::string_view section_json) {
  library_ = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library_ == nullptr) throw std::runtime_error(::dlerror());
  descriptor_ = static_cast<const ModuleDescriptor*>(::dlsym(library_, "slipway_module_v1"));
  if (descriptor_ == nullptr || descriptor_->magic != kModuleMagic ||
      std::string_view(descriptor_->abi_tag) != SLIPWAY_ABI_TAG || descriptor_->kind != ModuleKind::Action)
    throw std::runtime_error("not an action module of this build");
  module_ = static_cast<ActionModule*>(descriptor_->create(host_));
  require(configure(section_json));
  require(module_->start());
}

LoadedAction::~LoadedAction() {
  if (module_ != nullptr) {
    stop();
    descriptor_->destroy(module_);
  }
  if (library_ != nullptr) ::dlclose(library_);
}

Status LoadedAction::configure(std::string_view section_json) {
  options_.push_back(read_table(descriptor_->options, descriptor_->option_count, section_json));
  return module_->configure(options_.back());
}

Result<ActionReply> LoadedAction::run(std::string_view use_json, const OpContext& ctx) {
  const auto options = read_table(descriptor_->use_options, descriptor_->use_option_count, use_json);
  return module_->run(ctx, {event_, options});
}

Result<std::unique_ptr<Dialogue>> LoadedAction::converse(std::string_view use_json) {
  auto* starter = static_cast<DialogueStarter*>(module_->query(DialogueStarter::kInterfaceId));
  if (starter == nullptr) return Error(Errc::NotSupported, descriptor_->name);
  const auto options = read_table(descriptor_->use_options, descriptor_->use_option_count, use_json);
  return starter->start(options);
}

void LoadedAction::stop() {
  module_->drain(std::chrono::steady_clock::now());
  module_->stop();
}

}  // namespace slipway::testing
