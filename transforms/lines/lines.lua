-- SPDX-License-Identifier: MIT
-- Some of a text's lines: those that match, a sample, the first, the last.
local hash, json, re = require "objlens.hash", require "objlens.json", require "objlens.re"

local known = { grep = "string", flags = "string", invert = "boolean", sample = "number", seed = "string",
                head = "integer", tail = "integer" }

local function options_of(event)
  local options = json.options(event.configuration.payload, known)
  if options.head and options.tail then error("either head or tail", 0) end
  if (options.head or options.tail or 0) < 0 then error("a number of lines is not negative", 0) end
  if options.tail and options.tail > 100000 then error("tail is 100000 at most", 0) end
  if options.sample and not (options.sample >= 0 and options.sample <= 1) then error("sample is 0 to 1", 0) end
  if not options.grep and (options.flags or options.invert) then error("flags and invert go with grep", 0) end
  if options.seed and not options.sample then error("seed goes with sample", 0) end
  options.pattern = options.grep and re.compile(options.grep, options.flags)
  options.below = options.sample and options.sample * 4294967296
  return options
end

-- A line is in the sample or not by what it says, so that the same lines are seen everywhere.
local function is_wanted(options, line)
  if options.pattern and options.pattern:test(line) == (options.invert or false) then return false end
  return not options.below or
         tonumber(hash.sha256((options.seed or "") .. line):sub(1, 8), 16) < options.below
end

local function get(event, object, response)
  local ok, options = pcall(options_of, event)
  if not ok then response:error(500, "InvalidTransformPayload", options) end
  local count, kept = 0, {}
  for line in object:lines() do
    if options.head and count >= options.head then break end
    if is_wanted(options, line) then
      count = count + 1
      if not options.tail then
        response:write(line, "\n")
      elseif options.tail > 0 then
        kept[(count - 1) % options.tail + 1] = line
      end
    end
  end
  for i = math.max(count - #kept, 0), count - 1 do
    if options.tail then response:write(kept[i % options.tail + 1], "\n") end
  end
end

return { get = get, depends = { identity = false } }
