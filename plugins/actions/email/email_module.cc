#include <array>

#include "email_action.h"

namespace slipway::email {
namespace {

using enum OptionType;

constexpr std::array kOptions{
    OptionSpec{"host", String, "", "Name or address of the mail server; empty: no mail is sent"},
    OptionSpec{"port", Integer, "587", "Its port", 1, 65535},
    OptionSpec{"from", String, "",
               "The sender: an address, or a name and an address (Slipway <files@example.org>); empty: user"},
    OptionSpec{"user", String, "", "Who logs in to the mail server; empty: nobody"},
    OptionSpec{"password", Secret, "", "The password of user"},
    OptionSpec{"auth_type", Integer, "0", "0 PLAIN, 1 LOGIN, 2 CRAM-MD5, 3 XOAUTH2 or OAUTHBEARER", 0, 3},
    OptionSpec{"encryption", Integer, "0",
               "0 none, 1 TLS from the first byte, 2 STARTTLS; 1 and 2 are never done without", 0, 2},
    OptionSpec{"domain", String, "", "What this server calls itself to the mail server; empty: localhost"},
    OptionSpec{"templates_path", Path, "templates",
               "Folder whose subfolder `email` may hold reset-password.html and share-code.html"},
    OptionSpec{"ca_file", Path, "", "PEM file of the authorities of the mail server; empty: those of the system"},
    OptionSpec{"debug", Integer, "0", "1: the dialogue with the mail server goes to the log, without credentials", 0,
               1},
    OptionSpec{"oauth2.provider", Integer, "0",
               "Who gives out access tokens where auth_type is 3: 0 Google, 1 Microsoft", 0, 1},
    OptionSpec{"oauth2.tenant", String, "", "Of Microsoft: id or name of the tenant; empty: common"},
    OptionSpec{"oauth2.client_id", String, "", "The client that is registered with the provider"},
    OptionSpec{"oauth2.client_secret", Secret, "", "Its secret"},
    OptionSpec{"oauth2.refresh_token", Secret, "", "What the provider gave the client for the mailbox of user"},
    OptionSpec{"oauth2.token_url", String, "",
               "URL of another token endpoint; empty: the provider's. https://, or a loopback address", INT64_MIN,
               INT64_MAX, nullptr, true},
};

constexpr std::array kUseOptions{
    OptionSpec{"recipients", StringList, nullptr, "Addresses"},
    OptionSpec{"bcc", StringList, "", "Addresses that the others do not see"},
    OptionSpec{"subject", String, nullptr, "One line"},
    OptionSpec{"body", String, nullptr, "The text"},
    OptionSpec{"content_type", Integer, "0", "0 text, 1 HTML", 0, 1},
};

}  // namespace

SLIPWAY_MODULE(EmailAction, .kind = ModuleKind::Action, .name = "action-email", .version = "0.1.0",
               .summary = "Sends mail over SMTP", .provides = "email", .section = "smtp", .options = kOptions.data(),
               .option_count = kOptions.size(), .use_options = kUseOptions.data(),
               .use_option_count = kUseOptions.size());

}  // namespace slipway::email
