---@meta objlens.json
-- SPDX-License-Identifier: MIT

---Where a module reads from: a string, or a function that gives one piece after the other.
---@alias objlens.Source string|fun(): string|objlens.Buffer|nil

local json = {}

---What stands for null.
json.null = {}

---@param text string
---@param options? { max_depth?: integer, null?: boolean }
---@return any
function json.decode(text, options) end

---@param value any
---@param options? { indent?: integer, max_depth?: integer }
---@return string
function json.encode(value, options) end

---@param text string
---@return string
function json.quote(text) end

---@param payload? string
---@param known table<string, "string"|"number"|"integer"|"boolean"|"table">
---@return table
function json.options(payload, known) end

---@param t? table
---@return table
function json.array(t) end

---@param t any
---@return boolean
function json.is_array(t) end

---@param source objlens.Source
---@param options? { max_depth?: integer, max_bytes?: integer }
---@return fun(): any
function json.values(source, options) end

---@class objlens.json.Reader
local reader = {}

---@return "object"|"array"|"string"|"number"|"boolean"|"null"|nil
function reader:kind() end

---@return any
function reader:value() end

---@param compact? boolean
---@return string
function reader:raw(compact) end

function reader:skip() end

---@return fun(): string?
function reader:members() end

---@return fun(): integer?
function reader:elements() end

function reader:finish() end

---@param source objlens.Source
---@param options? { max_depth?: integer, max_bytes?: integer }
---@return objlens.json.Reader
function json.reader(source, options) end

return json
