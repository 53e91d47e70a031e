-- Refuses uploads by the extension of their names, path by path.
--
-- Use: copy this file into the configuration directory, change the rules, and name it in the configuration:
--   "lua": {"scripts": ["deny-extensions.lua"]}
-- Changes are seen while the server runs. See docs/lua.md.
--
-- A rule applies to the paths, users and protocols that it names (patterns; what is not named is not looked at). Either
-- `denied` or `allowed` lists extensions, in lower case and without a dot; "" stands for names without an extension. All rules
-- that apply must agree. The last extension counts, and dots and blanks at the end of a name do not: "a.txt.EXE. " is an exe.
--
-- A rename cannot be refused by a script: a file that gets a denied name that way is logged as a warning.

-- settings
local rules = {
  { path = "/**", denied = { "bat", "cmd", "com", "exe", "hta", "js", "lnk", "msi", "pif", "ps1", "scr", "vbe", "vbs", "wsf" } },
  -- Only scans may come in here, from any user but the one who prepares them:
  -- { path = "/scans/**", allowed = { "pdf", "tif", "tiff" }, user = "[!s]*" },
}
-- end of settings

local function set_of(list)
  local set = {}
  for _, extension in ipairs(list) do set[extension] = true end
  return set
end

local function extension_of(path)
  local name = path:match("([^/]*)$"):gsub("[. ]+$", ""):lower()
  return name:match("^.+%.([^.]*)$") or ""
end

-- nil, or why the rule refuses the name.
local function refusal(rule, path)
  local extension = extension_of(path)
  local shown = extension == "" and "without an extension" or "of type " .. extension
  if rule.denied_set and rule.denied_set[extension] then return "files " .. shown .. " are not accepted" end
  if rule.allowed_set and not rule.allowed_set[extension] then return "files " .. shown .. " are not accepted here" end
end

for number, rule in ipairs(rules) do
  assert((rule.denied == nil) ~= (rule.allowed == nil), "rule " .. number .. " needs either denied or allowed")
  rule.denied_set = rule.denied and set_of(rule.denied)
  rule.allowed_set = rule.allowed and set_of(rule.allowed)
  local filter = { path = rule.path, user = rule.user, protocol = rule.protocol }

  on("pre-upload", filter, function(ev)
    local reason = refusal(rule, ev.virtual_path)
    if reason then return false, reason end
  end)

  on("rename", filter, function(ev)
    local reason = refusal(rule, ev.virtual_target_path)
    if reason and not refusal(rule, ev.virtual_path) then
      log.warn("a file was renamed to a name that uploads may not have",
        { username = ev.username, virtual_path = ev.virtual_path, virtual_target_path = ev.virtual_target_path, ip = ev.ip })
    end
  end)
end
