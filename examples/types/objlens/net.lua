---@meta objlens.net
-- SPDX-License-Identifier: MIT

---@class objlens.net.Networks
local networks = {}

---Whether one of them holds the address. Raises for what is no address.
---@param address string
---@return boolean
function networks:contains(address) end

local net = {}

---A set of networks: `"192.0.2.0/24"`, `"2001:db8::/32"`, an address alone, or a list of these.
---@param network string|string[]
---@return objlens.net.Networks
function net.cidr(network) end

---The network that an address belongs to, as text: a name for `response:limit`.
---@param address string
---@param bits4? integer
---@param bits6? integer
---@return string
function net.network(address, bits4, bits6) end

return net
