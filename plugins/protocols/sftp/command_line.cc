#include "command_line.h"

namespace slipway::sftp {
namespace {

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr bool escapable_in_quotes(char c) noexcept {
  return c == '$' || c == '`' || c == '"' || c == '\\' || c == '\n';
}

class Splitter {
 public:
  explicit Splitter(std::string_view line) : rest_(line) {}

  std::optional<std::vector<std::string>> run() {
    while (!rest_.empty()) {
      const char c = take();
      if (is_blank(c)) {
        if (in_word_ && !end_word()) return std::nullopt;
      } else if (!part(c)) {
        return std::nullopt;
      }
    }
    if (in_word_ && !end_word()) return std::nullopt;
    return std::move(words_);
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool end_word() {
    in_word_ = false;
    words_.push_back(std::move(word_));
    word_.clear();
    return words_.size() <= kMaxCommandWords;
  }
  // What `c`, which is no blank, begins. False when it does not end.
  bool part(char c) {
    switch (c) {
      case '\\':
        return escape();
      case '\'':
        return single_quotes();
      case '"':
        return double_quotes();
      default:
        add(c);
        return true;
    }
  }
  bool escape() {
    if (rest_.empty()) return false;
    const char c = take();
    if (c != '\n') add(c);
    return true;
  }
  bool single_quotes() {
    const auto end = rest_.find('\'');
    if (end == std::string_view::npos) return false;
    in_word_ = true;
    word_ += rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }
  bool double_quotes() {
    in_word_ = true;
    while (!rest_.empty()) {
      const char c = take();
      if (c == '"') return true;
      if (c == '\\' && !rest_.empty() && escapable_in_quotes(rest_.front())) {
        const char escaped = take();
        if (escaped != '\n') word_ += escaped;
      } else {
        word_ += c;
      }
    }
    return false;
  }
  void add(char c) {
    in_word_ = true;
    word_ += c;
  }

  std::string_view rest_;
  std::vector<std::string> words_;
  std::string word_;
  bool in_word_ = false;
};

}  // namespace

std::optional<std::vector<std::string>> split_command_line(std::string_view line) {
  if (line.size() > kMaxCommandLine || line.find('\0') != std::string_view::npos) return std::nullopt;
  return Splitter(line).run();
}

}  // namespace slipway::sftp
