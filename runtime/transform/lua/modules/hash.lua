-- SPDX-License-Identifier: MIT
-- objlens.hash: see docs/lua_api.md.
local core = ...
local error, type, sub = error, type, string.sub
local new, STRETCH = core.new, 65536

local hash = {new = function(algorithm) return new(algorithm) end}

local function whole(state, text, name)
  if type(text) ~= 'string' then error(name .. ': string expected, got ' .. type(text), 3) end
  if #text <= STRETCH then return state:write(text):hex() end
  for at = 1, #text, STRETCH do state:write(sub(text, at, at + STRETCH - 1)) end
  return state:hex()
end

for _, algorithm in ipairs(core.algorithms) do
  hash[algorithm] = function(text) return whole(new(algorithm), text, 'hash.' .. algorithm) end
end

return hash
