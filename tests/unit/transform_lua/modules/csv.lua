-- SPDX-License-Identifier: MIT
local csv = require "objlens.csv"

local function cut(text, size)
  local at = 1
  return function()
    if at > #text then return nil end
    local piece = text:sub(at, at + size - 1)
    at = at + size
    return piece
  end
end

local function all(from, options)
  local out = {}
  for row in csv.rows(from, options) do out[#out + 1] = table.concat(row, '|') end
  return table.concat(out, '\n')
end

local cases = {
  {'a,b\r\n1,2\r\n', 'a|b\n1|2'}, {'a,b\n1,2', 'a|b\n1|2'}, {'"x ""y""",2', 'x "y"|2'},
  {'"a\r\nb",c\n', 'a\r\nb|c'}, {'\n\na,\n\n,b\n', 'a|\n|b'}, {'a"b,c', 'a"b|c'}, {'""\n', ''},
  {'\239\187\191a,b', 'a|b'}, {'a\rb\r', 'a\nb'}, {'"",""', '|'}, {'a,"b",c\r\n"d",e,"f"', 'a|b|c\nd|e|f'}, {'', ''},
}

return function(event, object, response)
  for _, case in ipairs(cases) do
    for size = 1, #case[1] + 1 do assert(all(cut(case[1], size)) == case[2], case[1] .. size) end
  end
  assert(all("a;'b;c'\n", {separator = ';', quote = "'"}) == "a|b;c")
  for _, broken in ipairs { '"a', '"a"b,c', 'x,"a"" ' } do
    for size = 1, #broken do assert(not pcall(all, cut(broken, size)), broken) end
  end
  assert(not pcall(all, ('x'):rep(100), {max_row_bytes = 50}))
  assert(not pcall(all, cut(('x,'):rep(100), 7), {max_row_bytes = 50}))
  assert(not pcall(all, "x", {max_row_bytes = 0}))
  assert(not pcall(all, "x", {max_row_bytes = -3}))
  assert(not pcall(csv.rows, '', {separator = ',,'}) and not pcall(csv.rows, '', {separator = '"'}))
  local seen = {}
  for record, number in csv.rows('a,b\n1,2\n3,4\n', {header = true}) do seen[number] = record.a .. record.b end
  assert(table.concat(seen, ' ') == '12 34')
  assert(not pcall(function() for _ in csv.rows('a,b\n1\n', {header = true}) do end end))
  local rows = {{'a', 'b "q"', ''}, {'', '', 'c\nd'}, {'x,y', '1', ' '}, {''}}
  local text = {}
  for i, row in ipairs(rows) do text[i] = csv.line(row) end
  local i = 0
  for row in csv.rows(table.concat(text)) do
    i = i + 1
    assert(table.concat(row, '|') == table.concat(rows[i], '|'))
  end
  assert(i == 4 and csv.line({1, true, 'x'}) == '1,true,x\n')
  assert(csv.line({'a', 'b'}, {separator = '\t', newline = '\r\n'}) == 'a\tb\r\n')
  local count = 0
  for row in csv.rows(object:chunks(), {separator = '\t'}) do count = count + #row end
  assert(count > 8000)
  response:write('good')
end
