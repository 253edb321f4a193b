---@meta objlens.pii
-- SPDX-License-Identifier: MIT

---@class objlens.pii.Redactor
local redactor = {}

---@param text string
---@return string
function redactor:write(text) end

---@return string
function redactor:finish() end

local pii = {}

---@param text string
---@param options? table  the payload of the transform pii
---@return string
function pii.redact(text, options) end

---@param options? table
---@return objlens.pii.Redactor
function pii.redactor(options) end

---@param text string
---@param options? table
---@return { type: string, first: integer, last: integer, score: number }[]
function pii.find(text, options) end

return pii
