-- SPDX-License-Identifier: MIT
local xml = require "objlens.xml"

local function cut(text, size)
  local at = 1
  return function()
    if at > #text then return nil end
    local piece = text:sub(at, at + size - 1)
    at = at + size
    return piece
  end
end

local function show(from, options)
  local out = {}
  for kind, what, attributes in xml.events(from, options) do
    out[#out + 1] = kind:sub(1, 1) .. ':' .. what
    if attributes then
      for name, value in pairs(attributes) do out[#out + 1] = '@' .. name .. '=' .. value end
    end
  end
  return table.concat(out, ' ')
end

local document = '<?xml version="1.0"?><!-- c --><r b="2" a="1&#x41;">t&amp;u&#233;<b/><![CDATA[<x>]]></r>'

return function(event, object, response)
  for size = 1, #document do
    assert(show(cut(document, size)) == 's:r @a=1A @b=2 t:t&ué s:b e:b t:<x> e:r', size)
  end
  assert(show('<a xmlns="urn:x" xmlns:p="urn:p"><p:b/></a>', {namespaces = true}) ==
         's:urn:x}a s:urn:p}b e:urn:p}b e:urn:x}a')
  for length = 1000, 1001 do -- of what is copied to each attribute
    local text = '<a xmlns:n="' .. ('u'):rep(length) .. '"><b n:c=""/></a>'
    assert(pcall(xml.parse, text) and pcall(xml.parse, text, {namespaces = true}) == (length == 1000), length)
  end
  for _, broken in ipairs { '', '<a>', '<a></b>', '<a/><b/>', '<a b=1/>', '<a b="1" b="2"/>', '<a>&x;</a>',
      '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', '<!DOCTYPE r [<!ENTITY % a SYSTEM "file:///etc/passwd">]><r/>',
      '<!DOCTYPE r SYSTEM "http://localhost/x.dtd"><r>&y;</r>', '<a>\xff</a>', '<a>\1</a>', 'x',
      ('<a>'):rep(2000) } do
    assert(not pcall(show, broken), broken)
    assert(not pcall(show, cut(broken, 3)), broken)
  end
  local tree = xml.parse('<c><b id="1"><t>x</t>y</b>z</c>')
  assert(tree.name == 'c' and tree[1].attributes.id == '1' and tree[2] == 'z' and xml.text(tree) == 'xyz')
  local ids = {}
  local catalog = '<c><b id="1"><t>x</t></b><z><b id="no"/></z><b id="2"/><b id="3">y</b></c>'
  for size = 1, #catalog, 5 do
    ids = {}
    for record in xml.records(cut(catalog, size), '/c/b') do ids[#ids + 1] = record.attributes.id end
    assert(table.concat(ids) == '123')
  end
  assert(not pcall(xml.records, '<a/>', 'a'))
  assert(not pcall(xml.parse, '<a>' .. ('<b/>'):rep(100) .. '</a>', {max_parts = 50}))
  assert(xml.escape('a<b>&"c\r') == 'a&lt;b&gt;&amp;&quot;c&#13;')
  assert(not pcall(xml.escape, '\1') and not pcall(xml.escape, '\xff'))
  -- Many parsers, most of them left in the middle.
  for i = 1, 3000 do
    local next_event = xml.events('<a><b>' .. i .. '</b></a>')
    assert(next_event() == 'start')
  end
  local parts = {'<r>'}
  for i = 1, 20000 do parts[#parts + 1] = '<i n="' .. i .. '">x</i>' end
  parts[#parts + 1] = '</r>'
  local count = 0
  for record in xml.records(table.concat(parts), '/r/i') do count = count + tonumber(record.attributes.n) end
  assert(count == 20000 * 20001 / 2)
  response:write('good')
end
