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
    OptionSpec{"auth_type", Integer, "0", "0 PLAIN, 1 LOGIN, 2 CRAM-MD5; 3 (OAuth2) is not supported", 0, 3},
    OptionSpec{"encryption", Integer, "0",
               "0 none, 1 TLS from the first byte, 2 STARTTLS; 1 and 2 are never done without", 0, 2},
    OptionSpec{"domain", String, "", "What this server calls itself to the mail server; empty: localhost"},
    OptionSpec{"templates_path", Path, "templates",
               "Folder whose subfolder `email` may hold reset-password.html and share-code.html"},
    OptionSpec{"ca_file", Path, "", "PEM file of the authorities of the mail server; empty: those of the system"},
    OptionSpec{"debug", Integer, "0", "1: the dialogue with the mail server goes to the log, without credentials", 0,
               1},
    OptionSpec{"oauth2.provider", Integer, "0", "Accepted; OAuth2 is not supported", INT64_MIN, INT64_MAX, nullptr,
               true},
    OptionSpec{"oauth2.tenant", String, "", "Accepted; OAuth2 is not supported", INT64_MIN, INT64_MAX, nullptr, true},
    OptionSpec{"oauth2.client_id", String, "", "Accepted; OAuth2 is not supported", INT64_MIN, INT64_MAX, nullptr,
               true},
    OptionSpec{"oauth2.client_secret", Secret, "", "Accepted; OAuth2 is not supported", INT64_MIN, INT64_MAX, nullptr,
               true},
    OptionSpec{"oauth2.refresh_token", Secret, "", "Accepted; OAuth2 is not supported", INT64_MIN, INT64_MAX, nullptr,
               true},
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
