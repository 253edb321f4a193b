---@meta
-- SPDX-License-Identifier: MIT
-- The global functions that a transform has; functions of Lua that are not here do not exist for it. So that the
-- editor offers no others, `.luarc.json` switches its own lists off ("basic", "package").

---@type table<string, any>
_G = {}

_VERSION = "Lua 5.4"

---@generic T
---@param value? T
---@param message? any
---@param ... any
---@return T
---@return any ...
function assert(value, message, ...) end

---Does nothing; "count" raises.
---@param option? "collect"|"stop"|"restart"|"step"|"isrunning"|"incremental"|"generational"
---@param ... any
---@return any
function collectgarbage(option, ...) end

---The text goes to the transform log, never to the client: response:error is for that.
---@param message any
---@param level? integer
function error(message, level) end

---@param object any
---@return any
function getmetatable(object) end

---@generic V
---@param list V[]
---@return fun(list: V[], index?: integer): integer, V
---@return V[]
---@return integer
function ipairs(list) end

---In the order of the keys.
---@generic K, V
---@param table table<K, V>
---@param key? K
---@return K?
---@return V?
function next(table, key) end

---In the order of the keys: numbers, strings by their bytes, false, true.
---@generic K, V
---@param table table<K, V>
---@return fun(table: table<K, V>, key?: K): K, V
---@return table<K, V>
function pairs(table) end

---Catches errors, but neither limits nor response:error.
---@param f fun(...): ...
---@param ... any
---@return boolean
---@return any ...
function pcall(f, ...) end

---Writes a line to the transform log, as log.info does.
---@param ... any
function print(...) end

---@param a any
---@param b any
---@return boolean
function rawequal(a, b) end

---@param table table
---@param key any
---@return any
function rawget(table, key) end

---@param value table|string
---@return integer
function rawlen(value) end

---@param table table
---@param key any
---@param value any
---@return table
function rawset(table, key, value) end

---For the modules objlens.…, and libraries beside the transform; the name must be a literal string.
---@param name string
---@return any
function require(name) end

---@param n integer|"#"
---@param ... any
---@return any ...
function select(n, ...) end

---`__gc` and `__mode` raise.
---@generic T: table
---@param table T
---@param metatable? table
---@return T
function setmetatable(table, metatable) end

---@param value any
---@param base? integer
---@return number?
function tonumber(value, base) end

---Shows no addresses: "table", "function".
---@param value any
---@return string
function tostring(value) end

---@param value any
---@return "nil"|"number"|"string"|"boolean"|"table"|"function"|"thread"|"userdata"
function type(value) end

---The handler is called after the stack was unwound.
---@param f fun(...): ...
---@param handler fun(message: any): any
---@param ... any
---@return boolean
---@return any ...
function xpcall(f, handler, ...) end
