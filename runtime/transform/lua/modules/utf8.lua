-- SPDX-License-Identifier: MIT
-- objlens.utf8: see docs/lua_api.md.
local core, source = ...
local concat, error, tostring, type, sub = table.concat, error, tostring, type, string.sub
local tail, valid, repair, recode = core.tail, core.valid, core.repair, core.recode
local STRETCH = 65536

local utf8 = {}

local function check(text, name)
  if type(text) ~= 'string' then error(name .. ': string expected, got ' .. type(text), 3) end
end

-- Pieces whose characters are whole. What is no UTF-8 is cut anywhere.
function utf8.pieces(from)
  local next_stretch, held = source.stretches(from), ''
  return function()
    while true do
      local stretch = next_stretch()
      if not stretch then
        local rest = held
        held = ''
        if rest == '' then return nil end
        return rest
      end
      local text = held == '' and stretch or held .. stretch
      local cut = tail(text)
      held = sub(text, cut + 1)
      if cut > 0 then return cut == #text and text or sub(text, 1, cut) end
    end
  end
end

function utf8.valid(text)
  check(text, 'utf8.valid')
  if #text <= STRETCH then return valid(text) end
  for piece in utf8.pieces(text) do
    if not valid(piece) then return false end
  end
  return true
end

function utf8.repair(text, replacement)
  check(text, 'utf8.repair')
  if replacement == nil then replacement = '\239\191\189' end
  check(replacement, 'utf8.repair')
  if #text <= STRETCH then return repair(text, replacement) end
  local parts = {}
  for piece in utf8.pieces(text) do parts[#parts + 1] = repair(piece, replacement) end
  return concat(parts)
end

-- Text of another encoding, as UTF-8, piece by piece.
local widths = {['iso-8859-1'] = 1, ['windows-1252'] = 1, ['utf-16le'] = 2, ['utf-16be'] = 2}

function utf8.decode(from, encoding)
  local width = widths[encoding]
  if not width then error('utf8.decode: there is no encoding ' .. tostring(encoding), 2) end
  local next_stretch, held, over = source.stretches(from), '', false
  return function()
    while not over do
      local stretch = next_stretch()
      over = not stretch
      local text = held .. (stretch or '')
      local out, used, wrong = recode(text, encoding, over)
      if wrong then error('utf8.decode: ' .. wrong, 0) end
      held = sub(text, used + 1)
      if out ~= '' then return out end
    end
  end
end

return utf8
