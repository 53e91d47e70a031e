#include "core/app/server.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <future>
#include <stop_token>

#include "core/accounts/backup.h"
#include "core/accounts/opened_settings.h"
#include "core/app/build_info.h"
#include "core/app/control_socket.h"
#include "core/app/first_run.h"
#include "core/app/rooms.h"
#include "core/app/running_modules.h"
#include "core/app/settings.h"
#include "core/base/thread_pool.h"
#include "core/config/core_options.h"
#include "core/events/hooks.h"
#include "core/events/module_actions.h"
#include "core/management/management.h"
#include "core/management/restore.h"
#include "core/module/supervisor.h"
#include "core/net/listener.h"
#include "core/session/access.h"
#include "core/session/mailed_codes.h"
#include "core/session/password_resets.h"
#include "core/session/revocations.h"
#include "core/session/session_manager.h"
#include "core/session/share_codes.h"
#include "slipway/switches.h"

namespace slipway::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kSweepPeriod{1};
// Modules get this long to end what is left after the grace time.
constexpr std::chrono::seconds kStopTime{10};

struct ReadSwitches final : Switches {
  const OptionView& switches() const override { return values; }
  config::OptionValues values;
};

// Everything that runs between start and stop. The members are in the order in which they need each other.
class Server {
 public:
  explicit Server(const ServeOptions& options) : options_(options) {}

  Status start();
  void run();
  void stop();

 private:
  Status load_data();
  Status start_hooks(const CoreSettings& settings);
  void reload();
  void wait_for_signal();
  void schedule_sweep();
  void schedule_forgetting();

  const ServeOptions& options_;
  std::shared_ptr<const config::Configuration> configuration_;
  ReadSwitches switches_;
  std::unique_ptr<AccountRooms> accounts_;
  std::unique_ptr<ThreadPool> pool_;
  std::shared_ptr<module::Services> services_ = std::make_shared<module::Services>();
  std::unique_ptr<module::Supervisor> supervisor_;
  std::unique_ptr<events::ModuleActions> actions_;
  std::unique_ptr<events::ConfiguredHooks> hooks_;
  std::unique_ptr<lua::LuaHooks> lua_;
  std::unique_ptr<accounts::OpenedSettings> opened_settings_;
  std::unique_ptr<session::SharedCounters> counters_;
  std::unique_ptr<admission::Admission> admission_;
  std::unique_ptr<session::MailedCodes> mailed_codes_;
  std::unique_ptr<session::ShareCodes> share_codes_;
  std::unique_ptr<session::SessionManager> sessions_;
  std::unique_ptr<session::Access> access_;
  std::unique_ptr<session::PasswordResets> resets_;
  std::unique_ptr<session::Revocations> revocations_;  // null: no other server uses the database
  std::unique_ptr<session::QuotaScans> scans_;
  std::unique_ptr<net::Listeners> listeners_;
  std::unique_ptr<RunningModules> modules_;
  std::unique_ptr<management::Management> management_;
  std::unique_ptr<ControlSocket> control_;
  accounts::LoadReport loaded_;
  std::stop_source stopping_;
  std::future<void> startup_ended_;  // of the startup hook, which uses hooks_

  boost::asio::io_context io_;
  boost::asio::signal_set signals_{io_};
  boost::asio::steady_timer sweep_{io_}, forget_{io_};
};

// Without the module that runs them, or behind one that decides before them, a server would let in whom they refuse.
Status check_login_hooks(const std::vector<std::string>& configured, const module::Registry& registry) {
  if (configured.empty()) return ok();
  const auto chain = registry.auth_chain();
  const auto runs_hooks = [](const module::ModuleRef<AuthModule>& module) {
    const char* provides = module.descriptor().provides;
    return provides != nullptr && std::string_view(provides).find("login_hooks") != std::string_view::npos;
  };
  const auto found = std::ranges::find_if(chain, runs_hooks);
  if (found == chain.end())
    return Error(Errc::InvalidArgument, configured.front(),
                 "no loaded module runs login hooks; add auth-hook to modules.load, before other auth modules");
  if (found == chain.begin()) return ok();
  return Error(Errc::InvalidArgument, configured.front(),
               "the module " + chain.front().instance() + " decides before login hooks are asked; put " +
                   found->instance() + " before it in modules.load");
}

Status Server::start() {
  // From here on a signal waits for run(), which handles it.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) signals_.add(signal);
  SLIPWAY_ASSIGN(configuration_, config::Configuration::load(options_.location));
  std::vector<config::Problem> problems;
  CoreSettings settings = read_core_settings(*configuration_, problems);
  switches_.values = settings.switches;
  SLIPWAY_TRY(report(*configuration_, problems));
  if (settings.umask) ::umask(*settings.umask);
  log::info("service", "starting",
            {{"config_dir", configuration_->config_dir()},
             {"config_file", configuration_->file().empty() ? "none, running on defaults" : configuration_->file()}});

  SLIPWAY_ASSIGN(accounts_, open_accounts(settings, Migrate::AsConfigured));
  SLIPWAY_TRY(load_data());

  pool_ = std::make_unique<ThreadPool>(settings.blocking_threads);
  module::Supervisor::Setup setup{*pool_, services_, std::filesystem::read_symlink("/proc/self/exe"), [this] {
                                    if (sessions_) sessions_->kept_policies().clear();
                                  }};
  supervisor_ = std::make_unique<module::Supervisor>(std::move(setup));
  actions_ = std::make_unique<events::ModuleActions>(*supervisor_);
  SLIPWAY_TRY(start_hooks(settings));

  opened_settings_ = std::make_unique<accounts::OpenedSettings>(*accounts_->accounts, *accounts_->secrets);
  counters_ = std::make_unique<session::SharedCounters>(accounts_->accounts->store(), settings.sessions.quota_tracking);
  session::SessionRooms rooms{*accounts_->accounts, *counters_, *supervisor_, *accounts_->secrets, accounts_->bus};
  if (hooks_->has_post_connect())
    rooms.post_connect = [this](const OpContext& ctx, std::string_view protocol, std::string_view ip) {
      return hooks_->post_connect(ctx, protocol, ip);
    };
  admission_ = std::make_unique<admission::Admission>(*accounts_->store, settings.admission);
  SLIPWAY_TRY(admission_->start());
  rooms.admission = admission_.get();
  mailed_codes_ = session::make_mailed_codes(*accounts_->store, settings.data_provider.is_shared);
  share_codes_ = std::make_unique<session::ShareCodes>(
      *supervisor_, *pool_, *mailed_codes_,
      session::ShareCodes::Settings{.subject = std::string(switches_.values.string("share_code_email_subject"))});
  rooms.share_codes = share_codes_.get();
  rooms.is_shared = settings.data_provider.is_shared;
  sessions_ = std::make_unique<session::SessionManager>(std::move(rooms), settings.sessions);
  access_ = std::make_unique<session::Access>(*sessions_);
  resets_ = std::make_unique<session::PasswordResets>(
      *sessions_, *pool_, *mailed_codes_,
      session::PasswordResets::Settings{.subject =
                                            std::string(switches_.values.string("password_forgot_email_subject"))});
  if (settings.data_provider.is_shared) {
    revocations_ = std::make_unique<session::Revocations>(*accounts_->store, session::Revocations::Settings{});
    SLIPWAY_TRY(revocations_->start());
  }
  scans_ = std::make_unique<session::QuotaScans>(*sessions_, *pool_);
  listeners_ = std::make_unique<net::Listeners>(settings.proxy);
  modules_ = std::make_unique<RunningModules>(*supervisor_, options_.location, kStopTime);
  management_ = std::make_unique<management::Management>(
      management::ManagementRooms{*accounts_->accounts, settings.data_provider.backups_path, sessions_.get(),
                                  scans_.get(), modules_.get(), admission_.get(), build_info(), actions_.get()});

  services_->add<AccountService>(*accounts_->accounts);
  services_->add<SessionService>(*sessions_);
  services_->add<AccessService>(*access_);
  services_->add<PasswordResetService>(*resets_);
  if (revocations_) services_->add<RevocationService>(*revocations_);
  services_->add<PathResolver>(*sessions_);
  services_->add<EventService>(*accounts_->bus);
  services_->add<ActionService>(*actions_);
  services_->add<ListenerService>(*listeners_);
  services_->add<ManagementService>(*management_);
  services_->add<ServerSettings>(*opened_settings_);
  services_->add<Switches>(switches_);

  FirstRun first_run;
  if (options_.first_run) SLIPWAY_TRY(first_run.prepare(*accounts_->accounts, configuration_->config_dir()));
  SLIPWAY_TRY(supervisor_->start(configuration_));
  SLIPWAY_TRY(check_sections(*configuration_, supervisor_->sections()));
  SLIPWAY_TRY(check_login_hooks(settings.login_hooks, *supervisor_));

  for (const auto& protocol : supervisor_->protocols())
    for (const Endpoint& endpoint : protocol->listening())
      log::info("service", "listening",
                {{"module", protocol.instance()}, {"address", endpoint.address}, {"port", endpoint.port}});
  SLIPWAY_ASSIGN(control_, ControlSocket::listen(configuration_->config_dir(), *management_, *pool_));
  for (const auto& user : loaded_.scan_users) (void)scans_->start_user(user);
  for (const auto& folder : loaded_.scan_folders) (void)scans_->start_folder(folder);
  log::info("service", "ready");
  if (options_.first_run) first_run.print(supervisor_->protocols());
  if (options_.on_ready) options_.on_ready();
  std::promise<void> ended;
  startup_ended_ = ended.get_future();
  pool_->post([this, ended = std::make_shared<std::promise<void>>(std::move(ended))] {
    OpContext ctx;
    ctx.stop = stopping_.get_token();
    if (auto done = hooks_->startup(ctx); !done) log::warn("service", done.error().message());
    ended->set_value();
  });
  return ok();
}

Status Server::load_data() {
  if (options_.loaddata_from.empty()) return ok();
  if (!options_.loaddata_from.starts_with('/'))
    return Error(Errc::InvalidArgument, "--loaddata-from",
                 "the path of the dump must be absolute: " + options_.loaddata_from);
  SLIPWAY_ASSIGN(const std::string text, accounts::read_backup_file(options_.loaddata_from, management::kMaxRestore));
  accounts::LoadOptions load;
  load.mode = options_.loaddata_mode == 0 ? accounts::LoadMode::Update : accounts::LoadMode::AddOnly;
  load.scan_quota = static_cast<accounts::ScanQuota>(options_.loaddata_scan);
  load.actor.name = "__system__";
  if (auto loaded = management::restore(*accounts_->accounts, text, load, loaded_); !loaded)
    return Error(loaded.code(), options_.loaddata_from + loaded.error().subject(), loaded.error().cause());
  log::info("service", "data loaded",
            {{"file", options_.loaddata_from},
             {"added", loaded_.added},
             {"updated", loaded_.updated},
             {"skipped", loaded_.skipped}});
  if (options_.loaddata_clean) {
    std::error_code failure;
    if (!std::filesystem::remove(options_.loaddata_from, failure))
      log::warn("service", "unable to remove the loaded file",
                {{"file", options_.loaddata_from}, {"error", failure.message()}});
  }
  return ok();
}

Status Server::start_hooks(const CoreSettings& settings) {
  SLIPWAY_ASSIGN(hooks_, events::ConfiguredHooks::make(settings.hooks, *accounts_->bus, *supervisor_));
  SLIPWAY_ASSIGN(lua_, lua::LuaHooks::make(settings.lua, *accounts_->bus));
  return ok();
}

void Server::run() {
  wait_for_signal();
  schedule_sweep();
  schedule_forgetting();
  io_.run();
}

void Server::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& failure, int number) {
    if (failure) return;
    switch (number) {
      case SIGHUP:
        reload();
        break;
      case SIGUSR1:
        if (auto rotated = log::rotate(); !rotated) log::error("service", rotated.error().message());
        break;
      default:
        log::info("service", "stopping", {{"signal", number}});
        io_.stop();
        return;
    }
    wait_for_signal();
  });
}

void Server::schedule_forgetting() {
  forget_.expires_after(session::KeptPolicies::kAge);
  forget_.async_wait([this](const boost::system::error_code& failure) {
    if (failure) return;
    sessions_->kept_policies().forget_old();
    schedule_forgetting();
  });
}

void Server::schedule_sweep() {
  sweep_.expires_after(kSweepPeriod);
  sweep_.async_wait([this](const boost::system::error_code& failure) {
    if (failure) return;
    sessions_->sweep();
    resets_->forget_expired_codes();
    schedule_sweep();
  });
}

// All or nothing: an error leaves everything as it was. What needs a restart is the database, and what modules say.
void Server::reload() {
  log::info("service", "reloading the configuration");
  auto fresh = config::Configuration::load(options_.location);
  std::vector<config::Problem> problems;
  Status done = ok();
  CoreSettings settings;
  if (fresh) {
    settings = read_core_settings(**fresh, problems);
    done = report(**fresh, problems);
  } else {
    done = fresh.error();
  }
  if (done) done = supervisor_->reload(*fresh, Clock::now() + kStopTime);
  if (!done) {
    log::error("service", "the configuration was not reloaded; the server goes on with the old one",
               {{"error", done.error().message()}});
    return;
  }
  configuration_ = *std::move(fresh);
  if (auto hooks = check_login_hooks(settings.login_hooks, *supervisor_); !hooks)
    log::error("service", "the login hooks of the new configuration are not asked",
               {{"key", hooks.error().subject()}, {"error", hooks.error().cause()}});
  sessions_->configure(settings.sessions);
  admission_->configure(settings.admission);
  listeners_->configure(settings.proxy);
  accounts_->accounts->configure(settings.accounts);
  for (const auto& protocol : supervisor_->protocols())
    for (const Endpoint& endpoint : protocol->listening())
      log::info("service", "listening",
                {{"module", protocol.instance()}, {"address", endpoint.address}, {"port", endpoint.port}});
  log::info("service", "configuration reloaded");
}

void Server::stop() {
  control_.reset();
  if (sessions_) sessions_->drain(Clock::now() + options_.grace_time);
  if (supervisor_)
    if (auto stopped = supervisor_->shutdown(Clock::now() + kStopTime); !stopped)
      log::warn("service", stopped.error().message());
  scans_.reset();
  if (accounts_) accounts_->bus->drain(Clock::now() + kStopTime);
  lua_.reset();
  stopping_.request_stop();
  if (startup_ended_.valid()) startup_ended_.wait();
  hooks_.reset();
  log::info("service", "stopped");
  log::flush();
}

// The usual 1024 are what programs with select() can bear; a server with thousands of connections takes what it may.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run_server(const ServeOptions& options) {
  if (auto logging = log::configure(options.log); !logging) {
    std::fprintf(stderr, "slipway: %s\n", logging.error().message().c_str());
    return 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file beyond the process's limit is an error of its write
  raise_descriptor_limit();
  Server server(options);
  const Status started = server.start();
  if (started) {
    server.run();
  } else {
    log::error("service", "the server does not start", {{"error", started.error().message()}});
    std::fprintf(stderr, "slipway: %s\n", started.error().message().c_str());
  }
  server.stop();
  return started ? 0 : 1;
}

}  // namespace slipway::app
