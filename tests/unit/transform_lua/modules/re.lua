-- SPDX-License-Identifier: MIT
local re = require "objlens.re"

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
  local date = re.compile [[(?<year>\d{4})-(\d\d)]]
  assert(date:gsub('on 2024-05 and 2023-11.', '$2/${year}') == 'on 05/2024 and 11/2023.')
  assert(date:match('x 2024-05') == '2024' and date:find('x 2024-05') == 3 and not date:test('x'))
  assert(select('#', date:find('x 2024-05')) == 4)
  local found = date:exec('x 2024-05')
  assert(found[0] == '2024-05' and found.year == '2024' and found[2] == '05' and found.last == 9)
  assert(select(2, re.compile('(a)|(b)'):match('b')) == 'b' and re.compile('(a)|(b)'):match('b') == false)
  local words = {}
  for word in re.compile('\\w+'):gmatch('añb, cde') do words[#words + 1] = word end
  assert(table.concat(words, '|') == 'añb|cde')
  for part in re.compile('\\s*,\\s*'):split('a , b,c') do words[#words + 1] = part end
  assert(table.concat(words, '|') == 'añb|cde|a|b|c')
  assert(re.compile('b*'):gsub('abc', 'X') == 'XaXXcX')
  assert(re.compile(''):gsub('añ', '-') == '-a-ñ-')
  assert(re.compile('x'):gsub('axbx', '$$') == 'a$b$' and re.compile('x'):gsub('axbx', 'y', 1) == 'aybx')
  assert(re.compile('[a-z]'):gsub('abc', {a = '1', c = false}) == '1bc')
  assert(re.compile('(.)(.)'):gsub('abcd', function(a, b) return b .. a end) == 'badc')
  assert(re.compile('É', 'i'):test('é') and not re.compile('É'):test('é'))
  assert(re.compile('^b', 'm'):find('a\nb') == 3 and re.compile('a.b', 's'):test('a\nb'))
  assert(re.compile('a b # c', 'x'):test('ab') and re.compile('\\xff', 'b'):find('a\xff') == 2)
  assert(re.compile('a', 'a'):find('ba') == nil)
  assert(re.compile('.'):find('é') == 1 and select(2, re.compile('.'):find('é')) == 2)
  assert(re.compile(re.escape('a.b*[c]#d e')):test('a.b*[c]#d e'))
  assert(re.compile('b', ''):find('abab', 3) == 4 and re.compile('b'):find('abab', -1) == 4)
  assert(re.compile('b'):find('ab', 9) == nil)
  for _, bad in ipairs { '(', '[', 'a**', '(?<n>a)(?<n>b)', '\\C', '(?P>x)', ('('):rep(200) .. (')'):rep(200) } do
    assert(not pcall(re.compile, bad), bad)
  end
  assert(not pcall(re.compile, 'a', 'q') and not pcall(re.compile, 1))
  -- Bytes are not checked to be UTF-8, so no pattern may take them for it.
  assert(not pcall(re.compile, '(*UTF)[^a]', 'b') and not pcall(re.compile, '(*UCP)(*UTF)a', 'b'))
  assert(not pcall(function() return re.compile('a'):test('\xff') end))
  assert(not pcall(function() return date:gsub('2024-05', '$9') end))
  assert(not pcall(function() return date:gsub('x', '$') end))
  -- A search is made in windows of places; a pattern that would mind is not cut.
  local long = ('a'):rep(1024) .. 'b'
  assert(re.compile('b', 'a'):find(long) == nil and re.compile('^b'):find(long) == nil)
  assert(re.compile('\\Gb'):find(long) == nil and re.compile('\\Gb'):find(long, 1025) == 1025)
  assert(re.compile('x(*COMMIT)b'):find(('a'):rep(1023) .. 'xcxb') == nil)
  assert(re.compile('aaa(*SKIP)x|a'):find(('a'):rep(3071)) == 3070)
  for _, minds in ipairs { '\\Ga', 'a(*COMMIT)b', 'a(*SKIP)b' } do
    assert(not pcall(function() return re.compile(minds):replace('a', '') end), minds)
  end
  assert(not pcall(function() return re.compile('a', 'a'):replace('a', '') end))
  -- The same result wherever a text is cut.
  local cases = {
    {'[0-9]+', 'ab12x345y6', '<$0>'}, {'(?<=a)b', 'abcbab', 'X'}, {'b*', 'abbc', '-'}, {'é+', 'aéébé', 'E'},
    {'a(?=b)', 'ab aa ab', 'X'}, {'\\bcat\\b', 'cat concat cat', 'dog'}, {'^.', 'abc', 'X'}, {'c$', 'abc', 'X'},
    {'^x', 'x\nx\nax', 'Y', 'm'}, {'x$', 'x\nx\nax', 'Y', 'm'}, {'[a-z]+@[a-z]+\\.com', 'me@x.com, you@yy.co and z@q.com', 'M'},
    {'(a+)(b+)', 'aabb ab b', '$2$1'}, {'\\xe9', 'a\xe9\xe9', 'e', 'b'}, {'aaa|a', 'aaaaaaa', '<$0>'},
    {'(?<!\\d)\\d{3}(?!\\d)', '12 123 1234 567', '#'}, {'(?<=^a)b', 'ab ab', 'X'}, {'x\\z', 'xx', 'y'}, {'', 'aé', '.'},
  }
  for _, case in ipairs(cases) do
    local code = re.compile(case[1], case[4])
    local want = code:gsub(case[2], case[3])
    for size = 1, #case[2] do
      local got = collect(code:replace(cut(case[2], size), case[3]))
      assert(got == want, case[1] .. ' ' .. size .. ': ' .. got .. ' instead of ' .. want)
    end
  end
  assert(not pcall(function()
    return collect(re.compile('a.*b', 's'):replace(cut('a' .. ('x'):rep(500), 10), '', {max_bytes = 100}))
  end))
  -- Over windows, and over more text than a slice.
  local text = ('é'):rep(400000) .. 'needle' .. ('é'):rep(400000)
  assert(re.compile('needle'):find(text) == 800001)
  assert(re.compile('[n]eedle\\b'):find(text) == nil and re.compile('q'):find(text) == nil)
  assert(re.compile('(?<=é)$'):find(text) == #text + 1)
  local card = re.compile [[\b(?:\d[ -]?){13,19}\b]]
  local count = 0
  for _ in card:gmatch(object:read('a')) do count = count + 1 end
  assert(count > 4000)
  for i = 1, 2000 do re.compile('a{1,' .. i % 50 + 1 .. '}'):test('aaa') end
  response:write('good')
end
