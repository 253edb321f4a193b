-- SPDX-License-Identifier: MIT
-- objlens.base64: see docs/lua_api.md. Encoded in stretches of a multiple of three bytes, decoded in
-- stretches of four characters.
local core = ...
local concat, error, setmetatable, type = table.concat, error, setmetatable, type
local sub, find, gsub = string.sub, string.find, string.gsub

local base64 = {}
local ENCODE, DECODE = 49152, 65536

local function check(text, name)
  if type(text) ~= 'string' then error(name .. ': string expected, got ' .. type(text), 3) end
end

local function alphabet(options, name)
  local url = false
  if options ~= nil then
    if type(options) ~= 'table' then error(name .. ': options must be a table', 3) end
    for key, value in pairs(options) do
      if key ~= 'url' or type(value) ~= 'boolean' then error(name .. ': the only option is url', 3) end
      url = value
    end
  end
  return url
end

function base64.encode(text, options)
  check(text, 'base64.encode')
  local url = alphabet(options, 'base64.encode')
  if #text <= ENCODE then return core.encode(text, url) end
  local parts = {}
  for at = 1, #text, ENCODE do
    parts[#parts + 1] = core.encode(sub(text, at, at + ENCODE - 1), url)
  end
  return concat(parts)
end

-- A stretch without white space, of whole groups unless it is the last.
local function decode(text, last, where)
  local bytes, wrong = core.decode(text, last)
  if not bytes then error(where .. ': ' .. wrong, 0) end
  return bytes
end

function base64.decode(text)
  check(text, 'base64.decode')
  text = gsub(text, '[ \t\r\n]+', '')
  if #text <= DECODE then return decode(text, true, 'base64.decode') end
  local parts = {}
  for at = 1, #text, DECODE do
    parts[#parts + 1] = decode(sub(text, at, at + DECODE - 1), at + DECODE > #text, 'base64.decode')
  end
  return concat(parts)
end

local encoder, decoder = {}, {}
encoder.__index, encoder.__metatable = encoder, false
decoder.__index, decoder.__metatable = decoder, false

function base64.encoder(options)
  return setmetatable({held = '', url = alphabet(options, 'base64.encoder')}, encoder)
end

function encoder:write(bytes)
  check(bytes, 'base64')
  local text = self.held .. bytes
  local whole = #text - #text % 3
  self.held = sub(text, whole + 1)
  return base64.encode(sub(text, 1, whole), {url = self.url})
end

function encoder:finish()
  local held = self.held
  self.held = ''
  return core.encode(held, self.url)
end

function base64.decoder()
  return setmetatable({held = ''}, decoder)
end

function decoder:write(text)
  check(text, 'base64')
  text = self.held .. gsub(text, '[ \t\r\n]+', '')
  -- The last group stays: only the end may be padded.
  local whole = #text - 1 - (#text - 1) % 4
  if whole <= 0 then self.held = text return '' end
  self.held = sub(text, whole + 1)
  local parts = {}
  for at = 1, whole, DECODE do
    local last = at + DECODE - 1
    parts[#parts + 1] = decode(sub(text, at, last < whole and last or whole), false, 'base64')
  end
  return concat(parts)
end

function decoder:finish()
  local held = self.held
  self.held = ''
  return decode(held, true, 'base64')
end

return base64
