---@meta objlens.base64
-- SPDX-License-Identifier: MIT

---@class objlens.base64.Coder
local coder = {}

---@param text string
---@return string
function coder:write(text) end

---@return string
function coder:finish() end

local base64 = {}

---@param bytes string
---@param options? { url?: boolean }
---@return string
function base64.encode(bytes, options) end

---@param text string
---@return string
function base64.decode(text) end

---@param options? { url?: boolean }
---@return objlens.base64.Coder
function base64.encoder(options) end

---@return objlens.base64.Coder
function base64.decoder() end

return base64
