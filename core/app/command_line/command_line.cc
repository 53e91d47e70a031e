#include "core/app/command_line/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>

#include "core/app/command_line/commands.h"
#include "core/app/server.h"
#include "core/config/environment.h"

namespace slipway::app {
namespace {

constexpr const char* kShells[] = {"bash", "zsh", "fish"};

// Flags that were not given are taken from SLIPWAY_<name>, else SFTPGO_<name>.
std::string variable(const std::string& name) {
  const std::string ours = "SLIPWAY_" + name, theirs = "SFTPGO_" + name;
  return std::getenv(ours.c_str()) == nullptr && std::getenv(theirs.c_str()) != nullptr ? theirs : ours;
}

// Whether the variable is set, and to nothing: CLI11 does not tell that from not being set.
bool is_set_empty(const std::string& name) {
  const char* value = std::getenv(variable(name).c_str());
  return value != nullptr && *value == '\0';
}

// The limits stand in the flag's help where they matter, not in its type.
template <class T>
CLI::Validator limits(T low, T high) {
  return CLI::Range(low, high).description("");
}

class CommandLine {
 public:
  CommandLine() : app_("Slipway, a modular file transfer server", "slipway") {
    app_.require_subcommand(1);
    app_.set_version_flag(
        "-v,--version", [] { return version_line(); }, "Print version, commit, date and features");
    add_serve();
    add_config();
    add_modules();
    add_accounts();
    add_portable();
    add_others();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? 0 : 2;
    }
    return run_();
  }

 private:
  CLI::App& command(CLI::App& parent, const std::string& name, const std::string& help, std::function<int()> run) {
    CLI::App* sub = parent.add_subcommand(name, help);
    if (run)
      sub->final_callback([this, run = std::move(run)] { run_ = run; });
    else
      sub->require_subcommand(1);
    return *sub;
  }

  template <class T>
  CLI::Option* flag(CLI::App& sub, const std::string& names, T& value, const std::string& help,
                    const std::string& name = {}) {
    CLI::Option* option = nullptr;
    if constexpr (std::is_same_v<T, bool>)
      option = sub.add_flag(names, value, help);
    else
      option =
          sub.add_option(names, value, help)->capture_default_str()->type_name(std::is_integral_v<T> ? "N" : "TEXT");
    if (!name.empty()) option->envname(variable(name));
    return option;
  }

  void add_location(CLI::App& sub) {
    flag(sub, "-c,--config-dir", location_.config_dir, "Folder of the configuration; relative paths in it start here",
         "CONFIG_DIR")
        ->type_name("PATH");
    flag(sub, "--config-file", location_.config_file,
         "Configuration file, relative to the folder; otherwise slipway.json, .yaml, .yml or .toml is looked for, then "
         "sftpgo.*",
         "CONFIG_FILE")
        ->type_name("PATH");
  }

  void add_log_flags(CLI::App& sub) {
    log_file_ = flag(sub, "-l,--log-file-path", serve_.log.file,
                     "Log file, relative to the folder; empty: standard error", "LOG_FILE_PATH")
                    ->type_name("PATH");
    flag(sub, "-s,--log-max-size", serve_.log.max_size_mb,
         "Megabytes of the log file before it is rotated; 0: no limit", "LOG_MAX_SIZE")
        ->check(limits(std::uint64_t{0}, std::uint64_t{1} << 40));
    flag(sub, "-b,--log-max-backups", serve_.log.max_backups, "Rotated log files that are kept; 0: all",
         "LOG_MAX_BACKUPS");
    flag(sub, "-a,--log-max-age", serve_.log.max_age_days, "Days that rotated log files are kept; 0: no limit",
         "LOG_MAX_AGE");
    flag(sub, "-z,--log-compress", serve_.log.compress, "Compress rotated log files", "LOG_COMPRESS");
    flag(sub, "--log-level", log_level_, "Lines of this level and above are written: debug, info, warn, error",
         "LOG_LEVEL")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}).description(""));
    flag(sub, "--log-utc-time", serve_.log.utc, "Times in UTC instead of local time", "LOG_UTC_TIME");
  }

  void add_serve() {
    CLI::App& sub = command(app_, "serve", "Run the server", [this] { return serve(); });
    add_location(sub);
    flag(sub, "--grace-time", grace_seconds_, "Seconds that running transfers get when the server is told to stop",
         "GRACE_TIME")
        ->check(limits(0, 24 * 3600));
    flag(sub, "--loaddata-from", serve_.loaddata_from, "Absolute path of a dump to load at the start", "LOADDATA_FROM")
        ->type_name("PATH");
    flag(sub, "--loaddata-mode", serve_.loaddata_mode, "0: add and update, 1: add only", "LOADDATA_MODE")
        ->check(limits(0, 1));
    flag(sub, "--loaddata-scan", serve_.loaddata_scan,
         "Count used quota after loading: 0 no, 1 of all, 2 of users with limits", "LOADDATA_QUOTA_SCAN")
        ->check(limits(0, 2));
    flag(sub, "--loaddata-clean", serve_.loaddata_clean, "Remove the dump when it was loaded", "LOADDATA_CLEAN");
    flag(sub, "--first-run", serve_.first_run, "Make a first account when there is none, and print how to connect");
    add_log_flags(sub);
  }

  void add_config() {
    CLI::App& sub = command(app_, "config", "Check and show the configuration", {});
    add_location(command(sub, "validate", "Name every problem of the configuration",
                         [this] { return validate_configuration(location_); }));
    add_location(command(sub, "show", "Print the core's sections as they are in effect, secrets hidden",
                         [this] { return show_configuration(location_); }));
    command(sub, "defaults", "Print a configuration file with every key of the core",
            [] { return print_default_configuration(); });
    command(sub, "reference", "Print the reference of all keys of the core, in Markdown",
            [] { return print_configuration_reference(); });
  }

  void add_modules() {
    CLI::App& sub = command(app_, "modules", "What can be loaded, and what is", {});
    add_location(
        command(sub, "list", "List the modules of the search path", [this] { return list_modules(location_); }));
    add_location(
        command(sub, "check", "Open every module and check its options", [this] { return check_modules(location_); }));
    for (const bool on : {true, false}) {
      CLI::App& change =
          command(sub, on ? "enable" : "disable",
                  on ? "Load and start a module in the running server" : "Stop a module in the running server",
                  [this, on] { return switch_module(location_, module_, on); });
      add_location(change);
      change.add_option("NAME", module_, "The instance's name")->required();
    }
    CLI::App& describe = command(sub, "describe", "Tell all that a module says of itself",
                                 [this] { return describe_module(location_, module_, markdown_); });
    add_location(describe);
    describe.add_option("NAME", module_, "The module's name")->required();
    flag(describe, "--markdown", markdown_, "As a page of the reference documentation");
  }

  void add_accounts() {
    CLI::App& init = command(app_, "initprovider", "Make the database, or bring it up to date",
                             [this] { return init_provider(location_, provider_); });
    add_location(init);
    flag(init, "--loaddata-from", provider_.loaddata_from, "Dump to load afterwards", "LOADDATA_FROM")
        ->type_name("PATH");
    flag(init, "--loaddata-mode", provider_.loaddata_mode, "0: add and update, 1: add only", "LOADDATA_MODE")
        ->check(limits(0, 1));
    flag(init, "--loaddata-clean", provider_.loaddata_clean, "Remove the dump when it was loaded", "LOADDATA_CLEAN");

    CLI::App& reset = command(app_, "resetadmin", "Let an administrator in who is locked out",
                              [this] { return reset_admin(location_, reset_admin_, ask_new_password); });
    add_location(reset);
    reset.add_option("--admin", reset_admin_.admin, "The administrator's name")->required()->type_name("TEXT");
    flag(reset, "--reset-password", reset_admin_.password, "Ask for a new password, twice");
    flag(reset, "--reset-two-factor", reset_admin_.two_factor, "Remove two-factor authentication");
    flag(reset, "--reset-restrictions", reset_admin_.restrictions,
         "Enable the account, remove its list of allowed addresses, allow password logins");
    CLI::App& password = command(app_, "resetpwd", "As resetadmin --reset-password --reset-two-factor", [this] {
      reset_admin_.password = reset_admin_.two_factor = true;
      return reset_admin(location_, reset_admin_, ask_new_password);
    });
    add_location(password);
    password.add_option("--admin", reset_admin_.admin, "The administrator's name")->required()->type_name("TEXT");

    CLI::App& sub = command(app_, "manage", "Run an operation of the management service", [this] {
      return operation_.empty() ? list_operations() : manage(location_, operation_, input_);
    });
    add_location(sub);
    sub.add_option("OPERATION", operation_, "For example users.list; without one, all are listed");
    sub.add_option("INPUT", input_, "A JSON object; - reads it from standard input");
    add_location(
        command(app_, "ping", "Tell whether a server runs on this configuration", [this] { return ping(location_); }));
    CLI::App& mail = command(app_, "smtptest", "Send a test mail with the settings of the running server",
                             [this] { return test_mail(location_, recipient_); });
    add_location(mail);
    mail.add_option("--recipient", recipient_, "Who gets the mail")->required()->type_name("ADDRESS");
  }

  void add_portable() {
    CLI::App& sub = command(app_, "portable", "Serve one folder to one user, as long as the command runs",
                            [this] { return portable(); });
    add_location(sub);
    flag(sub, "-d,--directory", portable_.directory, "The folder")->type_name("PATH");
    flag(sub, "-u,--username", portable_.username, "The user's name; empty: user");
    flag(sub, "-p,--password", portable_.password, "Its password; without one and without keys a random one is made");
    flag(sub, "--password-file", portable_.password_file, "File whose first line is the password")->type_name("PATH");
    const auto list = [&](const char* names, std::vector<std::string>& value, const char* help) {
      sub.add_option(names, value, help)->type_name("TEXT")->expected(1)->take_all();
    };
    list("-k,--public-key", portable_.public_keys, "A public key that may log in; can be given several times");
    sub.add_option("-g,--permissions", portable_.permissions, "What the user may do; * is everything")
        ->delimiter(',')
        ->capture_default_str()
        ->type_name("TEXT");
    flag(sub, "--start-directory", portable_.start_directory, "Where the user starts");
    list("--allowed-patterns", portable_.allowed_patterns, "/folder::*.txt,*.md; can be given several times");
    list("--denied-patterns", portable_.denied_patterns, "/folder::*.exe; can be given several times");
    for (PortPlace& place : ports_)
      flag(sub, place.flags, place.port, std::string("Port for ") + place.what + "; 0: a free one, below: off")
          ->check(limits(-1, 65535));
    flag(sub, "--grace-time", grace_seconds_, "Seconds that running transfers get when the server is told to stop")
        ->check(limits(0, 24 * 3600));
    flag(sub, "-l,--log-file-path", portable_.log.file, "Log file; empty: standard error")->type_name("PATH");
    flag(sub, "--log-level", portable_log_level_, "Lines of this level and above are written: debug, info, warn, error")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}).description(""));
    flag(sub, "--log-utc-time", portable_.log.utc, "Times in UTC instead of local time");
  }

  void add_others() {
    command(app_, "version", "Print version, commit, date and features", [] { return print_version(); });
    CLI::App& completion = command(app_, "completion", "Print a completion script",
                                   [this] { return print_completion(describe(app_), shell_); });
    completion.add_option("SHELL", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember(std::vector<std::string>(std::begin(kShells), std::end(kShells))).description(""));
    command(app_, "man", "Print the manual page", [this] { return print_manual(describe(app_)); });
  }

  int serve() {
    if (log_file_->count() == 0 && is_set_empty("LOG_FILE_PATH")) serve_.log.file.clear();
    serve_.location = location_;
    serve_.grace_time = std::chrono::seconds(grace_seconds_);
    if (!serve_.loaddata_from.empty() && serve_.loaddata_from[0] != '/')
      return fail(Error(Errc::InvalidArgument, "--loaddata-from", "must be an absolute path"));
    if (const Status prepared = prepare(serve_.log, log_level_); !prepared) return fail(prepared.error());
    return run_server(serve_);
  }

  int portable() {
    portable_.location = location_;
    portable_.grace_time = std::chrono::seconds(grace_seconds_);
    for (const PortPlace& place : ports_) portable_.ports.push_back({place.section, place.port});
    if (const Status prepared = prepare(portable_.log, portable_log_level_); !prepared) return fail(prepared.error());
    return serve_portable(portable_);
  }

  // What comes before a server starts: its log's settings made final, and the variables of env.d handed on.
  Status prepare(log::Settings& settings, const std::string& level) const {
    SLIPWAY_ASSIGN(settings.level, log::parse_level(level));
    if (!settings.file.empty()) {
      std::error_code error;
      const auto folder = std::filesystem::absolute(location_.config_dir, error);
      if (error) return Error(Errc::IoError, location_.config_dir, error.message());
      settings.file = (folder / settings.file).lexically_normal().native();
    }
    return config::export_env_files(location_.config_dir);
  }

  static CommandInfo describe(const CLI::App& app) {
    CommandInfo info{.name = app.get_name(), .help = app.get_description()};
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional()) {
        ArgumentInfo argument{.name = option->get_name(true), .help = option->get_description()};
        if (argument.name == "SHELL") argument.choices = {std::begin(kShells), std::end(kShells)};
        info.arguments.push_back(std::move(argument));
        continue;
      }
      FlagInfo flag{.help = option->get_description()};
      for (const std::string& name : option->get_lnames()) flag.names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) flag.names.push_back("-" + name);
      if (option->get_expected_min() > 0) flag.value = option->get_type_name();
      flag.variable = option->get_envname();
      info.flags.push_back(std::move(flag));
    }
    for (const CLI::App* sub : app.get_subcommands(nullptr)) info.commands.push_back(describe(*sub));
    return info;
  }

  // The sections of the configuration that portable can open a port for.
  struct PortPlace {
    const char *flags, *section, *what;
    int port;
  };

  CLI::App app_;
  std::function<int()> run_;
  Location location_;
  ServeOptions serve_;
  ResetAdminOptions reset_admin_;
  InitProviderOptions provider_;
  PortableOptions portable_;
  std::string portable_log_level_ = "warn";
  PortPlace ports_[4] = {{"-s,--sftpd-port", "sftpd", "SFTP", 0},
                         {"--ftpd-port", "ftpd", "FTP", -1},
                         {"--webdav-port", "webdavd", "WebDAV", -1},
                         {"--httpd-port", "httpd", "HTTP", -1}};
  std::string recipient_, operation_, input_;
  CLI::Option* log_file_ = nullptr;
  std::string log_level_ = "debug", module_, shell_;
  int grace_seconds_ = 0;
  bool markdown_ = false;
};

}  // namespace

int run_command_line(int argc, char** argv) {
  try {
    return CommandLine().run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "slipway: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace slipway::app
