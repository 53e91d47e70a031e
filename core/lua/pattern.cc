#include "core/lua/pattern.h"

#include <algorithm>
#include <optional>

namespace slipway::lua {
namespace {

using Byte = unsigned char;

bool between(Byte c, char low, char high) { return c >= static_cast<Byte>(low) && c <= static_cast<Byte>(high); }

// Of the C locale, whatever the process's is.
bool in_class(char lower_name, Byte c) {
  const bool digit = between(c, '0', '9'), upper = between(c, 'A', 'Z'), lower = between(c, 'a', 'z');
  const bool graphic = between(c, '!', '~');
  switch (lower_name) {
    case 'a':
      return upper || lower;
    case 'c':
      return c < 32 || c == 127;
    case 'd':
      return digit;
    case 'g':
      return graphic;
    case 'l':
      return lower;
    case 'p':
      return graphic && !digit && !upper && !lower;
    case 's':
      return c == ' ' || between(c, '\t', '\r');
    case 'u':
      return upper;
    case 'w':
      return digit || upper || lower;
    case 'x':
      return digit || between(c, 'a', 'f') || between(c, 'A', 'F');
    default:
      return false;
  }
}

// The set of "%c"; an ordinary character for what names no class.
std::bitset<256> escaped(char name) {
  std::bitset<256> set;
  const char lower = between(static_cast<Byte>(name), 'A', 'Z') ? static_cast<char>(name | 0x20) : name;
  if (std::string_view("acdglpsuwx").find(lower) == std::string_view::npos) {
    set.set(static_cast<Byte>(name));
    return set;
  }
  for (unsigned c = 0; c < 256; ++c) set[c] = in_class(lower, static_cast<Byte>(c)) == (lower == name);
  return set;
}

}  // namespace

Pattern::Pattern(std::string_view text, bool may_anchor) {
  if (text.size() > kMaxLength) {
    problem_ = "pattern too long";
    return;
  }
  if (may_anchor && text.starts_with('^')) {
    anchored_ = true;
    text.remove_prefix(1);
  }
  parse(text);
}

// The set at text[at] == '['; moves `at` behind its ']'.
bool Pattern::parse_set(std::string_view text, std::size_t& at, Set& set) {
  std::size_t i = at + 1;
  const bool complement = i < text.size() && text[i] == '^';
  if (complement) ++i;
  for (bool first = true;; first = false) {
    if (i >= text.size()) {
      problem_ = "malformed pattern (missing ']')";
      return false;
    }
    const char c = text[i];
    if (c == ']' && !first) break;
    if (c == '%') {
      if (i + 1 >= text.size()) {
        problem_ = "malformed pattern (missing ']')";
        return false;
      }
      set |= escaped(text[i + 1]);
      i += 2;
    } else if (i + 2 < text.size() && text[i + 1] == '-' && text[i + 2] != ']') {
      for (unsigned b = static_cast<Byte>(c); b <= static_cast<Byte>(text[i + 2]); ++b) set.set(b);
      i += 3;
    } else {
      set.set(static_cast<Byte>(c));
      ++i;
    }
  }
  if (complement) set.flip();
  at = i + 1;
  return true;
}

void Pattern::parse(std::string_view text) {
  std::vector<unsigned char> open;  // captures that wait for their ')'
  unsigned char captures = 0;
  std::array<bool, kMaxCaptures> closed{};
  for (std::size_t i = 0; i < text.size();) {
    Node node;
    const char c = text[i];
    if (c == '(') {
      if (captures == kMaxCaptures) {
        problem_ = "too many captures";
        return;
      }
      if (i + 1 < text.size() && text[i + 1] == ')') {
        node.kind = Node::Kind::OpenPosition;
        closed[captures++] = true;
        i += 2;
      } else {
        node.kind = Node::Kind::Open;
        open.push_back(captures++);
        ++i;
      }
      nodes_.push_back(node);
      continue;
    }
    if (c == ')') {
      if (open.empty()) {
        problem_ = "invalid pattern capture";
        return;
      }
      node.kind = Node::Kind::Close;
      node.first = open.back();
      closed[node.first] = true;
      open.pop_back();
      nodes_.push_back(node);
      ++i;
      continue;
    }
    if (c == '$' && i + 1 == text.size()) {
      node.kind = Node::Kind::End;
      nodes_.push_back(node);
      break;
    }
    if (c == '%') {
      if (i + 1 >= text.size()) {
        problem_ = "malformed pattern (ends with '%')";
        return;
      }
      const char name = text[i + 1];
      if (name == 'b') {
        if (i + 3 >= text.size()) {
          problem_ = "malformed pattern (missing arguments to '%b')";
          return;
        }
        node.kind = Node::Kind::Balance;
        node.first = static_cast<Byte>(text[i + 2]);
        node.second = static_cast<Byte>(text[i + 3]);
        nodes_.push_back(node);
        i += 4;
        continue;
      }
      if (name == 'f') {
        i += 2;
        if (i >= text.size() || text[i] != '[') {
          problem_ = "missing '[' after '%f' in pattern";
          return;
        }
        node.kind = Node::Kind::Frontier;
        if (!parse_set(text, i, node.set)) return;
        nodes_.push_back(node);
        continue;
      }
      if (between(static_cast<Byte>(name), '0', '9')) {
        const int index = name - '1';
        if (index < 0 || index >= captures || !closed[static_cast<std::size_t>(index)]) {
          problem_ = "invalid capture index in pattern";
          return;
        }
        node.kind = Node::Kind::BackReference;
        node.first = static_cast<Byte>(index);
        nodes_.push_back(node);
        i += 2;
        continue;
      }
      node.set = escaped(name);
      i += 2;
    } else if (c == '[') {
      if (!parse_set(text, i, node.set)) return;
    } else {
      if (c == '.')
        node.set.set();
      else
        node.set.set(static_cast<Byte>(c));
      ++i;
    }
    switch (i < text.size() ? text[i] : '\0') {
      case '?':
        node.repeat = Node::Repeat::Optional;
        break;
      case '*':
        node.repeat = Node::Repeat::Many;
        break;
      case '+':
        node.repeat = Node::Repeat::OneOrMore;
        break;
      case '-':
        node.repeat = Node::Repeat::Few;
        break;
      default:
        break;
    }
    if (node.repeat != Node::Repeat::Once) ++i;
    nodes_.push_back(node);
  }
  if (!open.empty()) problem_ = "unfinished capture";
}

bool Matcher::step() noexcept {
  if (left_ == 0) {
    exhausted_ = true;
    return false;
  }
  --left_;
  return true;
}

bool Matcher::in(const Node& node, std::size_t at) const noexcept {
  return at < subject_.size() && node.set[static_cast<Byte>(subject_[at])];
}

Matcher::Outcome Matcher::match_at(std::size_t position) {
  captures_ = 0;
  start_ = position;
  if (run(0, position)) return Outcome::Match;
  return exhausted_ ? Outcome::TooComplex : Outcome::NoMatch;
}

Matcher::Outcome Matcher::search(std::size_t position) {
  for (;; ++position) {
    const Outcome outcome = match_at(position);
    if (outcome != Outcome::NoMatch || pattern_.anchored() || position >= subject_.size()) return outcome;
  }
}

// From `node` on at `at`. Recursion goes one node further each time: its depth is bounded by the pattern's length.
bool Matcher::run(std::size_t index, std::size_t at) {
  for (; step(); ++index) {
    if (index == pattern_.nodes_.size()) {
      end_ = at;
      return true;
    }
    const Node& node = pattern_.nodes_[index];
    switch (node.kind) {
      case Node::Kind::Set:
        if (node.repeat != Node::Repeat::Once) return run_repeated(index, at);
        if (!in(node, at)) return false;
        ++at;
        break;
      case Node::Kind::Open:
      case Node::Kind::OpenPosition:
        capture_[captures_] = {at, 0, node.kind == Node::Kind::OpenPosition};
        ++captures_;
        if (run(index + 1, at)) return true;
        --captures_;
        return false;
      case Node::Kind::Close: {
        Capture& capture = capture_[node.first];
        const Capture before = capture;
        capture.length = at - capture.begin;
        if (run(index + 1, at)) return true;
        capture = before;
        return false;
      }
      case Node::Kind::BackReference: {
        const Capture& capture = capture_[node.first];
        const std::string_view text = subject_.substr(capture.begin, capture.length);
        left_ -= std::min<std::uint64_t>(left_, text.size() / 16);
        if (subject_.substr(at, text.size()) != text) return false;
        at += text.size();
        break;
      }
      case Node::Kind::Balance:
        if (!balance(node, at)) return false;
        break;
      case Node::Kind::Frontier: {
        const Byte previous = at == 0 ? 0 : static_cast<Byte>(subject_[at - 1]);
        const Byte next = at < subject_.size() ? static_cast<Byte>(subject_[at]) : 0;
        if (node.set[previous] || !node.set[next]) return false;
        break;
      }
      case Node::Kind::End:
        if (at != subject_.size()) return false;
        break;
    }
  }
  return false;
}

bool Matcher::run_repeated(std::size_t index, std::size_t at) {
  const Node& node = pattern_.nodes_[index];
  switch (node.repeat) {
    case Node::Repeat::Once:
      break;
    case Node::Repeat::Optional:
      return (in(node, at) && run(index + 1, at + 1)) || run(index + 1, at);
    case Node::Repeat::Few:
      while (true) {
        if (run(index + 1, at)) return true;
        if (!step() || !in(node, at)) return false;
        ++at;
      }
    case Node::Repeat::Many:
    case Node::Repeat::OneOrMore: {
      const std::size_t least = node.repeat == Node::Repeat::OneOrMore ? 1 : 0;
      std::size_t count = 0;
      while (in(node, at + count)) {
        if (!step()) return false;
        ++count;
      }
      for (; count + 1 > least; --count) {
        if (run(index + 1, at + count)) return true;
        if (!step() || count == 0) return false;
      }
      return false;
    }
  }
  return false;
}

bool Matcher::balance(const Node& node, std::size_t& at) {
  if (at >= subject_.size() || static_cast<Byte>(subject_[at]) != node.first) return false;
  std::size_t depth = 1;
  for (std::size_t i = at + 1; i < subject_.size(); ++i) {
    if (!step()) return false;
    const Byte c = static_cast<Byte>(subject_[i]);
    if (c == node.second) {  // looked at first, as opening and closing may be the same
      if (--depth == 0) {
        at = i + 1;
        return true;
      }
    } else if (c == node.first) {
      ++depth;
    }
  }
  return false;
}

}  // namespace slipway::lua
