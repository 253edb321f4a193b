-- SPDX-License-Identifier: MIT
-- objlens.re: see docs/lua_api.md.
local core, source, utf8 = ...
local concat, error, select, setmetatable = table.concat, error, select, setmetatable
local pairs, tonumber, tostring, type = pairs, tonumber, tostring, type
local sub, find, byte, gsub = string.sub, string.find, string.byte, string.gsub
local exec, NOT_EMPTY, PARTIAL = core.exec, core.not_empty, core.partial

local re = {}
local regex = {}
regex.__index = regex
regex.__metatable = false

function re.compile(pattern, flags)
  if type(pattern) ~= 'string' then error('re.compile: string expected, got ' .. type(pattern), 2) end
  local code = core.compile(pattern, flags)
  return setmetatable({code = code, names = core.names(code), bytes = flags and find(flags, 'b', 1, true)}, regex)
end

local function start_of(text, init)
  if init == nil then return 1 end
  if init < 0 then init = #text + init + 1 end
  return init < 1 and 1 or init
end

function regex:find(text, init)
  return exec(self.code, text, start_of(text, init), 0)
end

function regex:test(text, init)
  return exec(self.code, text, start_of(text, init), 0) ~= nil
end

local function captures(text, first, last, ...)
  if first == nil then return nil end
  if select('#', ...) == 0 then return sub(text, first, last) end
  return ...
end

function regex:match(text, init)
  return captures(text, exec(self.code, text, start_of(text, init), 0))
end

-- A table: [0] the match, the captures by number and by name, first and last.
local function table_of(self, text, first, last, ...)
  if first == nil then return nil end
  local found = {[0] = sub(text, first, last), first = first, last = last, ...}
  for name, number in pairs(self.names) do found[name] = found[number] end
  return found
end

function regex:exec(text, init)
  return table_of(self, text, exec(self.code, text, start_of(text, init), 0))
end

-- Each match that begins behind the one before; an empty one is not taken where one was just taken.
local function each(code, text)
  local at, options = 1, 0
  return function()
    local function step(first, last, ...)
      if first == nil then at = #text + 2 return nil end
      at, options = last + 1, last < first and NOT_EMPTY or 0
      return first, last, ...
    end
    return step(exec(code, text, at, options))
  end
end

function regex:gmatch(text)
  local next_match = each(self.code, text)
  return function() return captures(text, next_match()) end
end

-- A replacement in pieces: texts, and numbers of captures.
local function template(self, text)
  local parts, at = {}, 1
  while true do
    local dollar = find(text, '$', at, true)
    if not dollar then break end
    if dollar > at then parts[#parts + 1] = sub(text, at, dollar - 1) end
    local _, stop, number = find(text, '^(%d%d?)', dollar + 1)
    if number then
      parts[#parts + 1] = tonumber(number)
    elseif byte(text, dollar + 1) == 36 then
      parts[#parts + 1], stop = '$', dollar + 1
    else
      local name
      _, stop, name = find(text, '^{([%w_]+)}', dollar + 1)
      if not name then error("re: '$' in a replacement is written '$$'", 4) end
      parts[#parts + 1] = tonumber(name) or self.names[name]
      if not parts[#parts] or not (tonumber(name) or self.names[name]) then
        error('re: the pattern has no capture ' .. name, 4)
      end
    end
    at = stop + 1
  end
  if at <= #text then parts[#parts + 1] = sub(text, at) end
  return parts
end

local function expand(parts, text, first, last, ...)
  local out = {}
  for i = 1, #parts do
    local part = parts[i]
    if type(part) == 'number' then
      if part == 0 then
        part = sub(text, first, last)
      elseif part > select('#', ...) then
        error('re: the pattern has no capture ' .. part, 0)
      else
        part = (select(part, ...)) or ''
      end
    end
    out[i] = part
  end
  return concat(out)
end

local function checked(value, whole)
  if value == nil or value == false then return whole end
  if type(value) == 'string' or type(value) == 'number' then return tostring(value) end
  error('re: a replacement of type ' .. type(value), 0)
end

-- A function (text, first, last, captures…) that gives the replacement.
local function replacer(self, by)
  local kind = type(by)
  if kind == 'string' then
    local parts = template(self, by)
    if #parts == 0 then return function() return '' end end
    if #parts == 1 and type(parts[1]) == 'string' then return function() return parts[1] end end
    return function(...) return expand(parts, ...) end
  end
  if kind == 'table' then
    return function(text, first, last, capture)
      local whole = sub(text, first, last)
      if capture == nil then capture = whole end
      return checked(by[capture], whole)
    end
  end
  if kind == 'function' then
    return function(text, first, last, ...)
      local whole = sub(text, first, last)
      if select('#', ...) == 0 then return checked(by(whole), whole) end
      return checked(by(...), whole)
    end
  end
  error('re: a replacement is a string, a table or a function', 3)
end

function regex:gsub(text, by, most)
  if type(text) ~= 'string' then error('re: string expected, got ' .. type(text), 2) end
  local replace, next_match = replacer(self, by), each(self.code, text)
  local parts, at, count = {}, 1, 0
  local function take(first, last, ...)
    if first == nil then return false end
    parts[#parts + 1] = sub(text, at, first - 1)
    parts[#parts + 1] = replace(text, first, last, ...)
    at, count = last + 1, count + 1
    return true
  end
  while not (most and count >= most) and take(next_match()) do end
  if count == 0 then return text, 0 end
  parts[#parts + 1] = sub(text, at)
  return concat(parts), count
end

function regex:split(text)
  local next_match, at, over = each(self.code, text), 1, false
  return function()
    if over then return nil end
    while true do
      local first, last = next_match()
      if first == nil then
        over = true
        return sub(text, at)
      end
      -- An empty match at either end of a part splits nothing.
      if last >= first or (first > at and first <= #text) then
        local part = sub(text, at, first - 1)
        at = last + 1
        return part
      end
    end
  end
end

function re.escape(text)
  return (gsub(text, '[%^%$%.%[%]%|%(%)%?%*%+%{%}\\%-#%s]', '\\%0'))
end

-- Replacing in a text that comes in pieces: the result is that of the whole, wherever it was cut.
-- What may be the beginning of a match waits; what a match looks back at is kept.
local options_known = {max_bytes = 'integer'}

function regex:replace(from, by, options)
  options = source.options(options, options_known, 'replace')
  if not core.streams(self.code) then
    error('re: replace takes no flag a, \\G, (*COMMIT) or (*SKIP): they ask where a search began', 2)
  end
  local replace = replacer(self, by)
  local pieces = self.bytes and source.stretches(from) or utf8.pieces(from)
  local most, back = options.max_bytes or 65536, core.lookbehind(self.code) * 4 + 4
  local text, at, over, mode = '', 1, false, 0

  -- text[at..) is what has not been written; before it lies what may be looked back at.
  local function advance()
    local parts = {}
    local function take(first, last, ...)
      if not first then return first, last end
      parts[#parts + 1] = sub(text, at, first - 1)
      parts[#parts + 1] = replace(text, first, last, ...)
      at, mode = last + 1, last < first and NOT_EMPTY or 0
      return true
    end
    local going, begins
    repeat
      going, begins = take(exec(self.code, text, at, mode + (over and 0 or PARTIAL)))
    until not going
    local limit
    if over then
      limit = #text
    else
      limit = going == false and begins - 1 or #text
    end
    if limit >= at then
      parts[#parts + 1] = sub(text, at, limit)
      at, mode = limit + 1, 0
    end
    if #text - at + 1 > most and not over then
      error('re: a match longer than max_bytes may be under way', 0)
    end
    local from = at - back
    while not self.bytes and from > 1 and from < at and byte(text, from) & 0xc0 == 0x80 do
      from = from + 1
    end
    if from > 1 then
      text, at = sub(text, from), at - from + 1
    end
    return concat(parts)
  end

  return function()
    while not over do
      local piece = pieces()
      if piece then text = text .. piece else over = true end
      local out = advance()
      if out ~= '' then return out end
    end
  end
end

return re
