// Lua's patterns (reference manual 6.4.1), matched in a bounded number of steps: the matcher of the standard library
// can be kept busy for hours by a pattern of a few characters, where no instruction limit sees it.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace slipway::lua {

class Pattern {
 public:
  static constexpr std::size_t kMaxLength = 512;  // bytes
  static constexpr std::size_t kMaxCaptures = 32;

  // The problem is null if `text` is well formed. `anchored`: a '^' at the start is an anchor and not a character.
  Pattern(std::string_view text, bool may_anchor);
  const char* problem() const noexcept { return problem_; }
  bool anchored() const noexcept { return anchored_; }

 private:
  friend class Matcher;
  using Set = std::bitset<256>;
  struct Node {
    enum class Kind : std::uint8_t { Set, Open, OpenPosition, Close, BackReference, Balance, Frontier, End };
    enum class Repeat : std::uint8_t { Once, Optional, Many, OneOrMore, Few };
    Kind kind = Kind::Set;
    Repeat repeat = Repeat::Once;
    unsigned char first = 0, second = 0;  // of Balance; `first` of BackReference and Close: the capture
    Set set{};                            // of Set, Frontier
  };
  void parse(std::string_view text);
  bool parse_set(std::string_view text, std::size_t& at, Set& set);

  std::vector<Node> nodes_;
  const char* problem_ = nullptr;
  bool anchored_ = false;
};

// One subject; may be asked at several positions.
class Matcher {
 public:
  enum class Outcome : std::uint8_t { Match, NoMatch, TooComplex };
  struct Capture {
    std::size_t begin = 0;
    std::size_t length = 0;
    bool position = false;  // "()": `begin` is the value
  };

  // Stops with TooComplex after `max_steps` in all.
  Matcher(const Pattern& pattern, std::string_view subject, std::uint64_t max_steps)
      : pattern_(pattern), subject_(subject), left_(max_steps), budget_(max_steps) {}

  // Whether the pattern matches at exactly `position`.
  Outcome match_at(std::size_t position);
  // Whether it matches at `position` or behind it; start() then says where.
  Outcome search(std::size_t position);

  std::size_t start() const noexcept { return start_; }
  std::size_t end() const noexcept { return end_; }
  std::size_t capture_count() const noexcept { return captures_; }
  const Capture& capture(std::size_t index) const noexcept { return capture_[index]; }
  std::string_view subject() const noexcept { return subject_; }
  std::uint64_t steps() const noexcept { return budget_ - left_; }

 private:
  using Node = Pattern::Node;
  bool step() noexcept;
  bool in(const Node& node, std::size_t at) const noexcept;
  bool run(std::size_t node, std::size_t at);
  bool run_repeated(std::size_t node, std::size_t at);
  bool balance(const Node& node, std::size_t& at);

  const Pattern& pattern_;
  const std::string_view subject_;
  std::uint64_t left_;
  const std::uint64_t budget_;
  std::size_t start_ = 0, end_ = 0, captures_ = 0;
  std::array<Capture, Pattern::kMaxCaptures> capture_{};
  bool exhausted_ = false;
};

}  // namespace slipway::lua
