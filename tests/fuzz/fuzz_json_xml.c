/* SPDX-License-Identifier: MIT */
/*
 * The json_xml transform: any bytes, cut anywhere. The first byte picks the payload. Beyond not
 * crashing: cuts do not matter, and what comes out is XML that xml_json reads, unless it is over a
 * limit. What xml_json makes of the bytes as XML comes back the same. What looks like a payload is
 * tried as one.
 */
#include <stdbool.h>

#include "shipped.h"

/* A payload for the one and the other. */
static const char *const payloads[][2] = {
    {"{}", "{}"},
    {"{\"convention\":\"badgerfish\"}", "{\"convention\":\"badgerfish\"}"},
    {"{\"convention\":\"gdata\"}", "{\"convention\":\"gdata\"}"},
    {"{\"convention\":\"parker\"}", "{\"convention\":\"parker\"}"},
    {"{\"convention\":\"jsonml\"}", "{\"convention\":\"jsonml\"}"},
    {"{\"records\":\"/r/a\"}", "{\"records\":\"/r/a\"}"},
    {"{\"records\":\"/r/a\",\"records_as\":\"array\",\"convention\":\"jsonml\"}",
     "{\"records\":\"/r/a\",\"records_as\":\"array\",\"convention\":\"jsonml\"}"},
    {"{\"records\":\"/r\",\"attr_prefix\":\"-\",\"text_key\":\"$\"}",
     "{\"records\":\"/r\",\"attr_prefix\":\"-\",\"text_key\":\"$\",\"strip\":\"none\",\"force_list\":true}"},
};

static const struct objlens_transform *xml_json, *json_xml;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Over a limit, or what has no JSON by a convention: these are no faults. */
static bool is_excused(const struct objlens_call *c)
{
    return strcmp(c->failed_code, "EntityTooLarge") == 0 || strcmp(c->failed_code, "UnsupportedXML") == 0;
}

static void check_is_xml(const char *payload, const struct objlens_call *xml)
{
    struct objlens_call call;
    direct_init(&call, payload, 3000, 1);
    int rc = direct_run(xml_json, &call, xml->out, xml->size, direct_whole);
    check(rc == OBJLENS_OK || is_excused(&call));
    direct_fini(&call);
}

/* XML, JSON, XML, JSON: the two JSONs are one. */
static void check_way_back(unsigned which, unsigned seed, const uint8_t *data, size_t size)
{
    struct objlens_call json, xml, again;
    direct_init(&json, payloads[which][1], 3000, 1);
    if (direct_run(xml_json, &json, data, size, direct_whole) == OBJLENS_OK) {
        int rc = run_twice(json_xml, payloads[which][0], seed, json.out, json.size, &xml);
        bool nothing = json.size == 0; /* no records, and their path is the root's */
        check(rc == OBJLENS_OK || nothing || strcmp(xml.failed_code, "EntityTooLarge") == 0);
        direct_init(&again, payloads[which][1], 3000, 1);
        if (rc == OBJLENS_OK) {
            rc = direct_run(xml_json, &again, xml.out, xml.size, direct_whole);
            check(rc == OBJLENS_OK || strcmp(again.failed_code, "EntityTooLarge") == 0);
            check(rc != OBJLENS_OK || (again.size == json.size && (json.size == 0 || memcmp(again.out, json.out, json.size) == 0)));
        }
        direct_fini(&again);
        direct_fini(&xml);
    }
    direct_fini(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!json_xml) {
        json_xml = direct_load("json_xml");
        xml_json = direct_load("xml_json");
    }
    if (size < 2)
        return 0;
    struct objlens_call call;
    unsigned which = data[0] & 7;
    if (run_twice(json_xml, payloads[which][0], data[0], data + 1, size - 1, &call) == OBJLENS_OK)
        check_is_xml(payloads[which][1], &call);
    direct_fini(&call);
    if (data[1] == '<')
        check_way_back(which, data[0], data + 1, size - 1);

    if (data[0] != '{')
        return 0;
    char *payload = strndup((const char *)data, size);
    run_twice(json_xml, payload, 1, (const uint8_t *)"{\"a\":1}", 7, &call);
    direct_fini(&call);
    free(payload);
    return 0;
}
