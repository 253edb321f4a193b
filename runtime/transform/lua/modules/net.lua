-- SPDX-License-Identifier: MIT
-- objlens.net: see docs/lua_api.md.
local core = ...

return core
