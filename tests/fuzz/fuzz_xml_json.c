/* SPDX-License-Identifier: MIT */
/*
 * The xml_json transform: any bytes, cut anywhere. The first byte picks the payload and the
 * cuts, the second where a block of the parser ends. Beyond not crashing: neither cuts nor
 * blocks matter, and what comes out is JSON. The bytes are also tried as a payload.
 */
#include <jansson.h>
#include <stdbool.h>

#include "shipped.h"

#define BLOCK_BYTES (16 * 1024)

/* Those whose number has the bit 2 give lines. */
static const char *const payloads[] = {
    "", "{\"memory_bytes\":131072,\"namespaces\":{\"u\":null,\"w\":\"x\"}}", "{\"records\":\"/r/a\"}", "{\"records\":\"/r\",\"force_list\":[\"a\",\"#text\"]}",
    "{\"convention\":\"gdata\",\"namespaces\":\"strip\"}", "{\"convention\":\"jsonml\",\"namespaces\":\"expand\"}",
    "{\"records\":\"/r/a\",\"convention\":\"badgerfish\",\"text_key\":\"a\",\"attr_prefix\":\"\"}",
    "{\"records\":\"/r/a\",\"convention\":\"parker\",\"strip\":\"none\"}",
    "{\"process_comments\":true,\"cdata_separator\":\"|\",\"force_cdata\":[\"a\"]}",
    "{\"process_comments\":true,\"comment_key\":\"a\",\"attr_prefix\":\"\",\"namespaces\":{\"u\":null}}",
    "{\"item_depth\":2,\"process_comments\":true,\"cdata_separator\":\" \",\"force_list\":[\"#comment\"]}",
    "{\"item_depth\":3,\"convention\":\"jsonml\",\"namespaces\":{\"u\":null}}"};

static const struct objlens_transform *xml_json;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_json(const struct objlens_call *c, bool lines)
{
    if (c->size == 0)
        return;
    const char *at = (const char *)c->out, *end = at + c->size;
    while (at < end) {
        const char *stop = lines ? memchr(at, '\n', (size_t)(end - at)) : end;
        check(stop != NULL);
        json_t *value = json_loadb(at, (size_t)(stop - at), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
        check(value != NULL);
        json_decref(value);
        at = stop + lines;
    }
}

/* With white space before it, so that the parser's first block ends inside it. */
static void check_block_edge(const char *payload, unsigned edge, const uint8_t *data, size_t size,
                             int wanted, const struct objlens_call *before)
{
    if (size < 2 || data[0] != '<' || data[1] == '?' || data[1] == '\0')
        return; /* must stand at the very beginning */
    uint8_t *padded = malloc(BLOCK_BYTES + size);
    size_t pad = BLOCK_BYTES - edge;
    check(padded != NULL);
    memset(padded, '\n', pad);
    memcpy(padded + pad, data, size);
    struct objlens_call call;
    direct_init(&call, payload, 1000, 1);
    int rc = direct_run(xml_json, &call, padded, pad + size, direct_whole);
    check(rc == wanted);
    if (rc == OBJLENS_OK)
        check(call.size == before->size && (call.size == 0 || memcmp(call.out, before->out, call.size) == 0));
    direct_fini(&call);
    free(padded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!xml_json)
        xml_json = direct_load("xml_json");
    if (size < 2)
        return 0;
    struct objlens_call call;
    unsigned which = data[0] % 12;
    int rc = run_twice(xml_json, payloads[which], data[0], data + 2, size - 2, &call);
    if (rc == OBJLENS_OK)
        check_json(&call, which & 2);
    check_block_edge(payloads[which], data[1], data + 2, size - 2, rc, &call);
    direct_fini(&call);

    char *payload = strndup((const char *)data, size);
    run_twice(xml_json, payload, 1, (const uint8_t *)"<r><a/></r>", 11, &call);
    direct_fini(&call);
    free(payload);
    return 0;
}
