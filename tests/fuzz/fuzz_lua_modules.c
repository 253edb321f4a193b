/* SPDX-License-Identifier: MIT */
/*
 * The parsers of the Lua modules against any bytes, inside the engine. The first byte chooses the module,
 * the second how the rest is cut; what comes out must not depend on that, and nothing may end the
 * job but an error of the script's or a budget.
 */
#include <assert.h>

#include "../unit/transform_lua/fake_job.c"

#include "lib/check.c"

static const char source[] =
    "local json, csv, xml, re = require 'objlens.json', require 'objlens.csv', require 'objlens.xml', require 'objlens.re'\n"
    "local base64, u8, zip, pii = require 'objlens.base64', require 'objlens.utf8', require 'objlens.zip', require 'objlens.pii'\n"
    "local word = re.compile([[\\b[a-z]+(?=\\d)|(?<=x).]], 'b')\n"
    "local function cut(text, size)\n"
    "  local at = 1\n"
    "  return function()\n"
    "    if at > #text then return nil end\n"
    "    local piece = text:sub(at, at + size - 1)\n"
    "    at = at + size\n"
    "    return piece\n"
    "  end\n"
    "end\n"
    "local function join(pieces) local parts = {} for p in pieces do parts[#parts + 1] = p end return table.concat(parts) end\n"
    "local function written(w, from)\n"
    "  local parts = {} for p in from do parts[#parts + 1] = w:write(p) end\n"
    "  return table.concat(parts) .. w:finish()\n"
    "end\n"
    "local function shown(events)\n"
    "  local parts = {} for kind, what in events do parts[#parts + 1] = kind .. what end return table.concat(parts, '|')\n"
    "end\n"
    "local modules = {\n"
    "  function(from) local parts = {} for v in json.values(from) do parts[#parts + 1] = json.encode(v) end return table.concat(parts, ' ') end,\n"
    "  function(from) local r, n = json.reader(from), 0\n"
    "    if r:kind() == 'object' then for _ in r:members() do if n % 2 == 0 then r:raw() end n = n + 1 end\n"
    "    elseif r:kind() == 'array' then for _ in r:elements() do n = n + 1 end end\n"
    "    r:finish() return n .. '' end,\n"
    "  function(from) local parts = {} for row in csv.rows(from) do parts[#parts + 1] = csv.line(row) end return table.concat(parts) end,\n"
    "  function(from) return shown(xml.events(from)) end,\n"
    "  function(from) return join(word:replace(from, '<$0>')) end,\n"
    "  function(from) return written(base64.decoder(), from) end,\n"
    "  function(from) return join(u8.pieces(from)) .. join(u8.decode(from, 'utf-16le')) end,\n"
    "  function(from) return join(zip.decompress(from, nil, {max_bytes = 1000000})) end,\n"
    "  function(from) return written(pii.redactor(), from) end,\n"
    "}\n"
    "return function(event, object, response)\n"
    "  local text = object:read('a')\n"
    "  if #text < 2 then return end\n"
    "  local module, size = modules[text:byte(1) % #modules + 1], text:byte(2) % 16 + 1\n"
    "  text = text:sub(3)\n"
    "  local ok, whole = pcall(module, cut(text, #text + 1))\n"
    "  local again, parts = pcall(module, cut(text, size))\n"
    "  if ok ~= again or ok and whole ~= parts then response:error(500, 'Differs') end\n"
    "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fake_engine engine;
    fake_options options = {.original = ol_slice_of(data, size), .discard = true};
    fake_result result;
    if (!engine.engine) {
        fake_engine_init(&engine);
        engine.limits.unyieldable_ms = 5000;
        if (fake_engine_load(&engine, source) != OL_OK)
            abort();
    }
    fake_run(&engine, &options, &result);
    assert(result.rc == OL_DONE || result.rc == OL_ETRANSFORMMEMORY || result.rc == OL_ETRANSFORMCPU ||
           result.rc == OL_ETRANSFORMPATTERN);
    fake_result_fini(&result);
    return 0;
}
