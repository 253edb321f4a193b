-- SPDX-License-Identifier: MIT
-- Where modules read from: a string, a function that gives one piece after the other and then nil
-- (object:chunks() is one), or a list of strings. Internal.
local core = ...
local error, type = error, type
local STRETCH = core.stretch

local source = {}

-- A function that gives the pieces as strings, never an empty one.
function source.pieces(from, level)
  if type(from) == 'string' then
    local given = false
    return function()
      if given or from == '' then return nil end
      given = true
      return from
    end
  end
  if type(from) ~= 'function' then
    error('string or function expected, got ' .. type(from), (level or 1) + 2)
  end
  local over = false
  return function()
    while not over do
      local piece = from()
      if piece == nil then over = true return nil end
      if type(piece) ~= 'string' then piece = core.text(piece) end
      if piece ~= '' then return piece end
    end
  end
end

-- The same, in stretches that a function in C may work on in one go.
function source.stretches(from, level)
  local next_piece = source.pieces(from, (level or 1) + 1)
  local piece, at = '', 1
  return function()
    if at > #piece then
      piece, at = next_piece(), 1
      if not piece then piece = '' return nil end
    end
    if at == 1 and #piece <= STRETCH then
      at = #piece + 1
      return piece
    end
    local stretch = core.sub(piece, at, at + STRETCH - 1)
    at = at + STRETCH
    return stretch
  end
end

-- f(stretch) for each stretch of a text.
function source.each_stretch(text, f)
  for at = 1, #text, STRETCH do
    if #text <= STRETCH then f(text) else f(core.sub(text, at, at + STRETCH - 1)) end
  end
end

-- The options a caller gave, checked by type; unknown ones are an error.
function source.options(given, known, name, level)
  if given == nil then given = {} end
  if type(given) ~= 'table' then
    error(name .. ': options must be a table, got ' .. type(given), (level or 1) + 2)
  end
  for key, value in core.pairs(given) do
    local want = known[key]
    if not want then
      error(name .. ': unknown option ' .. core.tostring(key), (level or 1) + 2)
    end
    if type(value) ~= want and not (want == 'integer' and core.is_integer(value)) then
      error(name .. ': option ' .. key .. ' must be a ' .. want, (level or 1) + 2)
    end
  end
  return given
end

return source
