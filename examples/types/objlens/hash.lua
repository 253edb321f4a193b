---@meta objlens.hash
-- SPDX-License-Identifier: MIT

---@alias objlens.hash.Algorithm "sha256"|"sha384"|"sha512"|"sha1"|"md5"|"crc32"

---@class objlens.hash.State
local state = {}

---@param text string|objlens.Buffer
---@return objlens.hash.State
function state:write(text) end

---@return string
function state:hex() end

---@return string
function state:bytes() end

local hash = {}

---Hexadecimal.
---@param text string
---@return string
function hash.sha256(text) end

---Hexadecimal.
---@param text string
---@return string
function hash.sha384(text) end

---Hexadecimal.
---@param text string
---@return string
function hash.sha512(text) end

---Hexadecimal.
---@param text string
---@return string
function hash.sha1(text) end

---Hexadecimal.
---@param text string
---@return string
function hash.md5(text) end

---Hexadecimal.
---@param text string
---@return string
function hash.crc32(text) end

---@param algorithm objlens.hash.Algorithm
---@return objlens.hash.State
function hash.new(algorithm) end

return hash
