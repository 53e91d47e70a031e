// The dotted names of an option table as a tree of objects and lists.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "slipway/option.h"
#include "slipway/result.h"

namespace slipway::config {

struct OptionNode {
  std::string name;                  // one segment: "bindings"; the root has none
  bool is_list = false;              // of objects; its members are those of each element
  const OptionSpec* spec = nullptr;  // of a value; of a list: how many elements, if the table says so
  std::vector<OptionNode> members;   // in the order of the table; empty for a value

  bool is_value() const noexcept { return members.empty(); }
  const OptionNode* find(std::string_view member) const noexcept;
};

// The tree, or what is wrong with the table: tables come from modules, so nothing about them is taken for granted.
// `table` must live as long as the tree.
Result<OptionNode> build_option_tree(std::span<const OptionSpec> table);

}  // namespace slipway::config
