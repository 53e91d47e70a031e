// When which actions run. The contract's EventRule.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json_text.h"

namespace slipway::accounts {

struct RuleActionOptions {
  bool is_failure_action = false;
  bool stop_on_failure = false;
  bool execute_sync = false;
  bool execute_before_file_publish = false;
  bool operator==(const RuleActionOptions&) const = default;
};

struct RuleAction {
  std::string name;  // of an EventAction
  int order = 0;
  RuleActionOptions relation_options;
  bool operator==(const RuleAction&) const = default;
};

struct EventRule {
  std::int64_t id = 0;
  std::string name;
  int status = 0;  // 1: enabled
  std::string description;
  std::int64_t created_at = 0, updated_at = 0;  // Unix ms
  int trigger = 0;                              // GAPS-DATA 7.2
  JsonText conditions;                          // an object
  std::vector<RuleAction> actions;
  JsonText extra;
  bool operator==(const EventRule&) const = default;
};

}  // namespace slipway::accounts
