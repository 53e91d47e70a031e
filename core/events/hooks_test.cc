#include "core/events/hooks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <mutex>
#include <thread>

#include "core/config/core_options.h"
#include "core/config/options.h"
#include "core/events/hook.h"
#include "core/events/hook_payload.h"

namespace slipway::events {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

// What an action module was asked to do, as text.
struct Asked {
  std::string target, method, body, hook;
  std::map<std::string, std::string> pairs;  // query or environment
  std::string content_type;
  bool retry = false;
};

// Stands for both action modules and for the registry they are found in.
class FakeModules final : public module::Registry {
 public:
  FakeModules() {
    describe(http_, "http", kHttpOptions);
    describe(command_, "command", kCommandOptions);
  }
  module::ModuleRef<StorageModule> storage(std::string_view) const override { return {}; }
  module::ModuleRef<StorageModule> storage_for_provider(int) const override { return {}; }
  std::vector<module::ModuleRef<AuthModule>> auth_chain() const override { return {}; }
  module::ModuleRef<ActionModule> action(std::string_view provides) const override {
    if (missing) return {};
    auto* const self = const_cast<FakeModules*>(this);
    if (provides == "http") return {nullptr, &self->http_module_, &http_, "action-http"};
    if (provides == "command") return {nullptr, &self->command_module_, &command_, "action-command"};
    return {};
  }

  std::vector<Asked> asked() {
    std::lock_guard lock(mutex_);
    return asked_;
  }
  // What the next calls answer.
  std::function<Result<ActionReply>(const OpContext&)> answer = [](const OpContext&) { return ActionReply{200, ""}; };
  bool missing = false;

 private:
  static constexpr OptionSpec kHttpOptions[] = {{"endpoint", OptionType::String, nullptr, ""},
                                                {"method", OptionType::String, "POST", ""},
                                                {"body", OptionType::String, "", ""},
                                                {"headers[].key", OptionType::String, "", ""},
                                                {"headers[].value", OptionType::Secret, "", ""},
                                                {"query_parameters[].key", OptionType::String, "", ""},
                                                {"query_parameters[].value", OptionType::String, "", ""},
                                                {"retry", OptionType::Boolean, "false", ""}};
  static constexpr OptionSpec kCommandOptions[] = {{"cmd", OptionType::String, nullptr, ""},
                                                   {"hook", OptionType::String, "", ""},
                                                   {"env_vars[].key", OptionType::String, "", ""},
                                                   {"env_vars[].value", OptionType::String, "", ""}};
  template <std::size_t N>
  static void describe(ModuleDescriptor& descriptor, const char* provides, const OptionSpec (&options)[N]) {
    descriptor.kind = ModuleKind::Action;
    descriptor.name = descriptor.provides = provides;
    descriptor.use_options = options;
    descriptor.use_option_count = N;
  }
  static std::map<std::string, std::string> pairs(const OptionView& options, const std::string& list) {
    std::map<std::string, std::string> out;
    for (std::size_t i = 0; i < options.count(list); ++i) {
      const std::string element = list + "[" + std::to_string(i) + "].";
      out[std::string(options.string(element + "key"))] = options.string(element + "value");
    }
    return out;
  }
  Result<ActionReply> record(const OpContext& ctx, Asked asked) {
    {
      std::lock_guard lock(mutex_);
      asked_.push_back(std::move(asked));
    }
    return answer(ctx);
  }

  struct Http final : ActionModule {
    explicit Http(FakeModules& owner) : owner_(owner) {}
    Result<ActionReply> run(const OpContext& ctx, const ActionRequest& request) override {
      const OptionView& o = request.options;
      return owner_.record(
          ctx, {std::string(o.string("endpoint")), std::string(o.string("method")), std::string(o.string("body")), "",
                pairs(o, "query_parameters"), pairs(o, "headers")["Content-Type"], o.flag("retry")});
    }
    FakeModules& owner_;
  };
  struct Command final : ActionModule {
    explicit Command(FakeModules& owner) : owner_(owner) {}
    Result<ActionReply> run(const OpContext& ctx, const ActionRequest& request) override {
      const OptionView& o = request.options;
      return owner_.record(
          ctx, {std::string(o.string("cmd")), "", "", std::string(o.string("hook")), pairs(o, "env_vars"), "", false});
    }
    FakeModules& owner_;
  };

  ModuleDescriptor http_, command_;
  Http http_module_{*this};
  Command command_module_{*this};
  std::mutex mutex_;
  std::vector<Asked> asked_;
};

Event upload() {
  Event event;
  event.action = "upload";
  event.username = "ann";
  event.role = "staff";
  event.path = "/srv/ann/in/a.txt";
  event.virtual_path = "/in/a.txt";
  event.file_size = 12;
  event.elapsed = 34ms;
  event.protocol = "SFTP";
  event.ip = "192.0.2.1";
  event.session_id = "SFTP_1_1";
  event.at = Timestamp(std::chrono::nanoseconds(1'700'000'000'123'456'789));
  return event;
}

std::unique_ptr<ConfiguredHooks> make(const HookSettings& settings, EventBus& bus, const module::Registry& registry) {
  auto hooks = ConfiguredHooks::make(settings, bus, registry);
  EXPECT_TRUE(hooks) << hooks.error().message();
  return *std::move(hooks);
}

void drain(EventBus& bus) { bus.drain(std::chrono::steady_clock::now() + 60s); }

TEST(HookPayload, SaysWhoActedForTheUser) {
  Event event = upload();
  event.external_username = "guest@example.org";
  EXPECT_NE(file_hook_body(event).find(R"("username":"ann","external_username":"guest@example.org",)"),
            std::string::npos);
  const auto has = [](const Event& of) {
    return std::ranges::any_of(file_hook_environment(of), [](const auto& pair) {
      return pair.first == "SFTPGO_ACTION_EXTERNAL_USERNAME" && pair.second == "guest@example.org";
    });
  };
  EXPECT_TRUE(has(event));
  EXPECT_FALSE(has(upload()));
}

TEST(HookPayload, TheBodyOmitsWhatIsEmptyAndKeepsWhatIsPromised) {
  EXPECT_EQ(
      file_hook_body(upload()),
      R"({"action":"upload","username":"ann","path":"/srv/ann/in/a.txt","virtual_path":"/in/a.txt","file_size":12,)"
      R"("elapsed":34,"fs_provider":0,"status":1,"protocol":"SFTP","ip":"192.0.2.1","session_id":"SFTP_1_1",)"
      R"("role":"staff","timestamp":1700000000123456789})"
      "\n");
  EXPECT_EQ(
      file_hook_body(Event{}),
      R"({"action":"","username":"","path":"","virtual_path":"","fs_provider":0,"status":1,"protocol":"","ip":"",)"
      R"("session_id":"","timestamp":0})"
      "\n");
}

TEST(HookPayload, TheBodyHasEveryFieldThatIsSet) {
  Event event = upload();
  event.action = "pre-upload";
  event.target_path = "/t";
  event.virtual_target_path = "/vt";
  event.ssh_command = "md5sum";
  event.bucket = "b";
  event.endpoint = "e";
  event.status = EventStatus::QuotaExceeded;
  event.open_flags = 0x241;
  event.fs_provider = 1;
  event.metadata = {{"k", "v"}};
  const json::value body = json::parse(file_hook_body(event));
  EXPECT_EQ(body.at("target_path"), "/t");
  EXPECT_EQ(body.at("virtual_target_path"), "/vt");
  EXPECT_EQ(body.at("ssh_cmd"), "md5sum");
  EXPECT_EQ(body.at("bucket"), "b");
  EXPECT_EQ(body.at("endpoint"), "e");
  EXPECT_EQ(body.at("status"), 3);
  EXPECT_EQ(body.at("open_flags"), 577);
  EXPECT_EQ(body.at("fs_provider"), 1);
  EXPECT_EQ(body.at("metadata").at("k"), "v");
}

TEST(HookPayload, NamesThatAreNotUtf8BecomeValidJson) {
  Event event = upload();
  event.virtual_path = "/a\xFF\xC3\xA4\xC3.txt";
  const json::value body = json::parse(file_hook_body(event));
  EXPECT_EQ(body.at("virtual_path"), "/a\xEF\xBF\xBD\xC3\xA4\xEF\xBF\xBD.txt");
}

TEST(HookPayload, TheEnvironmentHasAllNamesAndMetadataOnlyIfAny) {
  const auto find = [](const Pairs& pairs, std::string_view name) -> std::string {
    for (const auto& [key, value] : pairs)
      if (key == name) return value;
    return "missing";
  };
  Event event = upload();
  Pairs pairs = file_hook_environment(event);
  EXPECT_EQ(pairs.size(), 19u);
  EXPECT_EQ(find(pairs, "SFTPGO_ACTION"), "upload");
  EXPECT_EQ(find(pairs, "SFTPGO_ACTION_TARGET"), "");
  EXPECT_EQ(find(pairs, "SFTPGO_ACTION_FILE_SIZE"), "12");
  EXPECT_EQ(find(pairs, "SFTPGO_ACTION_OPEN_FLAGS"), "0");
  EXPECT_EQ(find(pairs, "SFTPGO_ACTION_TIMESTAMP"), "1700000000123456789");
  EXPECT_EQ(find(pairs, "SFTPGO_ACTION_METADATA"), "missing");
  event.metadata = {{"k", "v"}};
  EXPECT_EQ(find(file_hook_environment(event), "SFTPGO_ACTION_METADATA"), R"({"k":"v"})");
  EXPECT_EQ(find(provider_hook_environment(event), "SFTPGO_PROVIDER_TIMESTAMP"), "1700000000123");
  EXPECT_EQ(find(provider_hook_query(event), "timestamp"), "1700000000123456789");
}

TEST(Hook, IsAnAbsolutePathOrAUrl) {
  EXPECT_TRUE(Hook::parse("k", "")->empty());
  EXPECT_TRUE(Hook::parse("k", "https://h/x")->is_url());
  EXPECT_FALSE(Hook::parse("k", "/bin/true")->is_url());
  for (const char* bad : {"bin/true", "httpd", "ftp://h", "~/x"})
    EXPECT_EQ(Hook::parse("k", bad).code(), Errc::InvalidArgument) << bad;
  EXPECT_EQ(Hook::parse("k", "https://u:p@h/x?token=1#f")->shown(), "https://h/x");
  EXPECT_EQ(Hook::parse("k", "http://h?a@b")->shown(), "http://h");
}

TEST(ConfiguredHooks, UnknownNamesAndRelativePathsAreRefusedWithTheirKey) {
  EventBus bus;
  FakeModules modules;
  HookSettings settings;
  settings.files = {{"uplaod"}, {}, "/hook"};
  auto refused = ConfiguredHooks::make(settings, bus, modules);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "common.actions.execute_on: unknown name \"uplaod\", did you mean \"upload\"?");
  settings.files = {{"upload"}, {}, "hook.sh"};
  EXPECT_EQ(ConfiguredHooks::make(settings, bus, modules).error().subject(), "common.actions.hook");
}

TEST(ConfiguredHooks, AnAsynchronousEventIsPostedAsJson) {
  EventBus bus;
  FakeModules modules;
  HookSettings settings;
  settings.files = {{"upload"}, {}, "http://h/hook"};
  auto hooks = make(settings, bus, modules);
  EXPECT_TRUE(bus.wanted("upload"));
  EXPECT_FALSE(bus.wanted("download"));
  modules.answer = [](const OpContext&) { return Error{Errc::PermissionDenied, "h", "status 500"}; };
  EXPECT_TRUE(bus.after({}, upload()));  // whatever the hook says
  EXPECT_TRUE(bus.after({}, [] {
    Event other = upload();
    other.action = "download";
    return other;
  }()));
  drain(bus);
  ASSERT_EQ(modules.asked().size(), 1u);
  const Asked asked = modules.asked()[0];
  EXPECT_EQ(asked.target, "http://h/hook");
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.body, file_hook_body(upload()));
  EXPECT_EQ(asked.content_type, "application/json");
  EXPECT_TRUE(asked.retry);
}

TEST(ConfiguredHooks, AProgramGetsTheEnvironment) {
  EventBus bus;
  FakeModules modules;
  HookSettings settings;
  settings.files = {{"upload"}, {}, "/usr/bin/hook"};
  auto hooks = make(settings, bus, modules);
  EXPECT_TRUE(bus.after({}, upload()));
  drain(bus);
  ASSERT_EQ(modules.asked().size(), 1u);
  EXPECT_EQ(modules.asked()[0].target, "/usr/bin/hook");
  EXPECT_EQ(modules.asked()[0].hook, "fs_actions");
  EXPECT_EQ(modules.asked()[0].pairs.at("SFTPGO_ACTION_VIRTUAL_PATH"), "/in/a.txt");
}

TEST(ConfiguredHooks, AProgramGetsNamesAsTheirBytes) {
  EventBus bus;
  FakeModules modules;
  HookSettings settings;
  settings.files = {{"pre-upload"}, {}, "/bin/hook"};
  const auto hooks = *ConfiguredHooks::make(settings, bus, modules);
  Event event;
  event.action = "pre-upload";
  event.virtual_path = "/caf\xe9";
  ASSERT_TRUE(bus.before({}, event));
  ASSERT_EQ(modules.asked().size(), 1u);
  EXPECT_EQ(modules.asked()[0].pairs.at("SFTPGO_ACTION_VIRTUAL_PATH"), "/caf\xe9");
}

TEST(ConfiguredHooks, AFailingHookVetoesABeforeEvent) {
  EventBus bus;
  FakeModules modules;
  HookSettings settings;
  settings.files = {{"pre-upload"}, {}, "http://h/"};
  auto hooks = make(settings, bus, modules);
  Event event = upload();
  event.action = "pre-upload";
  EXPECT_TRUE(bus.before({}, event));
  for (const auto& answer : std::vector<std::function<Result<ActionReply>(const OpContext&)>>{
           [](const OpContext&) {
             return Error{Errc::PermissionDenied, "h", "status 403"};
           },
           [](const OpContext&) {
             return Error{Errc::Unavailable, "h", "refused", true};
           },
           [](const OpContext&) {
             return ActionReply{204, ""};
           }}) {  // 200 exactly
    modules.answer = answer;
    EXPECT_EQ(bus.before({}, event).code(), Errc::PermissionDenied);
  }
  modules.missing = true;
  EXPECT_EQ(bus.before({}, event).code(), Errc::PermissionDenied);
}

TEST(ConfiguredHooks, OnlyAnUploadFailsWithItsSynchronousHook) {
  EventBus bus;
  FakeModules modules;
  HookSettings settings;
  settings.files = {{"upload", "mkdir"}, {"upload", "mkdir"}, "/hook"};
  auto hooks = make(settings, bus, modules);
  modules.answer = [](const OpContext&) { return ActionReply{0, ""}; };
  EXPECT_TRUE(bus.after({}, upload()));
  EXPECT_EQ(modules.asked().size(), 1u);  // before after() returned
  modules.answer = [](const OpContext&) { return Error{Errc::PermissionDenied, "/hook", "exit status 1"}; };
  EXPECT_EQ(bus.after({}, upload()).code(), Errc::PermissionDenied);
  Event mkdir = upload();
  mkdir.action = "mkdir";
  EXPECT_TRUE(bus.after({}, mkdir));
  EXPECT_EQ(modules.asked().size(), 3u);
}

TEST(ConfiguredHooks, FileAndAccountEventsOfTheSameNameGoTheirOwnWays) {
  EventBus bus;
  FakeModules modules;
  HookSettings settings;
  settings.files = {{"delete"}, {}, "http://h/files"};
  settings.provider = {{"delete"}, {"user"}, "http://h/accounts"};
  auto hooks = make(settings, bus, modules);
  Event file = upload();
  file.action = "delete";
  Event user = upload();
  user.action = "delete";
  user.username = "admin";
  user.object_type = "user";
  user.object_name = "bob";
  user.object_json = R"({"username":"bob"})";
  Event group = user;
  group.object_type = "group";
  EXPECT_TRUE(bus.after({}, file));
  EXPECT_TRUE(bus.after({}, user));
  EXPECT_TRUE(bus.after({}, group));
  drain(bus);
  ASSERT_EQ(modules.asked().size(), 2u);
  for (const Asked& asked : modules.asked()) {
    if (asked.target == "http://h/files") continue;
    EXPECT_EQ(asked.target, "http://h/accounts");
    EXPECT_EQ(asked.body, R"({"username":"bob"})");
    EXPECT_EQ(asked.pairs, (std::map<std::string, std::string>{{"action", "delete"},
                                                               {"username", "admin"},
                                                               {"ip", "192.0.2.1"},
                                                               {"object_type", "user"},
                                                               {"object_name", "bob"},
                                                               {"role", "staff"},
                                                               {"timestamp", "1700000000123456789"}}));
  }
}

TEST(ConfiguredHooks, PostConnectDecidesAboutConnections) {
  EventBus bus;
  FakeModules modules;
  EXPECT_TRUE(make({}, bus, modules)->post_connect({}, "SSH", "192.0.2.1"));
  EXPECT_TRUE(modules.asked().empty());

  HookSettings settings;
  settings.post_connect = "http://h/";
  auto hooks = make(settings, bus, modules);
  EXPECT_TRUE(hooks->has_post_connect());
  EXPECT_TRUE(hooks->post_connect({}, "SSH", "192.0.2.1"));
  EXPECT_EQ(modules.asked()[0].method, "GET");
  EXPECT_EQ(modules.asked()[0].pairs, (std::map<std::string, std::string>{{"ip", "192.0.2.1"}, {"protocol", "SSH"}}));
  modules.answer = [](const OpContext&) { return Error{Errc::Unavailable, "h"}; };
  EXPECT_EQ(hooks->post_connect({}, "SSH", "192.0.2.1").code(), Errc::PermissionDenied);
}

TEST(ConfiguredHooks, StartAndDisconnectAreTold) {
  EventBus bus;
  FakeModules modules;
  HookSettings settings;
  settings.startup = "/start";
  settings.post_disconnect = "/bye";
  auto hooks = make(settings, bus, modules);
  modules.answer = [](const OpContext&) { return ActionReply{}; };
  EXPECT_TRUE(hooks->startup({}));
  Event event = upload();
  event.action = "disconnect";
  EXPECT_TRUE(bus.after({}, event));
  event.protocol = "DAV";  // has no connections of its own
  EXPECT_TRUE(bus.after({}, event));
  drain(bus);
  ASSERT_EQ(modules.asked().size(), 2u);
  EXPECT_EQ(modules.asked()[0].hook, "startup");
  EXPECT_EQ(modules.asked()[1].hook, "post_disconnect");
  EXPECT_EQ(modules.asked()[1].pairs.at("SFTPGO_CONNECTION_DURATION"), "34");
  EXPECT_EQ(modules.asked()[1].pairs.at("SFTPGO_CONNECTION_USERNAME"), "ann");
}

TEST(ConfiguredHooks, EndingThemStopsWhatRuns) {
  EventBus bus;
  FakeModules modules;
  HookSettings settings;
  settings.files = {{"upload"}, {}, "/hook"};
  auto hooks = make(settings, bus, modules);
  modules.answer = [](const OpContext& ctx) -> Result<ActionReply> {
    while (!ctx.stop.stop_requested()) std::this_thread::sleep_for(1ms);
    return Error{Errc::Cancelled, "/hook"};
  };
  EXPECT_TRUE(bus.after({}, upload()));
  while (modules.asked().empty()) std::this_thread::sleep_for(1ms);
  hooks.reset();  // would not return otherwise
  EXPECT_FALSE(bus.wanted("upload"));
}

TEST(HookSettings, AreReadFromTheirSections) {
  const json::object common{
      {"actions", {{"execute_on", {"upload", "pre-delete"}}, {"execute_sync", {"upload"}}, {"hook", "/h"}}},
      {"startup_hook", "/s"},
      {"post_connect_hook", "/c"},
      {"post_disconnect_hook", "/d"}};
  const json::object provider{
      {"actions", {{"execute_on", {"add"}}, {"execute_for", {"user", "share"}}, {"hook", "/p"}}}};
  std::vector<config::Problem> problems;
  const auto settings =
      HookSettings::from(config::read_options(config::kCommonOptions, {.document = &common}, problems),
                         config::read_options(config::kDataProviderOptions, {.document = &provider}, problems));
  for (const auto& problem : problems) ADD_FAILURE() << problem.where << ": " << problem.message;
  EXPECT_EQ(settings.files.execute_on, (std::vector<std::string>{"upload", "pre-delete"}));
  EXPECT_EQ(settings.files.execute_sync, (std::vector<std::string>{"upload"}));
  EXPECT_EQ(settings.files.hook, "/h");
  EXPECT_EQ(settings.provider.execute_on, (std::vector<std::string>{"add"}));
  EXPECT_EQ(settings.provider.execute_for, (std::vector<std::string>{"user", "share"}));
  EXPECT_EQ(settings.provider.hook, "/p");
  EXPECT_EQ(settings.startup, "/s");
  EXPECT_EQ(settings.post_connect, "/c");
  EXPECT_EQ(settings.post_disconnect, "/d");
}

}  // namespace
}  // namespace slipway::events
