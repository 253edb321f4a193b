---@meta objlens.re
-- SPDX-License-Identifier: MIT

---@class objlens.re.Regex
local regex = {}

---@param text string
---@param init? integer
---@return integer? first
---@return integer? last
---@return string|false ...
function regex:find(text, init) end

---@param text string
---@param init? integer
---@return string|false|nil ...
function regex:match(text, init) end

---@param text string
---@param init? integer
---@return boolean
function regex:test(text, init) end

---@param text string
---@param init? integer
---@return { first: integer, last: integer, [integer|string]: string|false }?
function regex:exec(text, init) end

---@param text string
---@return fun(): string|false|nil, ...
function regex:gmatch(text) end

---@param text string
---@param by string|table|fun(...): string|false|nil
---@param most? integer
---@return string
---@return integer
function regex:gsub(text, by, most) end

---@param text string
---@return fun(): string?
function regex:split(text) end

---@param source objlens.Source
---@param by string|table|fun(...): string|false|nil
---@param options? { max_bytes?: integer }
---@return fun(): string?
function regex:replace(source, by, options) end

local re = {}

---@param pattern string
---@param flags? string  of i, m, s, x, a, b
---@return objlens.re.Regex
function re.compile(pattern, flags) end

---@param text string
---@return string
function re.escape(text) end

return re
