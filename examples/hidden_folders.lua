-- SPDX-License-Identifier: MIT
-- Folders that only some may see, and names without their ending. With the payload
--   {"hide": "private/,hr/", "staff": "ann,bob", "ending": ".raw"}
-- everybody but ann and bob finds nothing below private/ and hr/: not in a listing, and not by asking
-- for a name either. "2026/jan.csv.raw" is called "2026/jan.csv"; what has no such ending is not shown.
local function words(payload, name)
  local list = {}
  for word in (payload:match('"' .. name .. '"%s*:%s*"([^"]*)"') or ""):gmatch("[^,%s]+") do
    list[#list + 1] = word
  end
  return list
end

local function rules_of(event)
  local payload, rules = event.configuration.payload or "", {}
  rules.hide = words(payload, "hide")
  rules.ending = words(payload, "ending")[1] or ""
  for _, name in ipairs(words(payload, "staff")) do
    if name == event.userIdentity.userName then rules.hide = {} end
  end
  return rules
end

local function is_hidden(rules, name)
  for _, folder in ipairs(rules.hide) do
    if name:sub(1, #folder) == folder then return true end
  end
  return false
end

-- The name an original is shown by, or nil.
local function shown(rules, key)
  local length = #key - #rules.ending
  if is_hidden(rules, key) or length < 1 or key:sub(length + 1) ~= rules.ending then return nil end
  return key:sub(1, length)
end

return {
  get = function(event, object, response)
    for buffer in object:chunks("buffer") do
      response:write(buffer)
    end
  end,

  list = function(event, listing)
    local rules, contents, prefixes = rules_of(event), {}, {}
    for _, entry in ipairs(listing.contents or {}) do
      entry.key = shown(rules, entry.key)
      if entry.key then contents[#contents + 1] = entry end
    end
    for _, entry in ipairs(listing.commonPrefixes or {}) do
      if not is_hidden(rules, entry.prefix) then prefixes[#prefixes + 1] = entry end
    end
    listing.contents, listing.commonPrefixes = contents, prefixes
    return listing
  end,

  request = function(event, key)
    local rules = rules_of(event)
    if is_hidden(rules, key) then return nil end
    return key .. rules.ending
  end,
}
