-- SPDX-License-Identifier: MIT
local zip = require "objlens.zip"

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
  for piece in next_piece do
    assert(#piece <= 65536)
    parts[#parts + 1] = piece
  end
  return table.concat(parts)
end

return function(event, object, response)
  local text = object:read('a')
  for _, format in ipairs { 'gzip', 'zlib', 'zstd', 'bzip2' } do
    local packed = zip.pack(text, format)
    assert(zip.detect(packed) == format and #packed < #text / 4)
    assert(zip.unpack(packed) == text and zip.unpack(packed, format) == text)
    assert(zip.unpack(packed .. packed) == text .. text)
    assert(zip.pack(text, format) == packed and zip.unpack(zip.pack('', format), format) == '')
    assert(zip.unpack(zip.pack('', format) .. zip.pack('', format), format) == '')
    local small = zip.pack('hello', format)
    for size = 1, #small do assert(collect(zip.decompress(cut(small .. small, size))) == 'hellohello') end
    assert(collect(zip.compress(cut(text, 1000), format)):len() > 0)
    for n = 0, #small - 1 do assert(not pcall(zip.unpack, small:sub(1, n), format), format .. n) end
    assert(not pcall(zip.unpack, small .. 'x', format))
    assert(not pcall(zip.unpack, ('x'):rep(100), format))
    assert(not pcall(zip.unpack, packed, format, {max_bytes = 1000}))
    assert(#zip.unpack(packed, format, {max_bytes = #text}) == #text)
    local bomb = zip.pack(('\0'):rep(5000000), format)
    assert(not pcall(function()
      for _ in zip.decompress(bomb, format, {max_ratio = 20}) do end
    end))
    for level = 1, 9, 4 do assert(zip.unpack(zip.pack('abc', format, {level = level})) == 'abc') end
    assert(not pcall(zip.pack, 'a', format, {level = 99}))
    -- Left in the middle, again and again.
    for _ = 1, 40 do zip.decompress(cut(packed, 100), format)() end
  end
  assert(not pcall(zip.unpack, 'plain text') and not pcall(zip.pack, 'a', 'rar') and zip.detect('PK') == nil)
  response:write('good')
end
