-- SPDX-License-Identifier: MIT
-- Selects or drops members of JSON by path; the rest goes through as it was written. One text, or many
-- behind each other (NDJSON), of any size.
local json = require "objlens.json"

local known = { keep = "table", drop = "table" }

local function merge(into, from)
  for name, node in pairs(from) do
    if name == true then into[true] = true else into[name] = merge(into[name] or {}, node) end
  end
  return into
end

-- What a "*" says holds for the names beside it, too.
local function spread(node)
  local any = node["*"]
  for name, child in pairs(node) do
    if name ~= true then
      if any and name ~= "*" then merge(child, any) end
      spread(child)
    end
  end
  return node
end

-- "/a/*/b" for each of the paths, as one tree: what to do at its leaves is the caller's.
local function tree_of(paths)
  local root = {}
  for number, path in pairs(paths) do
    if type(number) ~= "number" then error("keep and drop are lists of paths", 0) end
    if type(path) ~= "string" or path:sub(1, 1) ~= "/" then error("a path begins with '/'", 0) end
    local node = root
    for name in path:gmatch("/([^/]*)") do
      name = name:gsub("~1", "/"):gsub("~0", "~")
      node[name] = node[name] or {}
      node = node[name]
    end
    node[true] = true
  end
  return spread(root)
end

-- Each part of the value that stands before the reader, with what the tree says of it.
local function walk(reader, node, keep, write)
  local function below(name) return node[name] or node["*"] end
  local function wanted(child)
    if keep then return child and (child[true] or reader:kind() == "object" or reader:kind() == "array") end
    return not (child and child[true])
  end
  local function part(child, first, ...)
    if not first then write(",") end
    write(...)
    if not child or child[true] then write(reader:raw(true)) else walk(reader, child, keep, write) end
  end
  local kind, first = reader:kind(), true
  if kind == "object" then
    write("{")
    for name in reader:members() do
      local child = below(name)
      if wanted(child) then
        part(child, first, json.quote(name), ":")
        first = false
      end
    end
    write("}")
  elseif kind == "array" then
    write("[")
    for index in reader:elements() do
      local child = below(tostring(index - 1))
      if wanted(child) then
        part(child, first, "")
        first = false
      end
    end
    write("]")
  elseif keep then
    reader:skip()
    write("null") -- a text without parts has none to keep
  else
    write(reader:raw(true))
  end
end

local function options_of(event)
  local options = json.options(event.configuration.payload, known)
  if not options.keep == not options.drop then error("either keep or drop, a list of paths", 0) end
  return tree_of(options.keep or options.drop), options.keep ~= nil
end

local function get(event, object, response)
  local ok, tree, keep = pcall(options_of, event)
  if not ok then response:error(500, "InvalidTransformPayload", tree) end
  local parts, count = {}, 0
  local function write(...)
    for i = 1, select("#", ...) do parts[count + i] = (select(i, ...)) end
    count = count + select("#", ...)
    if count > 1000 then
      response:write(table.concat(parts, "", 1, count))
      count = 0
    end
  end
  local reader = json.reader(object:chunks())
  while reader:kind() do
    walk(reader, tree, keep, write)
    write("\n")
  end
  response:write(table.concat(parts, "", 1, count))
end

return { get = get, depends = { identity = false } }
