-- Refuses logins outside of the hours and networks that are agreed for a user, before any credential is looked at.
--
-- Use: copy this file into the configuration directory, change the rules, and name it in the configuration:
--   "lua": {"scripts": ["login-hours.lua"]}
-- Changes are seen while the server runs. See docs/lua.md.
--
-- A rule applies to the users and protocols that it names (patterns; SSH, FTP, DAV, HTTP). What it restricts:
--   days      days of the week, 1 is Monday
--   from, to  times of day as "hh:mm"; "24:00" is the end of the day. A time that ends before it begins goes past midnight and
--             belongs to the day on which it begins.
--   networks  addresses and networks that logins may come from
-- All rules that apply must agree; a user without a rule may come at any time from anywhere. Sessions that are open when the
-- time ends go on.

-- settings
local zone = "local" -- or "utc"
local rules = {
  { user = "*", days = { 1, 2, 3, 4, 5, 6, 7 }, from = "00:00", to = "24:00" },
  -- { user = "branch-*", days = { 1, 2, 3, 4, 5 }, from = "06:30", to = "20:00", networks = { "192.0.2.0/24", "2001:db8::/32" } },
  -- { user = "backup", protocol = "SSH", from = "22:00", to = "04:00" },
}
-- end of settings

local function minutes_of(text)
  local hour, minute = text:match("^(%d%d?):(%d%d)$")
  local minutes = hour and hour * 60 + minute
  assert(minutes and minutes <= 24 * 60 and tonumber(minute) < 60, "\"" .. text .. "\" is not a time of day")
  return minutes
end

local function is_open(rule, now)
  local at, day = now.hour * 60 + now.minute, now.weekday
  local yesterday = day == 1 and 7 or day - 1
  local function on_day(d) return rule.day_set == nil or rule.day_set[d] end
  if rule.first < rule.last then return on_day(day) and at >= rule.first and at < rule.last end
  return (on_day(day) and at >= rule.first) or (on_day(yesterday) and at < rule.last)
end

for number, rule in ipairs(rules) do
  rule.first, rule.last = minutes_of(rule.from or "00:00"), minutes_of(rule.to or "24:00")
  assert(rule.first ~= rule.last, "rule " .. number .. " ends when it begins")
  if rule.days then
    rule.day_set = {}
    for _, day in ipairs(rule.days) do rule.day_set[day] = true end
  end
  if rule.networks then in_network("192.0.2.1", rule.networks) end -- a mistake in them is better found now

  on("pre-login", { user = rule.user, protocol = rule.protocol }, function(ev)
    if rule.networks and not in_network(ev.ip, rule.networks) then return false, "logins are not allowed from this address" end
    if not is_open(rule, time(zone)) then return false, "logins are not allowed at this time" end
  end)
end
