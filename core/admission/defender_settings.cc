#include "core/admission/defender_settings.h"

namespace slipway::admission {

std::vector<SettingsProblem> check(const DefenderSettings& s) {
  std::vector<SettingsProblem> problems;
  if (!s.enabled) return problems;
  const std::pair<const char*, int> scores[] = {{"score_invalid", s.score_invalid},
                                                {"score_valid", s.score_valid},
                                                {"score_limit_exceeded", s.score_limit_exceeded},
                                                {"score_no_auth", s.score_no_auth}};
  bool any = false;
  for (const auto& [key, score] : scores) {
    any |= score > 0;
    if (score >= s.threshold && score > 0)
      problems.push_back({key, "must be below the threshold, " + std::to_string(s.threshold) +
                                   ": one event must not be enough for a ban"});
  }
  if (!any)
    problems.push_back({"threshold", "is never reached because all scores are 0; raise one, or turn the defender off"});
  if (s.threshold <= 0) problems.push_back({"threshold", "must be 1 or more"});
  if (s.entries_hard_limit <= s.entries_soft_limit)
    problems.push_back(
        {"entries_hard_limit", "must be larger than entries_soft_limit, " + std::to_string(s.entries_soft_limit)});
  return problems;
}

}  // namespace slipway::admission
