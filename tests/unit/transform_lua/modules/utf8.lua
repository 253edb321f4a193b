-- SPDX-License-Identifier: MIT
local u = require "objlens.utf8"

local function cut(text, size)
  local at = 1
  return function()
    if at > #text then return nil end
    local piece = text:sub(at, at + size - 1)
    at = at + size
    return piece
  end
end

local function collect(next_piece)
  local parts = {}
  for piece in next_piece do parts[#parts + 1] = piece end
  return table.concat(parts)
end

return function(event, object, response)
  assert(u.valid('') and u.valid('aé€😀') and u.valid('\0'))
  for _, bad in ipairs { '\xff', '\xc0\x80', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\xe2\x82', '\x80', '\xe0\x80\x80' } do
    assert(not u.valid(bad) and not u.valid(('a'):rep(70000) .. bad))
  end
  assert(u.repair('a\xffb\xe2\x82c') == 'a�b��c' and u.repair('é', '?') == 'é' and u.repair('\xff', '') == '')
  local text = ('aé€😀'):rep(30000)
  assert(u.valid(text) and u.repair(text) == text)
  for size = 1, 9 do
    local seen = {}
    for piece in u.pieces(cut(('aé€😀'):rep(5), size)) do
      assert(u.valid(piece))
      seen[#seen + 1] = piece
    end
    assert(table.concat(seen) == ('aé€😀'):rep(5))
    assert(collect(u.pieces(cut('a\xe2\x82', size))) == 'a\xe2\x82')
    assert(collect(u.decode(cut('\xe9\x80', size), 'windows-1252')) == 'é€')
    assert(collect(u.decode(cut('\xe9\x80', size), 'iso-8859-1')) == 'é\xc2\x80')
    assert(collect(u.decode(cut('a\0\xac\x20\x3d\xd8\0\xde', size), 'utf-16le')) == 'a€😀')
    assert(collect(u.decode(cut('\0a\x20\xac\xd8\x3d\xde\0', size), 'utf-16be')) == 'a€😀')
  end
  for encoding, bad in pairs { ['utf-16le'] = 'a', ['utf-16be'] = '\xd8\0\0a', ['windows-1252'] = '\x81' } do
    assert(not pcall(function() return collect(u.decode(bad, encoding)) end), encoding)
  end
  assert(not pcall(u.decode, '', 'ebcdic') and not pcall(u.valid, 1))
  response:write('good')
end
