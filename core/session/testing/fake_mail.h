// A module that sends mail, for tests: it keeps what it was given.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/lock_guarded.h"
#include "core/module/registry.h"
#include "slipway/mail.h"

namespace slipway::session {

// Stands for the mail module and for the registry it is found in.
class FakeMail final : public module::Registry {
 public:
  module::ModuleRef<StorageModule> storage(std::string_view) const override { return {}; }
  module::ModuleRef<StorageModule> storage_for_provider(int) const override { return {}; }
  std::vector<module::ModuleRef<AuthModule>> auth_chain() const override { return {}; }
  module::ModuleRef<ActionModule> action(std::string_view provides) const override {
    if (provides != "email" || missing) return {};
    return {nullptr, const_cast<Module*>(&module_), &descriptor_, "action-email"};
  }

  bool missing = false;
  bool configured = true;
  Status answer = ok();

  std::vector<MailFromTemplate> take() {
    return mails_.with([](auto& mails) { return std::exchange(mails, {}); });
  }

 private:
  class Module final : public ActionModule, public Mailer {
   public:
    explicit Module(FakeMail& owner) : owner_(owner) {}
    Result<ActionReply> run(const OpContext&, const ActionRequest&) override {
      return Error(Errc::NotSupported, "run");
    }
    void* query(std::string_view id) noexcept override {
      return id == kInterfaceId ? static_cast<Mailer*>(this) : nullptr;
    }
    bool is_configured() const noexcept override { return owner_.configured; }
    Status post(MailFromTemplate mail) override {
      SLIPWAY_TRY(owner_.answer);
      owner_.mails_.with([&](auto& mails) { mails.push_back(std::move(mail)); });
      return ok();
    }

   private:
    FakeMail& owner_;
  };

  ModuleDescriptor descriptor_;
  LockGuarded<std::vector<MailFromTemplate>> mails_;
  Module module_{*this};
};

inline std::string value_of(const MailFromTemplate& mail, std::string_view name) {
  for (const auto& [key, text] : mail.values)
    if (key == name) return text;
  return {};
}

}  // namespace slipway::session
