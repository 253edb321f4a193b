-- SPDX-License-Identifier: MIT
-- objlens.zip: see docs/lua_api.md.
local core, source = ...
local concat, error, type, sub = table.concat, error, type, string.sub
local new, feed, take = core.new, core.feed, core.take

local zip = {}
local RATIO = 1000
local ANY = math.maxinteger

local magic = {['\31\139'] = 'gzip', ['\40\181\47\253'] = 'zstd', ['BZh'] = 'bzip2',
               ['\120\1'] = 'zlib', ['\120\94'] = 'zlib', ['\120\156'] = 'zlib', ['\120\218'] = 'zlib'}

function zip.detect(text)
  for length = 4, 2, -1 do
    local format = magic[sub(text, 1, length)]
    if format then return format end
  end
  return nil
end

local function pieces_of(stream, next_stretch, first)
  local last, over = false, false
  if first then feed(stream, first) end
  return function()
    while not over do
      local piece = take(stream, last)
      if piece then return piece end
      if piece == false then over = true return nil end
      local stretch = next_stretch()
      if stretch then feed(stream, stretch) else last = true feed(stream, '') end
    end
  end
end

local in_options = {max_bytes = 'integer', max_ratio = 'integer'}
local out_options = {level = 'integer'}

function zip.decompress(from, format, options)
  options = source.options(options, in_options, 'zip.decompress')
  local next_stretch, first = source.stretches(from), nil
  if format == nil then
    first = next_stretch()
    while first and #first < 4 do
      local more = next_stretch()
      if not more then break end
      first = first .. more
    end
    format = zip.detect(first or '')
    if not format then error('zip.decompress: this is no compressed data of a known format', 2) end
  end
  local ratio = options.max_ratio or RATIO
  if ratio < 1 or (options.max_bytes or 1) < 0 then error('zip.decompress: a limit out of range', 2) end
  return pieces_of(new(format, false, nil, options.max_bytes or ANY, ratio), next_stretch, first)
end

function zip.compress(from, format, options)
  options = source.options(options, out_options, 'zip.compress')
  if type(format) ~= 'string' then error('zip.compress: a format expected', 2) end
  local stream = new(format, true, options.level, ANY, 0)
  return pieces_of(stream, source.stretches(from))
end

local function all(next_piece)
  local parts = {}
  for piece in next_piece do parts[#parts + 1] = piece end
  return concat(parts)
end

function zip.unpack(text, format, options)
  if type(text) ~= 'string' then error('zip.unpack: string expected, got ' .. type(text), 2) end
  return all(zip.decompress(text, format, options))
end

function zip.pack(text, format, options)
  if type(text) ~= 'string' then error('zip.pack: string expected, got ' .. type(text), 2) end
  return all(zip.compress(text, format, options))
end

return zip
