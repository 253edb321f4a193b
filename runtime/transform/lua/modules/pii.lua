-- SPDX-License-Identifier: MIT
-- objlens.pii: see docs/lua_api.md.
local core, source, json = ...
local concat, error, setmetatable, type = table.concat, error, setmetatable, type
local new, feed = core.new, core.feed

local pii = {}
local reader = {}
reader.__index, reader.__metatable = reader, false

-- The options are the transform's payload, as a table or as its text.
local function payload(options)
  if options == nil then return '' end
  if type(options) == 'string' then return options end
  if type(options) ~= 'table' then error('pii: options must be a table or a string', 3) end
  return json.encode(options)
end

function pii.redactor(options)
  return setmetatable({core = new(payload(options), false)}, reader)
end

function reader:write(text)
  if type(text) ~= 'string' then error('pii: string expected, got ' .. type(text), 2) end
  local parts = {}
  source.each_stretch(text, function(stretch) parts[#parts + 1] = feed(self.core, stretch) end)
  return concat(parts)
end

function reader:finish()
  return feed(self.core)
end

function pii.redact(text, options)
  local r = pii.redactor(options)
  return r:write(text) .. r:finish()
end

function pii.find(text, options)
  if type(text) ~= 'string' then error('pii: string expected, got ' .. type(text), 2) end
  local state = new(payload(options), true)
  source.each_stretch(text, function(stretch) feed(state, stretch) end)
  return feed(state)
end

return pii
