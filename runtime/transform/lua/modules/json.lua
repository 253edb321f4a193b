-- SPDX-License-Identifier: MIT
-- objlens.json: see docs/lua_api.md.
local core, source = ...
local concat, error, setmetatable = table.concat, error, setmetatable
local pairs, type = pairs, type
local sub, find, rep = string.sub, string.find, string.rep
local frame, check, core_decode, quote = core.frame, core.check, core.decode, core.quote
local is_list, set_list, list_length = core.is_list, core.set_list, core.list_length
local null, number = core.null, core.number

local json = {null = null}
local DEPTH = 128
local VALUE_BYTES = 16 * 1024 * 1024

function json.array(t)
  if t == nil then t = {} end
  if type(t) ~= 'table' then error('json.array: table expected, got ' .. type(t), 2) end
  return set_list(t)
end

function json.is_array(t)
  return type(t) == 'table' and is_list(t)
end

local decode_options = {max_depth = 'integer', null = 'boolean'}

local function depth_of(options, name)
  local depth = options.max_depth or DEPTH
  if depth < 1 or depth > 1000 then error(name .. ': max_depth must be 1 to 1000', 3) end
  return depth
end

function json.decode(text, options)
  if type(text) ~= 'string' then error('json.decode: string expected, got ' .. type(text), 2) end
  options = source.options(options, decode_options, 'json.decode')
  local value, wrong, at = core_decode(text, depth_of(options, 'json.decode'), options.null ~= false)
  if wrong then error('json.decode: ' .. wrong .. ' at byte ' .. at, 2) end
  return value
end

-- Encoding: into a list of parts, with the tables that are being encoded to see circles.
local encode_value

local function encode_list(value, count, state, depth)
  local parts = state.parts
  if count == 0 then parts[#parts + 1] = '[]' return end
  local open, between, close = '[', ',', ']'
  if state.indent then
    local inner = '\n' .. rep(state.indent, depth)
    open, between = '[' .. inner, ',' .. inner
    close = '\n' .. rep(state.indent, depth - 1) .. ']'
  end
  for i = 1, count do
    parts[#parts + 1] = i == 1 and open or between
    encode_value(value[i], state, depth + 1)
  end
  parts[#parts + 1] = close
end

local function encode_object(value, state, depth)
  local parts, first = state.parts, true
  local open, between, colon, close = '{', ',', ':', '}'
  if state.indent then
    local inner = '\n' .. rep(state.indent, depth)
    open, between, colon = '{' .. inner, ',' .. inner, ': '
    close = '\n' .. rep(state.indent, depth - 1) .. '}'
  end
  for key, member in pairs(value) do
    if type(key) ~= 'string' then
      error('json.encode: a table has keys that are neither all strings nor 1 to n', 0)
    end
    parts[#parts + 1] = first and open or between
    parts[#parts + 1] = quote(key)
    parts[#parts + 1] = colon
    encode_value(member, state, depth + 1)
    first = false
  end
  parts[#parts + 1] = first and '{}' or close
end

function encode_value(value, state, depth)
  local kind, parts = type(value), state.parts
  if kind == 'string' then
    parts[#parts + 1] = quote(value)
  elseif kind == 'number' then
    parts[#parts + 1] = number(value)
  elseif kind == 'boolean' then
    parts[#parts + 1] = value and 'true' or 'false'
  elseif value == null or value == nil then
    parts[#parts + 1] = 'null'
  elseif kind == 'table' then
    if depth > state.max_depth then error('json.encode: nested too deep, or in a circle', 0) end
    local count = list_length(value)
    if count then
      encode_list(value, count, state, depth)
    else
      encode_object(value, state, depth)
    end
  else
    error('json.encode: a ' .. kind .. ' has no JSON', 0)
  end
end

local encode_options = {max_depth = 'integer', indent = 'integer'}

function json.encode(value, options)
  options = source.options(options, encode_options, 'json.encode')
  local state = {parts = {}, max_depth = depth_of(options, 'json.encode')}
  if options.indent then
    if options.indent < 0 or options.indent > 8 then error('json.encode: indent must be 0 to 8', 2) end
    state.indent = rep(' ', options.indent)
  end
  encode_value(value, state, 1)
  return concat(state.parts)
end

-- Reading bit by bit. `text` and `at`: what is in hand, and how far it has been read.
local reader_type = {}
reader_type.__index = reader_type
reader_type.__metatable = false

local reader_options = {max_depth = 'integer', max_bytes = 'integer'}

function json.reader(from, options)
  options = source.options(options, reader_options, 'json.reader')
  return setmetatable({pieces = source.stretches(from), text = '', at = 1, before = 0, depth = 0,
                       max_depth = depth_of(options, 'json.reader'),
                       max_bytes = options.max_bytes or VALUE_BYTES}, reader_type)
end

local function fail(r, what)
  r.wrong = r.wrong or 'json: ' .. what .. ' at byte ' .. (r.before + r.at)
  error(r.wrong, 0)
end

-- Have more behind what is in hand; false at the end.
local function more(r)
  local piece = r.pieces()
  if not piece then return false end
  r.before = r.before + r.at - 1
  r.text = r.at > #r.text and piece or sub(r.text, r.at) .. piece
  r.at = 1
  return true
end

-- The next byte that is not white space, as a character; nil at the end.
local function peek(r)
  if r.wrong then error(r.wrong, 0) end
  while true do
    local at = find(r.text, '[^ \t\r\n]', r.at)
    if at then
      r.at = at
      return sub(r.text, at, at)
    end
    r.at = #r.text + 1
    if not more(r) then return nil end
  end
end

local function expect(r, character)
  local got = peek(r)
  if got ~= character then fail(r, got and "'" .. character .. "' expected" or 'it ends too early') end
  r.at = r.at + 1
end

-- Where the value that begins at r.at ends, with all of it in hand.
local function whole(r)
  if not peek(r) then fail(r, 'it ends too early') end
  local stop, state = frame(r.text, r.at, 0)
  if stop then
    if stop - r.at > r.max_bytes then fail(r, 'a value is longer than max_bytes') end
    return stop - 1
  end
  local parts, size, over = {sub(r.text, r.at)}, #r.text - r.at + 1, false
  while not stop and not over do
    local piece = r.pieces()
    over = not piece
    if piece then
      parts[#parts + 1] = piece
      stop, state = frame(piece, 1, state)
      if stop then size = size + stop - 1 else size = size + #piece end
      if size > r.max_bytes then fail(r, 'a value is longer than max_bytes') end
    end
  end
  r.before = r.before + r.at - 1
  r.text, r.at = concat(parts), 1
  if over and state ~= core.in_word then fail(r, 'it ends too early') end
  return size
end

local kinds = {['{'] = 'object', ['['] = 'array', ['"'] = 'string', t = 'boolean', f = 'boolean',
               n = 'null'}

function reader_type:kind()
  local c = peek(self)
  if not c then return nil end
  local kind = kinds[c]
  if kind then return kind end
  if find(c, '[-0-9]') then return 'number' end
  fail(self, 'a value expected')
end

function reader_type:raw(compact)
  local last = whole(self)
  local text = sub(self.text, self.at, last)
  local wrong, at = check(text, self.max_depth - self.depth)
  if wrong then
    self.at = self.at + at - 1
    fail(self, wrong)
  end
  self.at = last + 1
  if compact then return core.compact(text) end
  return text
end

function reader_type:value()
  local last = whole(self)
  local text = sub(self.text, self.at, last)
  local value, wrong, at = core_decode(text, self.max_depth - self.depth, true)
  if wrong then
    self.at = self.at + at - 1
    fail(self, wrong)
  end
  self.at = last + 1
  return value
end

-- Over a value that is not wanted: only where it ends is looked for.
function reader_type:skip()
  local state, stop = 0, nil
  if not peek(self) then fail(self, 'it ends too early') end
  while true do
    stop, state = frame(self.text, self.at, state)
    if stop then self.at = stop return end
    self.at = #self.text + 1
    if not more(self) then
      if state == core.in_word then return end
      fail(self, 'it ends too early')
    end
  end
end

-- Whether the body of the loop has read the value it was given; reads over it if not.
local function finish_member(r, mark)
  if r.before + r.at == mark then r:skip() end
end

local function descend(r, open)
  expect(r, open)
  r.depth = r.depth + 1
  if r.depth >= r.max_depth then fail(r, 'nested too deep') end
end

function reader_type:elements()
  descend(self, '[')
  local index, mark = 0, nil
  return function()
    if index > 0 then
      finish_member(self, mark)
      local c = peek(self)
      if c == ',' then
        self.at = self.at + 1
      elseif c ~= ']' then
        fail(self, c and "',' or ']' expected" or 'it ends too early')
      end
      if c == ']' then self.at, self.depth = self.at + 1, self.depth - 1 return nil end
    elseif peek(self) == ']' then
      self.at, self.depth = self.at + 1, self.depth - 1
      return nil
    end
    index = index + 1
    self:kind()
    mark = self.before + self.at
    return index
  end
end

function reader_type:members()
  descend(self, '{')
  local count, mark = 0, nil
  return function()
    if count > 0 then
      finish_member(self, mark)
      local c = peek(self)
      if c == ',' then
        self.at = self.at + 1
      elseif c ~= '}' then
        fail(self, c and "',' or '}' expected" or 'it ends too early')
      end
      if c == '}' then self.at, self.depth = self.at + 1, self.depth - 1 return nil end
    elseif peek(self) == '}' then
      self.at, self.depth = self.at + 1, self.depth - 1
      return nil
    end
    count = count + 1
    if peek(self) ~= '"' then fail(self, 'a name expected') end
    local name = self:value()
    expect(self, ':')
    if not self:kind() then fail(self, 'it ends too early') end
    mark = self.before + self.at
    return name
  end
end

-- Nothing may be left but white space.
function reader_type:finish()
  if peek(self) then fail(self, 'more behind the value') end
end

function json.values(from, options)
  local r = json.reader(from, options)
  return function()
    if not peek(r) then return nil end
    return r:value()
  end
end

function json.quote(text)
  if type(text) ~= 'string' then error('json.quote: string expected, got ' .. type(text), 2) end
  return quote(text)
end

-- A transform's payload: an object with members of these types, or nothing.
function json.options(text, known)
  if text == nil or text == '' then return {} end
  local options = json.decode(text, {null = false})
  if type(options) ~= 'table' or is_list(options) then error('the payload must be an object', 2) end
  return source.options(options, known, 'payload')
end

return json
