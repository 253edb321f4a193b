---@meta objlens.csv
-- SPDX-License-Identifier: MIT

---@class objlens.csv.Options
---@field separator? string
---@field quote? string
---@field header? boolean  reading: the first record names the fields
---@field max_row_bytes? integer  reading
---@field newline? "\n"|"\r\n"  writing

local csv = {}

---@param source objlens.Source
---@param options? objlens.csv.Options
---@return fun(): table<integer|string, string>?, integer?
---@return string[]? names
function csv.rows(source, options) end

---@param fields string[]
---@param options? objlens.csv.Options
---@return string
function csv.line(fields, options) end

---@param options? objlens.csv.Options
---@return fun(fields: string[]): string
function csv.writer(options) end

return csv
