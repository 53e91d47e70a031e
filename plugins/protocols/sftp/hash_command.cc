// md5sum, sha1sum and their like: the digest of files, or of what the client sends.
#include "digest.h"
#include "shell_command.h"

namespace slipway::sftp {
namespace {

constexpr std::uint64_t kWholeFile = std::uint64_t{1} << 62;

// A line of coreutils: a name with a newline or a backslash is escaped, and the line says so in front.
std::string checksum_line(const std::string& hex, std::string_view name) {
  std::string escaped;
  for (const char c : name) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return (escaped.size() == name.size() ? "" : "\\") + hex + "  " + escaped + "\n";
}

bool is_mode_option(std::string_view word) {
  return word == "-b" || word == "--binary" || word == "-t" || word == "--text";
}

class HashCommand final : public ShellCommand {
 public:
  HashCommand(CommandWords words, std::string_view algorithm) : ShellCommand(std::move(words)), algorithm_(algorithm) {}

 private:
  Outcome execute(CommandContext& context) override {
    Outcome outcome{.path = context.session.start_directory()};
    auto digest = Digest::make(algorithm_);
    if (!digest) {
      outcome.failure.emplace(Errc::NotSupported, algorithm_);
      return outcome;
    }
    bool options = true, any = false;
    for (const auto& argument : words().arguments) {
      if (options && argument == "--") {
        options = false;
      } else if (options && argument.size() > 1 && argument.front() == '-') {
        if (is_mode_option(argument)) continue;
        outcome.failure.emplace(Errc::InvalidArgument, argument, "unsupported option");
        return outcome;
      } else {
        any = true;
        if (argument == "-" ? hash_input(context, *digest, outcome) : hash_file(context, *digest, argument, outcome))
          continue;
        if (outcome.failure->code() == Errc::Cancelled) return outcome;
      }
    }
    if (!any) hash_input(context, *digest, outcome);
    return outcome;
  }

  bool hash_input(CommandContext& context, Digest& digest, Outcome& outcome) {
    while (true) {
      const auto part = context.io.input();
      if (!part) {
        outcome.failure = part.error();
        return false;
      }
      if (part->empty()) break;
      digest.update(*part);
      context.io.consume(part->size());
    }
    context.io.write(checksum_line(to_hex(digest.finish()), "-"));
    return true;
  }

  bool hash_file(CommandContext& context, Digest& digest, const std::string& argument, Outcome& outcome) {
    const auto hashed = [&]() -> Status {
      SLIPWAY_ASSIGN(outcome.path, context.paths.resolve(context.session.start_directory(), argument));
      SLIPWAY_ASSIGN(auto file, open_for_digest(context.op, context.session.fs(), outcome.path));
      SLIPWAY_TRY(digest_range(context.op, *file, 0, kWholeFile, digest));
      return file->finish(context.op);
    }();
    if (hashed) {
      context.io.write(checksum_line(to_hex(digest.finish()), outcome.path.str()));
      return true;
    }
    digest.finish();
    tell_failure(context, argument, client_text(hashed.error()));
    outcome.failure = hashed.error();
    outcome.told = true;
    return false;
  }

  const std::string algorithm_;
};

}  // namespace

std::unique_ptr<Command> make_hash_command(CommandWords words, std::string_view algorithm) {
  return std::make_unique<HashCommand>(std::move(words), algorithm);
}

}  // namespace slipway::sftp
