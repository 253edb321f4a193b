/* SPDX-License-Identifier: MIT */
#include "cli/starter.h"

/* include/objlens/transform.h as it is in this version, made by the build. */
#define PLUGIN_HEADER_PATH(path) path
#include "plugin_header.inc"

static const char source[] =
    "/* @NAME@: masks long numbers in a text. The payload may say how many digits at a number's end\n"
    " * stay: {\"keep\": 4} */\n"
    "#include <objlens/transform.h>\n"
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "#include <string.h>\n"
    "\n"
    "#define DIGITS_MIN 6  /* shorter numbers stay */\n"
    "#define DIGITS_MAX 64 /* so much of a number is held back; longer ones are masked wholly */\n"
    "\n"
    "struct config {\n"
    "    unsigned keep;\n"
    "};\n"
    "\n"
    "/* One request. */\n"
    "struct mask {\n"
    "    const struct objlens_host *host;\n"
    "    struct objlens_call *call;\n"
    "    unsigned keep;\n"
    "    char digits[DIGITS_MAX]; /* of a number that may go on in the next piece */\n"
    "    size_t count;            /* of its digits so far, those that were written included */\n"
    "};\n"
    "\n"
    "/* A payload is parsed once, not in every request. */\n"
    "static int mask_configure(const struct objlens_host *host, const void *payload, size_t size,\n"
    "                          void **config, char *reason, size_t reason_size)\n"
    "{\n"
    "    char text[64], behind;\n"
    "    (void)host;\n"
    "    struct config *made = calloc(1, sizeof(*made));\n"
    "    if (!made)\n"
    "        return OBJLENS_ENOMEM;\n"
    "    snprintf(text, sizeof(text), \"%.*s\", (int)size, size ? (const char *)payload : \"\");\n"
    "    if (size > 0 && (size >= sizeof(text) || sscanf(text, \" { \\\"keep\\\" : %u %c\", &made->keep,\n"
    "                                                    &behind) != 2 || behind != '}')) {\n"
    "        free(made);\n"
    "        snprintf(reason, reason_size, \"the payload is {\\\"keep\\\": NUMBER}\");\n"
    "        return OBJLENS_EINVAL;\n"
    "    }\n"
    "    *config = made;\n"
    "    return OBJLENS_OK;\n"
    "}\n"
    "\n"
    "static int mask_open(const struct objlens_host *host, struct objlens_call *call, void **instance)\n"
    "{\n"
    "    const struct config *config = host->config(call);\n"
    "    struct mask *m = host->alloc(call, sizeof(*m)); /* goes with the request */\n"
    "    if (!m)\n"
    "        return OBJLENS_ENOMEM;\n"
    "    m->host = host;\n"
    "    m->call = call;\n"
    "    m->keep = config->keep;\n"
    "    *instance = m;\n"
    "    return OBJLENS_OK;\n"
    "}\n"
    "\n"
    "static int emit(struct mask *m, const char *bytes, size_t size)\n"
    "{\n"
    "    return size ? m->host->emit(m->call, bytes, size) : OBJLENS_OK;\n"
    "}\n"
    "\n"
    "/* A number has ended. */\n"
    "static int end_number(struct mask *m)\n"
    "{\n"
    "    size_t count = m->count < DIGITS_MAX ? m->count : DIGITS_MAX;\n"
    "    size_t hidden = count > m->keep ? count - m->keep : 0;\n"
    "    if (m->count >= DIGITS_MIN) {\n"
    "        memset(m->digits, '*', m->count > DIGITS_MAX ? count : hidden);\n"
    "        m->host->count(m->call, 0, 1);\n"
    "    }\n"
    "    m->count = 0;\n"
    "    return emit(m, m->digits, count);\n"
    "}\n"
    "\n"
    "static int take_digit(struct mask *m, char digit)\n"
    "{\n"
    "    if (m->count < DIGITS_MAX)\n"
    "        m->digits[m->count] = digit;\n"
    "    m->count++;\n"
    "    return m->count > DIGITS_MAX ? emit(m, \"*\", 1) : OBJLENS_OK;\n"
    "}\n"
    "\n"
    "/* Pieces are cut anywhere, so a number may be cut in two: its digits wait for the rest. */\n"
    "static int mask_write(void *instance, const void *bytes, size_t size)\n"
    "{\n"
    "    struct mask *m = instance;\n"
    "    const char *text = bytes;\n"
    "    for (size_t at = 0; at < size;) {\n"
    "        size_t start = at;\n"
    "        int rc = OBJLENS_OK;\n"
    "        if (text[at] >= '0' && text[at] <= '9') {\n"
    "            rc = take_digit(m, text[at++]);\n"
    "        } else {\n"
    "            while (at < size && !(text[at] >= '0' && text[at] <= '9'))\n"
    "                at++;\n"
    "            rc = end_number(m);\n"
    "            if (rc == OBJLENS_OK)\n"
    "                rc = emit(m, text + start, at - start);\n"
    "        }\n"
    "        if (rc != OBJLENS_OK)\n"
    "            return rc; /* the client went away, or a limit was reached: return at once */\n"
    "    }\n"
    "    return OBJLENS_OK;\n"
    "}\n"
    "\n"
    "static int mask_finish(void *instance)\n"
    "{\n"
    "    return end_number(instance);\n"
    "}\n"
    "\n"
    "static void mask_close(void *instance)\n"
    "{\n"
    "    (void)instance; /* host->alloc's memory is freed by the host */\n"
    "}\n"
    "\n"
    "static const char *const counters[] = {\"numbers\", NULL};\n"
    "\n"
    "static const struct objlens_transform mask = {\n"
    "    OBJLENS_TRANSFORM_HEAD,\n"
    "    .name = \"@NAME@\",\n"
    "    .flags = OBJLENS_REENTRANT | OBJLENS_IGNORES_IDENTITY,\n"
    "    .open = mask_open,\n"
    "    .write = mask_write,\n"
    "    .finish = mask_finish,\n"
    "    .close = mask_close,\n"
    "    .counters = counters,\n"
    "    .configure = mask_configure,\n"
    "    .unconfigure = free,\n"
    "};\n"
    "\n"
    "const struct objlens_transform *objlens_transform_v1(void)\n"
    "{\n"
    "    return &mask;\n"
    "}\n";

static const char makefile[] =
    "CFLAGS = -std=c11 -O2 -g -Wall -Wextra\n"
    "\n"
    "@NAME@.so: @NAME@.c include/objlens/transform.h\n"
    "\t$(CC) $(CFLAGS) -fPIC -shared -fvisibility=hidden -Iinclude -o $@.new @NAME@.c $(LDLIBS)\n"
    "\tmv $@.new $@\n"
    "\n"
    "check: @NAME@.so\n"
    "\tobjlens plugin check ./@NAME@.so\n"
    "\tobjlens test .\n"
    "\n"
    "clean:\n"
    "\trm -f @NAME@.so\n"
    "\n"
    ".PHONY: check clean\n";

static const char readme[] =
    "# @NAME@\n"
    "\n"
    "Masks numbers of six digits and more in a text, at the speed of native code.\n"
    "\n"
    "Build it, look at it and run all cases; or try it, on text of your own or on that of a case, as\n"
    "anybody or as the caller in `event.json`; and see how fast it is:\n"
    "\n"
    "    make check\n"
    "    echo 'card 4111111111111111' | objlens run ./@NAME@.so --payload '{\"keep\": 4}'\n"
    "    objlens run ./@NAME@.so --diff < tests/cards/input\n"
    "    objlens run ./@NAME@.so --event event.json --headers < tests/cards/input\n"
    "    objlens bench ./@NAME@.so tests/cards/input\n"
    "\n"
    "Everything it needs of objlens is in `include/objlens/transform.h`; nothing is linked.\n"
    "To serve it, put @NAME@.so into a folder that the configuration names, and name it there:\n"
    "\n"
    "    plugins { folders = { \"/usr/local/lib/objlens/plugins\" } }\n"
    "    transform \"@NAME@\" { plugin = \"@NAME@\" }\n"
    "    object_lambda \"masked\" { access_point = \"ACCESS-POINT\", transforms = { \"@NAME@\" } }\n"
    "\n"
    OL_STARTER_README_CASES;

static const ol_starter_file files[] = {
    {"@NAME@.c", source},
    {"Makefile", makefile},
    {"README.md", readme},
    {"event.json", ol_starter_event},
    PLUGIN_HEADER
    {"tests/cards/input", "Paid with 4111111111111111 on day 12.\nCall 5550123 or 42.\n"},
    {"tests/cards/payload", "{\"keep\": 4}\n"},
    {"tests/cards/expected", "Paid with ************1111 on day 12.\nCall ***0123 or 42.\n"},
    {"tests/cards/secrets", "4111111111111111\n5550123\n"},
    {"tests/long_number/input",
     "12345678901234567890123456789012345678901234567890123456789012345678901234567890"},
    {"tests/long_number/expected",
     "********************************************************************************"},
    {"tests/bad_payload/input", "Paid with 4111111111111111.\n"},
    {"tests/bad_payload/payload", "keep four\n"},
    {"tests/bad_payload/expect.json", "{\"error\": {\"code\": \"InvalidTransformPayload\"}}\n"},
    {"tests/bad_payload/secrets", "4111111111111111\n"},
    {"tests/empty/input", ""},
    {"tests/empty/expected", ""},
};

const ol_starter ol_starter_c = {
    .language = "c",
    .files = files,
    .count = sizeof(files) / sizeof(files[0]),
    .next = "make -C @NAME@ check",
};
