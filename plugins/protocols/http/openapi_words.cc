// Words about parameters, groups of routes, and what stands beside the API.
#include "openapi_words.h"

namespace slipway::httpd {
namespace {

constexpr ParameterWords kParameters[] = {
    {"offset", "query", "integer", "how many objects to skip"},
    {"limit", "query", "integer", "how many objects to answer at most, 1 to 500; 100 when nothing is said"},
    {"order", "query", "string", "ascending or descending names", "ASC DESC"},
    {"confidential_data", "query", "integer",
     "1: with hashes and whole secrets, for administrators who may do everything", "0 1"},
    {"disconnect", "query", "integer", "1: sessions of the user end", "0 1"},
    {"mode", "query", "string", "whether the numbers replace the counters or are added to them", "reset add"},
    {"mode:load", "query", "integer",
     "0: objects that exist are replaced; 1: they stay; 2: as 0, and sessions of users that changed end", "0 1 2"},
    {"scan-quota", "query", "integer",
     "what is counted again: 0 nothing, 1 files of all users, 2 files of users that have a quota", "0 1 2"},
    {"input-file", "query", "string", "absolute path of the dump on the server", {}, true},
    {"output-file", "query", "string", "file to write, relative to the directory of backups"},
    {"output-data", "query", "integer", "1: the dump is the answer", "0 1"},
    {"indent", "query", "integer", "1: the file is indented", "0 1"},
    {"scopes", "query", "string", "kinds of objects, separated by commas; empty: all"},
    {"filter", "query", "string", "entries that begin with this"},
    {"from", "query", "string", "entries after this one"},
    {"path", "query", "string", "the path; relative ones start at the user's start directory", {}, true},
    {"path:optional", "query", "string", "the directory; the user's start directory when nothing is said"},
    {"target", "query", "string", "where it goes", {}, true},
    {"mkdir_parents", "query", "boolean", "true: missing directories are made"},
    {"inline", "query", "string", "given, with any value: to be shown by a browser instead of saved"},
    {"algo", "query", "string", "algorithm of the checksum", "sha256"},
    {"compress", "query", "boolean", "false: a share that is one file is answered as it is, not as an archive"},
    {"X-SFTPGO-OTP", "header", "string", "passcode of the authenticator app, for accounts with a second factor"},
    {"X-SFTPGO-MTIME", "header", "integer", "modification time of the file, in milliseconds since 1970"},
    {"actions", "query", "string",
     "events that are wanted, separated by commas: upload, download, delete, rename, mkdir, rmdir, copy; empty: all"},
    {"Tus-Resumable", "header", "string", "version of the protocol", "1.0.0", true},
    {"Upload-Length", "header", "integer", "bytes of the whole file", {}, true},
    {"Upload-Metadata",
     "header",
     "string",
     "keys with base64 values, such as path, mkdir_parents, mtime and share_id",
     {},
     true},
    {"Upload-Offset", "header", "integer", "where the piece begins: as many bytes as have arrived", {}, true},
    {"Upload-Checksum", "header", "string", "sha1, sha256 or md5, a blank, and the base64 of the piece's digest"},
    {"X-HTTP-Method-Override", "header", "string", "the method that the client cannot send", "HEAD PATCH DELETE"},
    {"Range", "header", "string", "parts of the file, as in RFC 9110"},

    {"username", "path", "string", "name of the account"},
    {"name", "path", "string", "name of the object"},
    {"id", "path", "string", "id of the object"},
    {"type", "path", "integer", "1 allow list, 2 defender, 3 rate limiter safe list, 4 trusted", "1 2 3 4"},
    {"ipornet", "path", "string", "address or network in CIDR notation; its slash may be escaped"},
    {"connectionID", "path", "string", "id of the connection"},
    {"path", "path", "string", "path below the share; its slashes need no escape"},
};

constexpr TagWords kTags[] = {
    {"tokens", "Logging in and out."},
    {"users", "Accounts that move files."},
    {"groups", "Settings that users have in common."},
    {"folders", "Named storage that users and groups mount."},
    {"roles", "Which users an administrator may see."},
    {"admins", "Accounts that manage the server."},
    {"own admin account", "What administrators do about their own account."},
    {"API keys", "Keys that stand for accounts."},
    {"event actions", "What rules run."},
    {"event rules", "When which actions run."},
    {"IP lists", "Addresses and networks that are let in, kept out or trusted."},
    {"defender", "Addresses that misbehaved."},
    {"quota", "Counters of storage and transfers."},
    {"connections", "Who is connected."},
    {"server", "What runs, and everything about it as one document."},
    {"modules", "What the server is made of. These routes are Slipway's own."},
    {"stored events", "Events that were kept to be searched."},
    {"own files", "Files of the user who asks."},
    {"own shares", "Shares of the user who asks."},
    {"own account", "What users do about their own account."},
    {"public shares",
     "What a link gives to whoever has it; the password, if there is one, goes into Basic credentials with any name. "
     "Shares that ask for a code by mail take the token that is given for the code."},
    {"health", "Whether the server answers."},
    {"documentation", "This document and its page."},
};

constexpr RouteWords kRoot[] = {
    {"GET", "/healthz", "healthz", "health", "Says ok while the server answers.", {}, {}, "200 text"},
    {"GET",
     "/openapi",
     "get_openapi_page",
     "documentation",
     "A page to read this document and to try requests.",
     {},
     {},
     "200 html",
     "301"},
    {"GET",
     "/openapi/viewer.js",
     "get_openapi_script",
     "documentation",
     "The program of the page.",
     {},
     {},
     "200 script"},
    {"GET", "/openapi/viewer.css", "get_openapi_style", "documentation", "The style of the page.", {}, {}, "200 style"},
    {"GET", "/openapi/openapi.json", "get_openapi_json", "documentation", "This document.", {}, {}, "200 json"},
    {"GET",
     "/openapi/openapi.yaml",
     "get_openapi_yaml",
     "documentation",
     "The same for readers of YAML, of which JSON is a part.",
     {},
     {},
     "200 yaml"},
};

}  // namespace

std::span<const ParameterWords> parameter_words() { return kParameters; }
std::span<const TagWords> tag_words() { return kTags; }
std::span<const RouteWords> root_route_words() { return kRoot; }

}  // namespace slipway::httpd
