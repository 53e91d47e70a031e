#include "mail_template.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace slipway::email {
namespace {

constexpr std::size_t kMaxTemplate = 256u << 10;

constexpr std::string_view kResetPassword =
    "<!DOCTYPE html>\n"
    "<html><body>\n"
    "<p>Hello {{.Username}},</p>\n"
    "<p>somebody asked for a new password for your account. This code lets you set one:</p>\n"
    "<p><strong>{{.Code}}</strong></p>\n"
    "<p>It works once, within {{.Minutes}} minutes. If it was not you who asked, you can ignore this mail: "
    "your password stays what it is.</p>\n"
    "</body></html>\n";

constexpr std::string_view kShareCode =
    "<!DOCTYPE html>\n"
    "<html><body>\n"
    "<p>Somebody wants to open the share &ldquo;{{.Share}}&rdquo; with your address. This code lets you in:</p>\n"
    "<p><strong>{{.Code}}</strong></p>\n"
    "<p>It works once, within {{.Minutes}} minutes. If it was not you who asked, you can ignore this mail; do not "
    "give the code to anybody.</p>\n"
    "</body></html>\n";

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

Result<std::string> render(std::string_view text, const TemplateValues& values) {
  std::string out;
  while (true) {
    const auto open = text.find("{{");
    out += text.substr(0, open);
    if (open == std::string_view::npos) return out;
    const auto close = text.find("}}", open);
    if (close == std::string_view::npos) return Error(Errc::InvalidArgument, "template", "a {{ has no }}");
    const auto action = trimmed(text.substr(open + 2, close - open - 2));
    const auto value = std::find_if(values.begin(), values.end(), [&](const auto& pair) {
      return action.size() == pair.first.size() + 1 && action.front() == '.' && action.substr(1) == pair.first;
    });
    if (value == values.end())
      return Error(Errc::InvalidArgument, "template", "{{" + std::string(action.substr(0, 64)) + "}} is not known");
    append_escaped(out, value->second);
    text.remove_prefix(close + 2);
  }
}

std::string_view built_in_template(std::string_view name) noexcept {
  if (name == "reset-password") return kResetPassword;
  if (name == "share-code") return kShareCode;
  return {};
}

Result<std::string> read_template(const std::string& folder, const std::string& name) {
  const auto path = std::filesystem::path(folder) / "email" / (name + ".html");
  std::error_code failure;
  if (folder.empty() || !std::filesystem::is_regular_file(path, failure)) return Error(Errc::NotFound, path.string());
  std::ifstream file(path, std::ios::binary);
  std::string text;
  text.resize(kMaxTemplate + 1);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (!file && !file.eof())) return Error(Errc::IoError, path.string(), "cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxTemplate) return Error(Errc::TooLarge, path.string(), "a template may have 256 KiB");
  return text;
}

}  // namespace slipway::email
