---@meta objlens.hmac
-- SPDX-License-Identifier: MIT

local hmac = {}

---Hexadecimal.
---@param key string
---@param text string
---@return string
function hmac.sha256(key, text) end

---Hexadecimal.
---@param key string
---@param text string
---@return string
function hmac.sha384(key, text) end

---Hexadecimal.
---@param key string
---@param text string
---@return string
function hmac.sha512(key, text) end

---Hexadecimal.
---@param key string
---@param text string
---@return string
function hmac.sha1(key, text) end

---Hexadecimal.
---@param key string
---@param text string
---@return string
function hmac.md5(key, text) end

---@param algorithm "sha256"|"sha384"|"sha512"|"sha1"|"md5"
---@param key string
---@return objlens.hash.State
function hmac.new(algorithm, key) end

---In a time that does not tell where they differ.
---@param a string
---@param b string
---@return boolean
function hmac.equal(a, b) end

return hmac
