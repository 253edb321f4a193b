-- SPDX-License-Identifier: MIT
local pii = require "objlens.pii"

return function(event, object, response)
  local text = 'mail bob@example.com and 4111 1111 1111 1111.'
  assert(pii.redact(text) == 'mail [EMAIL_ADDRESS] and [CREDIT_CARD].')
  assert(pii.redact(text, {entities = {'EMAIL_ADDRESS'}}) == 'mail [EMAIL_ADDRESS] and 4111 1111 1111 1111.')
  local found = pii.find(text)
  assert(#found == 2 and found[1].type == 'EMAIL_ADDRESS' and text:sub(found[1].first, found[1].last) == 'bob@example.com')
  assert(text:sub(found[2].first, found[2].last) == '4111 1111 1111 1111')
  assert(#pii.find('nothing here, version 1.2.3') == 0)
  local whole = object:read('a')
  local want = pii.redact(whole)
  assert(want:find('[CREDIT_CARD]', 1, true) and not want:find('4111', 1, true))
  local r, parts = pii.redactor(), {}
  for at = 1, #whole, 997 do parts[#parts + 1] = r:write(whole:sub(at, at + 996)) end
  assert(table.concat(parts) .. r:finish() == want)
  assert(not pcall(r.write, r, 'x'))
  local count = 0
  for _, finding in ipairs(pii.find(whole)) do
    assert(whole:sub(finding.first, finding.last) == '4111 1111 1111 1111')
    count = count + 1
  end
  assert(count > 4000)
  assert(not pcall(pii.redact, text, {unknown = 1}) and not pcall(pii.redact, text, {entities = {'NOBODY'}}))
  assert(not pcall(pii.redact, '\31\139\8' .. ('x'):rep(10)))
  response:write('good')
end
