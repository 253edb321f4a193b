-- SPDX-License-Identifier: MIT
-- objlens.hmac: see docs/lua_api.md.
local core = ...
local error, type, sub = error, type, string.sub
local new, STRETCH = core.new, 65536

local hmac = {equal = core.equal}

function hmac.new(algorithm, key)
  if type(key) ~= 'string' then error('hmac.new: the key must be a string', 2) end
  return new(algorithm, key)
end

for _, algorithm in ipairs(core.keyed) do
  hmac[algorithm] = function(key, text)
    if type(key) ~= 'string' or type(text) ~= 'string' then
      error('hmac.' .. algorithm .. ': key and text must be strings', 2)
    end
    local state = new(algorithm, key)
    for at = 1, #text, STRETCH do state:write(sub(text, at, at + STRETCH - 1)) end
    return state:hex()
  end
end

return hmac
