-- SPDX-License-Identifier: MIT
-- Card numbers (13 to 19 digits in a row) become asterisks, but for their last four digits. The length
-- stays, and a byte depends on its 19 neighbours on either side alone: so a range of the view is made
-- from that range of the original and its context, however large the object is. Check such a promise:
--   objlens run mask_cards.lua --verify-ranges 1000 < sample
local shortest, longest = 13, 19

local function mask(digits)
  if #digits < shortest or #digits > longest then return digits end
  return ("*"):rep(#digits - 4) .. digits:sub(-4)
end

return {
  positions = { before = longest, after = longest },
  depends = { identity = false },
  get = function(event, object, response)
    -- What is known of the text around the place where writing goes on: `done` bytes that were
    -- written, for those behind them to be judged by, and what has not enough behind it yet.
    local text, done = "", 0
    for chunk in object:chunks() do
      text = text .. chunk
      local ready = #text - longest
      if ready > done then
        response:write((text:gsub("%d+", mask)):sub(done + 1, ready))
        done = math.min(ready, longest)
        text = text:sub(ready - done + 1)
      end
    end
    response:write((text:gsub("%d+", mask)):sub(done + 1))
  end,
}
