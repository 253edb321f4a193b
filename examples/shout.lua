-- SPDX-License-Identifier: MIT
-- The object in upper case (ASCII letters), piece by piece: the size of the object does not matter.
-- Try it: objlens run examples/shout.lua < README.md
return function(event, object, response)
  for text in object:chunks() do
    response:write(text:upper())
  end
end
