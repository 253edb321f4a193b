-- SPDX-License-Identifier: MIT
-- objlens.xml: see docs/lua_api.md.
local core, source = ...
local concat, error, type, sub, find, gmatch = table.concat, error, type, string.sub, string.find, string.gmatch
local feed = core.feed

local xml = {escape = core.escape}
local TEXT_BYTES = 16 * 1024 * 1024
local STRETCH = 16384

local known = {namespaces = 'boolean', max_text_bytes = 'integer'}

-- Lists of events, one for each stretch.
local function batches(from, options)
  local next_piece = source.stretches(from, 2)
  local parser, over, piece, at = core.new(options.namespaces), false, '', 1
  return function()
    if over then return nil end
    if at > #piece then
      piece, at = next_piece(), 1
      over = not piece
      if over then piece = '' end
    end
    local events, wrong, line, column = feed(parser, sub(piece, at, at + STRETCH - 1), over)
    if wrong then error('xml: ' .. wrong .. ' (line ' .. line .. ', column ' .. column .. ')', 0) end
    at = at + STRETCH
    return events
  end
end

local function events_of(from, options)
  local next_batch, batch, at = batches(from, options), nil, 0
  local most = options.max_text_bytes or TEXT_BYTES
  local waiting
  local function raw()
    while true do
      if batch then
        at = at + 1
        local event = batch[at]
        if event then return event end
      end
      batch, at = next_batch(), 0
      if not batch then return nil end
    end
  end
  -- Texts that follow each other become one.
  return function()
    local event = waiting or raw()
    waiting = nil
    if not event then return nil end
    if event[1] ~= 'text' then return event[1], event[2], event[3] end
    local parts, size = {event[2]}, #event[2]
    while true do
      waiting = raw()
      if not waiting or waiting[1] ~= 'text' then break end
      parts[#parts + 1] = waiting[2]
      size = size + #waiting[2]
      if size > most then error('xml: a text is longer than max_text_bytes', 0) end
    end
    return 'text', #parts == 1 and parts[1] or concat(parts)
  end
end

function xml.events(from, options)
  return events_of(from, source.options(options, known, 'xml.events'))
end

-- The element whose start was just read, as a table.
local function tree(next_event, name, attributes, budget)
  local element, count = {name = name, attributes = attributes}, 0
  while true do
    local kind, what, its = next_event()
    if kind == 'end' then return element end
    if not kind then error('xml: it ends too early', 0) end
    count, budget.left = count + 1, budget.left - 1
    if budget.left < 0 then error('xml: more parts than max_parts', 0) end
    element[count] = kind == 'text' and what or tree(next_event, what, its, budget)
  end
end

local tree_known = {namespaces = 'boolean', max_text_bytes = 'integer', max_parts = 'integer'}

local function budget_of(options)
  return {left = options.max_parts or 100000}
end

function xml.parse(from, options)
  options = source.options(options, tree_known, 'xml.parse')
  local next_event = events_of(from, options)
  local root
  for kind, name, attributes in next_event do
    if kind == 'start' then root = tree(next_event, name, attributes, budget_of(options)) end
  end
  return root
end

-- Each element at a path ("/catalog/book"), as a tree of its own.
function xml.records(from, path, options)
  options = source.options(options, tree_known, 'xml.records')
  if type(path) ~= 'string' or not find(path, '^/[^/]') then
    error("xml.records: a path like '/catalog/book' expected", 2)
  end
  local names, depth, matched = {}, 0, 0
  for name in gmatch(path, '[^/]+') do names[#names + 1] = name end
  local next_event = events_of(from, options)
  return function()
    for kind, name, attributes in next_event do
      if kind == 'start' then
        depth = depth + 1
        if matched == depth - 1 and name == names[depth] then
          matched = depth
          if depth == #names then
            depth, matched = depth - 1, depth - 1
            return tree(next_event, name, attributes, budget_of(options))
          end
        end
      elseif kind == 'end' then
        depth = depth - 1
        if matched > depth then matched = depth end
      end
    end
  end
end

-- All texts of an element, in order.
function xml.text(element)
  local parts = {}
  local function add(part)
    for i = 1, #part do
      if type(part[i]) == 'string' then parts[#parts + 1] = part[i] else add(part[i]) end
    end
  end
  add(element)
  return concat(parts)
end

return xml
