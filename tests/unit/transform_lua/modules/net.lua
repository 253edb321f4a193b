-- SPDX-License-Identifier: MIT
-- Addresses and the networks that hold them.
local net = require 'objlens.net'

local function raises(text, call, ...)
  local good, why = pcall(call, ...)
  assert(not good and tostring(why):find(text, 1, true), tostring(why))
end

local function holds(network, address) return net.cidr(network):contains(address) end

-- both families
assert(holds('192.0.2.0/24', '192.0.2.255') and not holds('192.0.2.0/24', '192.0.3.0'))
assert(holds('10.0.0.0/9', '10.127.255.255') and not holds('10.0.0.0/9', '10.128.0.0'))
assert(holds('2001:db8::/33', '2001:DB8:7fff::1') and not holds('2001:db8::/33', '2001:db8:8000::'))
assert(holds('192.0.2.7', '192.0.2.7') and not holds('192.0.2.7', '192.0.2.6'))
assert(holds('::1', '0:0:0:0:0:0:0:1') and not holds('::1/128', '::'))
assert(holds('0.0.0.0/0', '255.255.255.255') and holds('::/0', 'ffff::'))

-- an IPv4 address that comes mapped is one; otherwise the families stay apart
assert(holds('192.0.2.0/24', '::ffff:192.0.2.1') and holds('::ffff:192.0.2.0/120', '192.0.2.1'))
assert(not holds('::/0', '192.0.2.1') and not holds('0.0.0.0/0', '::1'))

-- several
local offices = net.cidr { '192.0.2.0/25', '198.51.100.7', '2001:db8:1::/48' }
assert(offices:contains('192.0.2.127') and offices:contains('198.51.100.7') and offices:contains('2001:db8:1:2::3'))
assert(not offices:contains('192.0.2.128') and not offices:contains('2001:db8:2::'))
assert(not net.cidr({}):contains('192.0.2.1'))
raises('no list', net.cidr, { office = '192.0.2.0/24' })
raises('no list', net.cidr, { '192.0.2.0/24', office = '198.51.100.7' })
raises('no', net.cidr, { '192.0.2.0/24', nil, '198.51.100.7' })
assert(getmetatable(offices) == false)

-- what is not exactly a network is none
for _, text in ipairs { '', '/', '/8', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/+8', '10.0.0.0/08', '10.0.0.0/8 ',
                        ' 10.0.0.0/8', '10.0.0.0/8/8', '10.0.0/8', '010.0.0.0/8', '10.0.0.0.0/8', '0x0a.0.0.0/8', '167772160/8',
                        '256.0.0.0/8', '10.0.0.0/255.0.0.0', '::/129', ':::/8', '1::2::3/8', 'fe80::1%eth0', '[::1]/128', 'localhost',
                        '10.0.0.0\0/8', '10.0.0.0/8\0', '12345::/16' } do
  raises('is no network', net.cidr, text)
  raises('is no network', net.cidr, { '10.0.0.0/8', text })
end
raises('has bits set behind its prefix', net.cidr, '10.0.0.1/8')
raises('has bits set behind its prefix', net.cidr, '2001:db8::1/64')
raises('must be a string', net.cidr, 10)
raises('must be a string', net.cidr, { 10 })
raises('must be a string', net.cidr, nil)
local many = {}
for i = 1, 10001 do many[i] = '10.0.0.1' end
raises('more than 10000', net.cidr, many)
many[10001] = nil
assert(net.cidr(many):contains('10.0.0.1') and not net.cidr(many):contains('10.0.0.2'))

-- nor is an address: a rule never passes over what it cannot read
for _, text in ipairs { '', '192.0.2', '192.0.2.1/32', '192.0.2.1:80', '::1%lo', 'example.org', '192.0.2.1 ', '192.0.2.01' } do
  raises('is no address', offices.contains, offices, text)
  raises('is no address', net.network, text)
end
raises('must be a string', offices.contains, offices, nil)
raises('expected', offices.contains, {}, '192.0.2.1')

-- whom to count together
assert(net.network('192.0.2.77') == '192.0.2.77/32' and net.network('::ffff:192.0.2.77', 24) == '192.0.2.0/24')
assert(net.network('2001:DB8:0:1:2:3:4:5', 24, 64) == '2001:db8:0:1::/64')
assert(net.network('2001:db8:ffff::', 32, 33) == '2001:db8:8000::/33' and net.network('::1', 0, 0) == '::/0')
assert(net.network('192.0.2.77', 0) == '0.0.0.0/0' and net.network('192.0.2.77', 31) == '192.0.2.76/31')
raises('0 to 32', net.network, '192.0.2.1', 33)
raises('0 to 128', net.network, '::1', 32, -1)

return function(event, object, response) response:write('good') end
