-- SPDX-License-Identifier: MIT
-- A CSV file with only some of its columns: payload {"keep": "id,name"} or {"drop": "email,card"}.
-- Quoted fields may hold commas, doubled quotes and line breaks; without a payload nothing changes.

-- The names in a payload's string "key": "a,b,c", as a set; nil when it is not there.
local function names(payload, key)
  local list = payload:match('"' .. key .. '"%s*:%s*"([^"]*)"')
  if not list then return nil end
  local set = {}
  for name in list:gmatch("[^,]+") do
    set[name:match("^%s*(.-)%s*$")] = true
  end
  return set
end

-- The fields of one record, quotes and all.
local function split(record)
  local fields, at = {}, 1
  while true do
    local field = record:match('^"[^"]*"', at)
    while field and record:sub(at + #field, at + #field) == '"' do
      field = field .. record:match('^"[^"]*"?', at + #field)
    end
    field = field or record:match("^[^,]*", at)
    fields[#fields + 1] = field
    at = at + #field
    if at > #record then return fields end
    at = at + 1
  end
end

local function is_open(record)
  return select(2, record:gsub('"', "")) % 2 == 1
end

-- Records, without their line ends: a line break inside quotes does not end one.
local function records(object)
  local next_line = object:lines()
  return function()
    local record = next_line()
    while record and is_open(record) do
      local more = next_line()
      if not more then break end
      record = record .. "\n" .. more
    end
    return record
  end
end

return function(event, object, response)
  local payload = event.configuration.payload or ""
  local keep, drop = names(payload, "keep"), names(payload, "drop")
  local columns
  for record in records(object) do
    local ending = "\n"
    if record:sub(-1) == "\r" then
      record, ending = record:sub(1, -2), "\r\n"
    end
    local fields = split(record)
    if not columns then
      columns = {}
      for i, field in ipairs(fields) do
        local name = field:match('^"(.*)"$') or field
        if not (keep and not keep[name]) and not (drop and drop[name]) then
          columns[#columns + 1] = i
        end
      end
    end
    local out = {}
    for i, column in ipairs(columns) do
      out[i] = fields[column] or ""
    end
    response:write(table.concat(out, ","), ending)
  end
end
