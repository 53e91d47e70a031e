#include "key_verifier.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>

#include "child_program.h"
#include "digest.h"
#include "public_key.h"
#include "slipway/base64.h"

namespace slipway::sftp {
namespace {

constexpr std::size_t kMaxOutput = 64 * 1024, kMaxLine = 16 * 1024;

Error invalid(std::string option, std::string why) {
  return {Errc::InvalidArgument, "sftpd." + std::move(option), std::move(why)};
}

Error refused(std::string why) { return {Errc::PermissionDenied, "certificate", std::move(why)}; }

Result<std::string> sha256_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  auto digest = Digest::make("sha256");
  if (!digest) return Error(Errc::NotSupported, file, "the system has no SHA-256");
  std::vector<char> block(256 * 1024);
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    digest->update(std::as_bytes(std::span(block).first(static_cast<std::size_t>(in.gcount()))));
  }
  if (!in.eof()) return Error(Errc::IoError, file, "it cannot be read");
  return to_hex(digest->finish());
}

// Where `text` has one of `ends` that is not within quotes; within them \" is no quote.
std::size_t end_outside_quotes(std::string_view text, std::string_view ends) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size() && (quoted || ends.find(text[at]) == ends.npos); ++at) {
    if (quoted && text.substr(at).starts_with("\\\"")) {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    }
  }
  return std::min(at, text.size());
}

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto word = line.substr(0, end_outside_quotes(line, " \t"));
  line.remove_prefix(word.size());
  return word;
}

std::optional<std::string> key_of(std::string_view type, std::string_view base64) {
  std::string blob;
  if (type.empty() || !decode_base64(base64, blob)) return std::nullopt;
  const auto key = parse_public_key(blob);
  return key && key->type == type ? std::optional(std::move(blob)) : std::nullopt;
}

// Of the options of a line.
std::optional<std::vector<std::string>> principals_of(std::string_view options) {
  constexpr std::string_view kName = "principals=\"";
  while (!options.empty()) {
    auto option = options.substr(0, end_outside_quotes(options, ","));
    options.remove_prefix(std::min(option.size() + 1, options.size()));
    if (!option.starts_with(kName) || !option.ends_with('"') || option.size() <= kName.size()) continue;
    option = option.substr(kName.size(), option.size() - kName.size() - 1);
    std::vector<std::string> names;
    if (option.find_first_of("\"\\") != option.npos) return names;  // no name has one: nobody is meant
    while (!option.empty()) {
      names.emplace_back(option.substr(0, option.find(',')));
      option.remove_prefix(std::min(names.back().size() + 1, option.size()));
    }
    return names;
  }
  return std::nullopt;
}

std::optional<AuthorizedKey> authorized_key(std::string_view line) {
  if (line.size() > kMaxLine) return std::nullopt;
  auto rest = line;
  const auto first = take_word(rest), second = take_word(rest), third = take_word(rest);
  if (first.empty() || first.front() == '#') return std::nullopt;
  if (auto blob = key_of(first, second)) return AuthorizedKey{*std::move(blob), std::nullopt};
  if (auto blob = key_of(second, third)) return AuthorizedKey{*std::move(blob), principals_of(first)};
  return std::nullopt;
}

}  // namespace

std::optional<AuthorizedKey> first_authorized_key(std::string_view text) {
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (auto key = authorized_key(line)) return key;
  }
  return std::nullopt;
}

Result<std::shared_ptr<const KeyVerifier>> KeyVerifier::make(const std::string& path, const std::string& checksum) {
  std::error_code ignored;
  if (!path.starts_with('/')) return invalid("opkssh_path", "must be an absolute path");
  if (!std::filesystem::is_regular_file(path, ignored)) return invalid("opkssh_path", path + " is not a file");
  if (::access(path.c_str(), X_OK) != 0) return invalid("opkssh_path", path + " cannot be executed");
  if (!checksum.empty()) {
    SLIPWAY_ASSIGN(const auto found, sha256_of(path));
    std::string wanted = checksum;
    std::transform(wanted.begin(), wanted.end(), wanted.begin(), [](unsigned char c) { return std::tolower(c); });
    if (found != wanted)
      return invalid("opkssh_checksum", "the SHA-256 checksum of " + path + " is another one: " + found);
  }
  return std::shared_ptr<const KeyVerifier>(new KeyVerifier(path));
}

// One of the programs that may run at once.
class KeyVerifier::Turn {
 public:
  Turn(const KeyVerifier& verifier, const OpContext& op) : verifier_(verifier) {
    std::unique_lock lock(verifier_.mutex_);
    has_it_ = verifier_.freed_.wait_until(lock, op.stop, op.deadline,
                                          [&] { return verifier_.running_ < KeyVerifier::kMaxPrograms; });
    if (has_it_) ++verifier_.running_;
  }
  ~Turn() {
    if (!has_it_) return;
    {
      std::lock_guard lock(verifier_.mutex_);
      --verifier_.running_;
    }
    verifier_.freed_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool has_it() const noexcept { return has_it_; }

 private:
  const KeyVerifier& verifier_;
  bool has_it_ = false;
};

Result<AuthorizedKey> KeyVerifier::ask(const OpContext& op, const std::string& user, std::string_view certificate_blob,
                                       const std::string& algorithm) const {
  // It would be an option of the program.
  if (user.starts_with('-') || user.find('\0') != std::string::npos)
    return refused("the user name cannot be passed on");
  OpContext bounded = op;
  bounded.deadline = std::min(op.deadline, std::chrono::steady_clock::now() + kPatience);
  const Turn turn(*this, bounded);
  if (!turn.has_it()) return refused("too many others are being verified");
  const auto output = run_program(
      bounded, path_, {"verify", user, algorithm + " " + base64_encode(certificate_blob), algorithm}, kMaxOutput);
  if (!output) return refused("the verifying program: " + std::string(output.error().message()));
  if (output->status != 0)
    return refused("the verifying program refuses it, with status " + std::to_string(output->status));
  auto key = first_authorized_key(output->text);
  if (!key) return refused("the verifying program prints no key");
  return *std::move(key);
}

}  // namespace slipway::sftp
