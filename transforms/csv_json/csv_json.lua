-- SPDX-License-Identifier: MIT
-- CSV in, one JSON object a record out, its members in the order of the columns.
local csv, json = require "objlens.csv", require "objlens.json"

local known = { separator = "string", quote = "string", array = "boolean", numbers = "boolean" }

-- What JSON takes for a number, so that 007 stays a text.
local function is_number(text)
  return text:find("^-?[1-9]%d*%.?%d*$") and text:sub(-1) ~= "." or text:find("^-?0%.%d+$") or text == "0"
end

local function open(event, object)
  local options = json.options(event.configuration.payload, known)
  return options, csv.rows(object:chunks(), { separator = options.separator, quote = options.quote })
end

local function get(event, object, response)
  local ok, options, rows = pcall(open, event, object)
  if not ok then response:error(500, "InvalidTransformPayload", options) end
  response.headers["content-type"] = options.array and "application/json" or "application/x-ndjson"
  local names, before = rows() or {}, options.array and "[" or ""
  for i, name in ipairs(names) do names[i] = json.quote(name) .. ":" end
  for fields, number in rows do
    if #fields ~= #names then
      error("record " .. number .. ": " .. #fields .. " fields, the header has " .. #names)
    end
    for i, field in ipairs(fields) do
      fields[i] = names[i] .. (options.numbers and is_number(field) and field or json.quote(field))
    end
    response:write(before, "{", table.concat(fields, ","), "}", options.array and "" or "\n")
    before = options.array and ",\n" or ""
  end
  if options.array then response:write(before == "[" and "[]\n" or "]\n") end
end

return { get = get, depends = { identity = false } }
