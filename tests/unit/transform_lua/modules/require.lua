-- SPDX-License-Identifier: MIT
-- What require gives, and what it must not.
local json = require "objlens.json"

return function(event, object, response)
  assert(require "objlens.json" == json)
  for _, name in ipairs { 'os', 'io', 'objlens.source', 'objlens.', 'objlens', '../json', '/etc/passwd', '', 'json',
                          'objlens.nothing', 'objlens.json.lua', 'a\0b', ('x'):rep(200) } do
    assert(not pcall(require, name), name)
  end
  assert(not pcall(require) and not pcall(require, {}))
  for _, name in ipairs { 'json', 'csv', 'xml', 're', 'pii', 'hash', 'hmac', 'base64', 'utf8', 'zip' } do
    local module = require('objlens.' .. name)
    assert(type(module) == 'table' and next(module) and getmetatable(module) == nil)
  end
  -- Types that are shared show no metatable.
  assert(getmetatable(json.null) == false and getmetatable(json.array()) == false)
  assert(getmetatable(require('objlens.hash').new('md5')) == false)
  assert(getmetatable(require('objlens.re').compile('a')) == false)
  assert(getmetatable(require('objlens.re').compile('a').code) == false)
  assert(not pcall(setmetatable, json.array(), {}) and not pcall(function() json.null.x = 1 end))
  response:write('good')
end
