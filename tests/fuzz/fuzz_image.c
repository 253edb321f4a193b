/* SPDX-License-Identifier: MIT */
/*
 * The image transform: payloads, queries (signed ones too), templates and the headers of originals. The first
 * byte says which of them the others are. With OBJLENS_FULL in the environment, originals are decoded
 * as well, whole and in pieces, which must make no difference.
 */
#include "shipped.h"

static const struct objlens_transform *image;
static int decodes;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything but the picture. */
static void open_and_write(const char *payload, const char *const *fields, const uint8_t *data, size_t size)
{
    struct objlens_call c;
    void *instance = NULL;
    direct_init(&c, payload, 1000, 1);
    c.fields = fields;
    c.url = "https://view.example/some/key?x";
    if (direct_open(image, &direct_host, &c, &instance) == OBJLENS_OK) {
        int rc = OBJLENS_OK;
        for (size_t at = 0; at < size && rc == OBJLENS_OK; at += 50)
            rc = image->write(instance, data + at, size - at < 50 ? size - at : 50);
        image->close(instance);
    }
    direct_fini(&c);
}

static void try_query(char *text)
{
    char *end, *value = strchr(text, '=');
    if (!value)
        return;
    *value++ = '\0';
    end = strchr(value, '&');
    if (end)
        *end++ = '\0';
    char path[300], name[300];
    snprintf(path, sizeof(path), "userRequest.query.%s", text);
    snprintf(name, sizeof(name), "userRequest.query.%s", end ? end : "sig");
    const char *const fields[] = {path, value, name, value, "userIdentity.userName", value, NULL};
    open_and_write("{\"allow_query\":[\"width\",\"height\",\"format\",\"quality\",\"dpr\",\"fit\",\"gravity\"],"
                   "\"sign_key\":\"00112233445566778899aabbccddeeff\","
                   "\"watermark\":{\"text\":\"{userIdentity.userName|x} {userRequest.query.a|y}\"}}",
                   fields, NULL, 0);
}

static void decode(const uint8_t *data, size_t size)
{
    static const char *const payloads[] = {
        "{\"width\":20,\"sources\":[\"jpeg\",\"png\",\"webp\",\"gif\"],\"max_pixels\":100000}",
        "{\"fit\":\"fill\",\"width\":7,\"height\":9,\"gravity\":\"smart\",\"max_pixels\":100000,"
        "\"watermark\":{\"text\":\"x\",\"position\":\"chessboard\",\"rotate\":20}}"};
    struct objlens_call c;
    run_twice(image, payloads[size & 1], (unsigned)size, data, size, &c);
    direct_fini(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!image) {
        image = direct_load("image");
        decodes = getenv("OBJLENS_FULL") != NULL;
    }
    if (size == 0)
        return 0;
    char *text = strndup((const char *)data + 1, size - 1);
    switch (data[0]) {
    case 'p':
        open_and_write(text, NULL, NULL, 0);
        break;
    case 'q':
        try_query(text);
        break;
    default:
        open_and_write("{\"sources\":[\"jpeg\",\"png\",\"webp\",\"gif\",\"avif\",\"heic\"]}", NULL, data, size);
        if (decodes)
            decode(data, size);
    }
    free(text);
    return 0;
}
