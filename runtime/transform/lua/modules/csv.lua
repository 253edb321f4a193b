-- SPDX-License-Identifier: MIT
-- objlens.csv: see docs/lua_api.md.
local core, source = ...
local concat, error, tostring, type = table.concat, error, tostring, type
local sub, find = string.sub, string.find
local row_at = core.row

local csv = {}
local ROW_BYTES = 1024 * 1024

local read_options = {separator = 'string', quote = 'string', header = 'boolean',
                      max_row_bytes = 'integer'}
local write_options = {separator = 'string', quote = 'string', newline = 'string'}

local function one_byte(value, default, name)
  if value == nil then return default end
  if #value ~= 1 or find(value, '[\r\n%z]') then
    error('csv: ' .. name .. ' must be one byte, and no newline', 3)
  end
  return value
end

local function rows(from, options)
  local separator = one_byte(options.separator, ',', 'separator')
  local quote = one_byte(options.quote, '"', 'quote')
  local most = options.max_row_bytes or ROW_BYTES
  local pieces, text, at, number, over = source.pieces(from, 2), '', 1, 0, false
  if separator == quote then error('csv: separator and quote are the same', 3) end
  if most < 1 then error('csv: max_row_bytes must be positive', 3) end
  local function more()
    local piece = pieces()
    over = not piece
    if piece then text, at = at > #text and piece or sub(text, at) .. piece, 1 end
  end
  return function()
    -- A byte order mark is no part of the first name.
    while number == 0 and #text < 3 and not over do more() end
    if number == 0 and at == 1 and sub(text, 1, 3) == '\239\187\191' then at = 4 end
    while true do
      local fields, stop, wrong = row_at(text, at, separator, quote, over, most)
      if wrong then error('csv: record ' .. (number + 1) .. ': ' .. wrong, 0) end
      if fields then
        at, number = stop, number + 1
        return fields, number
      end
      if over then return nil end
      if #text - at >= most then
        error('csv: record ' .. (number + 1) .. ': longer than max_row_bytes', 0)
      end
      more()
    end
  end
end

local function named(next_row)
  local names = next_row()
  local count = names and #names or 0
  return function()
    local fields, number = next_row()
    if not fields then return nil end
    if #fields ~= count then
      error('csv: record ' .. number .. ': ' .. #fields .. ' fields, the header has ' .. count, 0)
    end
    local record = {}
    for i = 1, count do record[names[i]] = fields[i] end
    return record, number - 1
  end, names or {}
end

function csv.rows(from, options)
  options = source.options(options, read_options, 'csv.rows')
  local next_row = rows(from, options)
  if options.header then return named(next_row) end
  return next_row
end

function csv.writer(options)
  options = source.options(options, write_options, 'csv.writer')
  local separator = one_byte(options.separator, ',', 'separator')
  local quote = one_byte(options.quote, '"', 'quote')
  local newline = options.newline or '\n'
  if newline ~= '\n' and newline ~= '\r\n' then error('csv.writer: newline must be \\n or \\r\\n', 2) end
  return function(fields)
    local parts = {}
    for i = 1, #fields do
      local field = fields[i]
      if type(field) ~= 'string' then field = tostring(field) end
      parts[i] = core.field(field, separator, quote)
    end
    if #parts == 1 and parts[1] == '' then parts[1] = quote .. quote end
    return concat(parts, separator) .. newline
  end
end

local plain
function csv.line(fields, options)
  if options then return csv.writer(options)(fields) end
  plain = plain or csv.writer()
  return plain(fields)
end

return csv
