-- SPDX-License-Identifier: MIT
local hash, hmac, base64 = require "objlens.hash", require "objlens.hmac", require "objlens.base64"

return function(event, object, response)
  assert(hash.md5('') == 'd41d8cd98f00b204e9800998ecf8427e')
  assert(hash.sha1('abc') == 'a9993e364706816aba3e25717850c26c9cd0d89d')
  assert(hash.sha256('abc') == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  assert(hash.sha384('abc'):sub(1, 16) == 'cb00753f45a35e8b' and hash.sha512('abc'):sub(1, 16) == 'ddaf35a193617aba')
  assert(hash.crc32('123456789') == 'cbf43926')
  local million = ('a'):rep(1000000)
  assert(hash.sha256(million) == 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0')
  local state = hash.new('sha256')
  for i = 1, 1000000, 4099 do state:write(million:sub(i, i + 4098)) end
  assert(#state:bytes() == 32 and state:hex() == hash.sha256(million))
  assert(not pcall(state.write, state, 'x') and not pcall(hash.new, 'sha3') and not pcall(hash.sha256, 1))
  -- RFC 4231, cases 1, 2 and 6.
  assert(hmac.sha256(('\11'):rep(20), 'Hi There') == 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7')
  assert(hmac.sha256('Jefe', 'what do ya want for nothing?') ==
         '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
  assert(hmac.sha512(('\170'):rep(131), 'Test Using Larger Than Block-Size Key - Hash Key First'):sub(1, 16) ==
         '80b24263c7c1a3eb')
  assert(hmac.new('sha1', 'k'):write('a'):write('b'):hex() == hmac.sha1('k', 'ab'))
  assert(hmac.equal('a', 'a') and not hmac.equal('a', 'b') and not hmac.equal('a', 'aa'))
  assert(hmac.crc32 == nil and not pcall(hmac.new, 'crc32', 'k') and not pcall(hmac.new, 'sha256'))

  for i, want in pairs { [0] = '', 'Zg==', 'Zm8=', 'Zm9v', 'Zm9vYg==', 'Zm9vYmE=', 'Zm9vYmFy' } do
    local text = ('foobar'):sub(1, i)
    assert(base64.encode(text) == want and base64.decode(want) == text and base64.decode(want:gsub('=', ''), nil) == text)
  end
  assert(base64.encode('\255\254', {url = true}) == '__4' and base64.decode('__4') == '\255\254')
  assert(base64.decode(' Zm9v\r\nYmFy ') == 'foobar')
  for _, bad in ipairs { 'Z', 'Zg=', 'Zm9v!', 'Zh==', 'Zg==Zg==', 'Zm9=', '=', 'Zm9v=', '====' } do
    assert(not pcall(base64.decode, bad), bad)
  end
  local text = base64.encode(million)
  assert(base64.decode(text) == million)
  for _, size in ipairs { 1, 2, 3, 4, 5, 1000, 100000 } do
    local sample = million:sub(1, size * 50)
    local encoder, decoder, out, back = base64.encoder(), base64.decoder(), {}, {}
    for i = 1, #sample, size do out[#out + 1] = encoder:write(sample:sub(i, i + size - 1)) end
    out = table.concat(out) .. encoder:finish()
    assert(out == base64.encode(sample))
    for i = 1, #out, size do back[#back + 1] = decoder:write(out:sub(i, i + size - 1)) end
    assert(table.concat(back) .. decoder:finish() == sample)
  end
  response:write('good')
end
