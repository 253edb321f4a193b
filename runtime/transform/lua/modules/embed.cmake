# SPDX-License-Identifier: MIT
# Writes OUT, a C initializer list of {"name", text, length}, from FILES (Lua texts).
set(arrays "")
set(rows "")
foreach(file IN LISTS FILES)
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(APPEND arrays "static const unsigned char lua_${name}[] = {${bytes}};\n")
    string(APPEND rows "    {\"${name}\", (const char *)lua_${name}, sizeof(lua_${name})},\n")
endforeach()
file(WRITE ${OUT} "/* Made from runtime/transform/lua/modules. */\n${arrays}static const module_text module_texts[] = {\n${rows}};\n")
