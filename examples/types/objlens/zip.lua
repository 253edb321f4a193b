---@meta objlens.zip
-- SPDX-License-Identifier: MIT

---@alias objlens.zip.Format "gzip"|"zlib"|"zstd"|"bzip2"

local zip = {}

---@param source objlens.Source
---@param format? objlens.zip.Format
---@param options? { max_bytes?: integer, max_ratio?: integer }
---@return fun(): string?
function zip.decompress(source, format, options) end

---@param source objlens.Source
---@param format objlens.zip.Format
---@param options? { level?: integer }
---@return fun(): string?
function zip.compress(source, format, options) end

---@param text string
---@param format? objlens.zip.Format
---@param options? { max_bytes?: integer, max_ratio?: integer }
---@return string
function zip.unpack(text, format, options) end

---@param text string
---@param format objlens.zip.Format
---@param options? { level?: integer }
---@return string
function zip.pack(text, format, options) end

---@param text string
---@return objlens.zip.Format?
function zip.detect(text) end

return zip
