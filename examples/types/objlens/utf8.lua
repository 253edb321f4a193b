---@meta objlens.utf8
-- SPDX-License-Identifier: MIT

local utf8 = {}

---@param text string
---@return boolean
function utf8.valid(text) end

---@param text string
---@param replacement? string
---@return string
function utf8.repair(text, replacement) end

---@param source objlens.Source
---@return fun(): string?
function utf8.pieces(source) end

---@param source objlens.Source
---@param encoding "iso-8859-1"|"windows-1252"|"utf-16le"|"utf-16be"
---@return fun(): string?
function utf8.decode(source, encoding) end

return utf8
