-- SPDX-License-Identifier: MIT
local json = require "objlens.json"

local function refused(text, why)
  local ok, message = pcall(json.decode, text)
  assert(not ok and message:find(why, 1, true), text .. ": " .. tostring(message))
end

local function same(text, want)
  local got = json.encode(json.decode(text))
  assert(got == (want or text), got)
end

-- One reader per text, cut at every place.
local function cut(text, size)
  local at = 1
  return function()
    if at > #text then return nil end
    local piece = text:sub(at, at + size - 1)
    at = at + size
    return piece
  end
end

return function(event, object, response)
  same('{"a":[1,2.5,{"b":null}],"c":"x","d":[],"e":{}}')
  same('[true,false,null,"",0,-1,1e+100,-0.0,9223372036854775807]')
  same('"\\u00e9\\ud83d\\ude00\\n\\t\\"\\\\\\/\\u0001"', '"é😀\\n\\t\\"\\\\/\\u0001"')
  same(' [ 1 , 2 ] ', '[1,2]')
  same('12345678901234567890', '1.2345678901234567e+19')
  same('{"a":1,"a":2}', '{"a":2}')
  assert(json.decode('null') == json.null and tostring(json.null) == 'null')
  assert(json.decode('[1,null]', {null = false})[2] == nil)
  assert(json.decode('1') == 1 and math.type(json.decode('1.0')) == 'float')
  assert(json.encode({1, 2, {x = true}}, {indent = 1}) == '[\n 1,\n 2,\n {\n  "x": true\n }\n]')
  assert(json.encode(json.array()) == '[]' and json.encode({}) == '{}')
  assert(json.encode({b = 1, a = 2}) == '{"a":2,"b":1}')
  assert(json.quote('a"b') == '"a\\"b"')
  assert(json.quote("\1\b\t\n\v\f\r\31/\\\127") == [["\u0001\b\t\n\u000b\f\r\u001f/\\\u007f"]])
  for text, why in pairs {
    ['{"a":tru}'] = 'a value expected at byte 6', [''] = 'it ends too early', ['[1,]'] = 'a value',
    ['{"a" 1}'] = "':' expected", ['[1 2]'] = "',' or an end", ['01'] = 'a number', ['1.'] = 'a number',
    ['1e'] = 'a number', ['-'] = 'a number', ['"a'] = 'without an end', ['"\\x"'] = 'an escape',
    ['"\\ud800"'] = 'an escape', ['"\\udc00"'] = 'an escape', ['"\xff"'] = 'not UTF-8',
    ['"a\nb"'] = 'control character', ['[1]]'] = 'more behind', ['1 2'] = 'more behind', ['}'] = 'a value',
    ['[1}'] = 'not opened', ['{1:2}'] = 'a name', ["{'a':1}"] = 'a name', ['NaN'] = 'a value',
    ['"\0"'] = 'control', ['\239\187\191[]'] = 'a value', ['[1,'] = 'too early', ['1e999'] = 'too large', ['[-1e400]'] = 'too large',
    ['{"a":' .. ('9'):rep(320) .. '}'] = 'too large', ['"\\u12"'] = 'an escape',
  } do refused(text, why) end
  refused(('['):rep(200), 'nested too deep')
  refused(('['):rep(100000), 'nested too deep')
  assert(#json.decode(('['):rep(500) .. (']'):rep(500), {max_depth = 500}) == 1)
  for _, value in ipairs { 0 / 0, 1 / 0, print, '\xff', {[1] = 1, [3] = 3}, {1, x = 2}, {[true] = 1} } do
    assert(not pcall(json.encode, value))
  end
  local circle = {} circle[1] = circle
  assert(not pcall(json.encode, circle))
  assert(not pcall(json.decode, '1', {unknown = 1}) and not pcall(json.decode, 1))

  local text = '{"skip": {"a":[1,2,"]}\\""]}, "take": [10, {"z":1}, "x,y"], "n": 5, "s": "q"}'
  for size = 1, #text do
    local r, taken, names = json.reader(cut(text, size)), {}, {}
    for name in r:members() do
      names[#names + 1] = name
      if name == 'take' then
        for i in r:elements() do taken[i] = r:raw() end
      elseif name == 's' then
        assert(r:kind() == 'string' and r:value() == 'q')
      end
    end
    r:finish()
    assert(table.concat(taken, '|') == '10|{"z":1}|"x,y"', size)
    assert(table.concat(names, ',') == 'skip,take,n,s')
    local values = {}
    for value in json.values(cut('{"a":1}\n[2]  "x" 3 null -1.5', size)) do values[#values + 1] = json.encode(value) end
    assert(table.concat(values, ' ') == '{"a":1} [2] "x" 3 null -1.5', size)
  end
  for _, broken in ipairs { '{"a":[1,2}', '{"a":1', '{"a"', '[1,', '[1 2]', '{"a":1,}', '{"a":tru}', '"x' } do
    for size = 1, #broken do
      assert(not pcall(function()
        for _ in json.values(cut(broken, size)) do end
      end), broken)
    end
  end
  assert(not pcall(function() for _ in json.values('[' .. ('1,'):rep(100) .. '1]', {max_bytes = 50}) do end end))
  assert(not pcall(function()
    local r = json.reader('[1] x')
    for _ in r:elements() do end
    r:finish()
  end))
  for raw, want in pairs { ['[ 1 , " a\\" b " ]'] = '[1," a\\" b "]', [' {"a" :\n"\\\\" , "b":1} '] = '{"a":"\\\\","b":1}', ['"  "'] = '"  "' } do
    assert(json.reader(raw):raw(true) == want, json.reader(raw):raw(true))
  end
  local big = {}
  for i = 1, 5000 do big[i] = {id = i, name = 'n' .. i, list = {i, i + 0.5}} end
  local encoded = json.encode(big)
  assert(json.encode(json.decode(encoded)) == encoded)
  response:write('good')
end
