-- SPDX-License-Identifier: MIT
-- Of a log in JSON lines, those at or above a level: the payload {"level": "warn"}, or ?level=warn.
-- Lines that carry no level are kept; an unknown level is an error the client sees.
local order = {trace = 1, debug = 2, info = 3, warn = 4, warning = 4, error = 5, fatal = 6}

return function(event, object, response)
  local payload = event.configuration.payload or ""
  local wanted = event:query("level") or payload:match('"level"%s*:%s*"(%a+)"') or "info"
  local least = order[wanted:lower()]
  if not least then
    response:error(400, "InvalidArgument", "level must be one of trace, debug, info, warn, error, fatal")
  end
  response.headers["content-type"] = "application/x-ndjson"
  for line in object:lines() do
    local level = line:match('"level"%s*:%s*"(%a+)"')
    local rank = level and order[level:lower()]
    if not rank or rank >= least then
      response:write(line, "\n")
    end
  end
end
