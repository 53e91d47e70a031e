// Addresses, senders, subjects and templates of mails: whatever is taken for good adds no line to a mail's header.
// TARGETS: email_parts
#include <cstdlib>
#include <string>

#include "mail_message.h"
#include "mail_template.h"

namespace {

using namespace slipway;
using namespace slipway::email;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_header(const std::string& text) {
  static constexpr std::string_view kFields[] = {"Date",         "From",         "To",
                                                 "Subject",      "Message-ID",   "Auto-Submitted",
                                                 "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};
  const auto end = text.find("\r\n\r\n");
  require(end != text.npos);
  std::size_t fields = 0;
  for (std::size_t at = 0; at < end + 2;) {
    const auto line_end = text.find("\r\n", at);
    const auto line = std::string_view(text).substr(at, line_end - at);
    require(line.size() <= 998 && line.find_first_of("\r\n") == line.npos);
    if (!line.starts_with(' ')) {
      require(fields < std::size(kFields) && line.starts_with(std::string(kFields[fields]) + ": "));
      ++fields;
    }
    at = line_end + 2;
  }
  require(fields == std::size(kFields));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto cut = text.find('\0');
  const auto first = text.substr(0, cut);
  const auto second = cut == text.npos ? std::string_view() : text.substr(cut + 1);

  Mail mail;
  mail.to = {is_address(first) ? std::string(first) : "ann@example.org"};
  mail.subject = second;
  mail.body = first;
  auto from = parse_mailbox(first);
  if (from) require(is_address(from->address));
  if (check(mail)) check_header(compose(mail, from ? *from : Mailbox{"", "bob@example.org"}, {}, "1@example.org"));

  const auto rendered = render(first, {{"Name", std::string(second)}});
  if (rendered && first.find_first_of("<>") == first.npos) require(rendered->find_first_of("<>") == rendered->npos);
  return 0;
}
