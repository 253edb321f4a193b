---@meta objlens.xml
-- SPDX-License-Identifier: MIT

---@class objlens.xml.Options
---@field namespaces? boolean
---@field max_text_bytes? integer
---@field max_parts? integer

---@class objlens.xml.Element
---@field name string
---@field attributes { [string]: string }
---@field [integer] string|objlens.xml.Element

local xml = {}

---@param source objlens.Source
---@param options? objlens.xml.Options
---@return fun(): ("start"|"end"|"text")?, string?, table?
function xml.events(source, options) end

---@param source objlens.Source
---@param path string
---@param options? objlens.xml.Options
---@return fun(): objlens.xml.Element?
function xml.records(source, path, options) end

---@param source objlens.Source
---@param options? objlens.xml.Options
---@return objlens.xml.Element
function xml.parse(source, options) end

---@param element objlens.xml.Element
---@return string
function xml.text(element) end

---@param text string
---@return string
function xml.escape(text) end

return xml
