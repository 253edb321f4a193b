-- SPDX-License-Identifier: MIT
-- Upper-case a text, piece by piece.
return function(event, object, response)
  for chunk in object:chunks() do
    response:write(chunk:upper())
  end
end
