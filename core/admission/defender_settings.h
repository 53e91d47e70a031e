// common.defender, as plain values.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/admission/violation.h"

namespace slipway::admission {

struct DefenderSettings {
  enum class Driver : std::uint8_t { Memory, Provider };

  bool enabled = false;
  Driver driver = Driver::Memory;
  std::chrono::minutes ban_time{30};
  int ban_time_increment = 50;  // percent of ban_time that a return during a ban adds
  int threshold = 15;
  int score_invalid = 2, score_valid = 1, score_limit_exceeded = 3, score_no_auth = 0;
  std::chrono::minutes observation_time{30};
  std::size_t entries_soft_limit = 100, entries_hard_limit = 150;
  bool operator==(const DefenderSettings&) const = default;

  int score(Violation violation) const noexcept {
    switch (violation) {
      case Violation::NoAuthTried:
        return score_no_auth;
      case Violation::WrongCredential:
        return score_valid;
      case Violation::UnknownUser:
        return score_invalid;
      case Violation::LimitExceeded:
        break;
    }
    return score_limit_exceeded;
  }
};

struct SettingsProblem {
  std::string key;  // "threshold"
  std::string message;
};

// Why a defender cannot work like this; empty when it can, or is off.
std::vector<SettingsProblem> check(const DefenderSettings& settings);

}  // namespace slipway::admission
