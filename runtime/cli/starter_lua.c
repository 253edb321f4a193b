/* SPDX-License-Identifier: MIT */
#include "cli/starter.h"

/* examples/types as it is in this version, made by the build. */
#define LUA_TYPES_PATH(path) "types/" path
#include "lua_types.inc"

/* For the Lua language server. Of the libraries that are disabled, transforms have no debug, io and os; what they
 * have of basic and package is in types/globals.lua. */
static const char settings[] =
    "{\n"
    "  \"runtime.version\": \"Lua 5.4\",\n"
    "  \"runtime.builtin\": { \"basic\": \"disable\", \"debug\": \"disable\", \"io\": \"disable\", \"os\": \"disable\",\n"
    "                       \"package\": \"disable\" },\n"
    "  \"workspace.library\": [\"types\"]\n"
    "}\n";

static const char script[] =
    "-- @NAME@: masks long numbers in a text.\n"
    "--\n"
    "-- The payload may say how many digits at a number's end stay: {\"keep\": 4}\n"
    "local json = require \"objlens.json\"\n"
    "\n"
    "---@type objlens.Module\n"
    "return {\n"
    "  -- Who asks makes no difference: one view serves everybody.\n"
    "  depends = { identity = false },\n"
    "\n"
    "  get = function(event, object, response)\n"
    "    local keep = json.options(event.configuration.payload, { keep = \"integer\" }).keep or 0\n"
    "    local function mask(digits)\n"
    "      local hidden = math.max(#digits - keep, 0)\n"
    "      return (\"*\"):rep(hidden) .. digits:sub(hidden + 1)\n"
    "    end\n"
    "    -- Pieces are cut anywhere: digits at the end of one may go on in the next, and wait for it.\n"
    "    local held = \"\"\n"
    "    for chunk in object:chunks() do\n"
    "      local text = held .. chunk\n"
    "      held = text:match(\"%d*$\")\n"
    "      response:write((text:sub(1, #text - #held):gsub(\"%d%d%d%d%d%d+\", mask)))\n"
    "    end\n"
    "    response:write((held:gsub(\"%d%d%d%d%d%d+\", mask)))\n"
    "  end,\n"
    "}\n";

static const char readme[] =
    "# @NAME@\n"
    "\n"
    "Masks numbers of six digits and more in a text.\n"
    "\n"
    "Try it, on text of your own or on that of a case, as anybody or as the caller in `event.json`:\n"
    "\n"
    "    echo 'card 4111111111111111' | objlens run ./@NAME@.lua --payload '{\"keep\": 4}'\n"
    "    objlens run ./@NAME@.lua --diff < tests/cards/input\n"
    "    objlens run ./@NAME@.lua --event event.json --headers < tests/cards/input\n"
    "\n"
    "Run all cases, cut in every way, once or whenever a file changes; and see how fast it is:\n"
    "\n"
    "    objlens test\n"
    "    objlens test --watch --diff\n"
    "    objlens bench ./@NAME@.lua tests/cards/input\n"
    "\n"
    "Serve it with this in the configuration:\n"
    "\n"
    "    transform \"@NAME@\" { file = \"@NAME@.lua\" }\n"
    "    object_lambda \"masked\" { access_point = \"ACCESS-POINT\", transforms = { \"@NAME@\" } }\n"
    "\n"
    "An editor with the Lua language server completes `event`, `object`, `response` and the modules from\n"
    "`types/`, where they are annotated as in `@NAME@.lua`.\n"
    "\n"
    OL_STARTER_README_CASES;

static const ol_starter_file files[] = {
    {"@NAME@.lua", script},
    {"README.md", readme},
    {".luarc.json", settings},
    {"event.json", ol_starter_event},
    LUA_TYPES
    {"tests/cards/input", "Paid with 4111111111111111 on day 12.\nCall 5550123 or 42.\n"},
    {"tests/cards/payload", "{\"keep\": 4}\n"},
    {"tests/cards/expected", "Paid with ************1111 on day 12.\nCall ***0123 or 42.\n"},
    {"tests/cards/secrets", "4111111111111111\n5550123\n"},
    {"tests/bad_payload/input", "Paid with 4111111111111111.\n"},
    {"tests/bad_payload/payload", "keep four\n"},
    {"tests/bad_payload/expect.json", "{\"error\": {\"code\": \"LambdaRuntimeError\"}}\n"},
    {"tests/bad_payload/secrets", "4111111111111111\n"},
    {"tests/empty/input", ""},
    {"tests/empty/expected", ""},
};

const ol_starter ol_starter_lua = {
    .language = "lua",
    .files = files,
    .count = sizeof(files) / sizeof(files[0]),
    .next = "objlens test @NAME@",
};
