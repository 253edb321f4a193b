/* SPDX-License-Identifier: MIT */
/*
 * The transform `image`: pictures made smaller, cut and converted. README.md says how; this file
 * only meets the host. The original is gathered, since decoders go back and forth in it, up to a
 * bound; it is refused as soon as its header is there, if the header says that it is too large. Then
 * the picture is made in one go.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fonts.h"
#include "library.h"
#include "picture.h"
#include "query.h"
#include "sign.h"
#include "stored.h"

#define THREADS 32u
#define FIRST_BYTES (64u * 1024u)
#define FORMAT_NAMES_BYTES 64u

enum { COUNTER_MADE, COUNTER_REFUSED };

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
    struct image_config config;
    struct image_text texts[IMAGE_MARKS_MAX];
    struct image_header header;
    bool judged; /* the header was read, and the original may be decoded */
    uint64_t memory_bytes;
    unsigned char *bytes;
    size_t size, room;
};

static int image_load(const struct objlens_host *host, char *reason, size_t reason_size)
{
    int rc = kit_load(host, reason, reason_size);
    if (rc != OBJLENS_OK)
        return rc;
    image_fonts_load(host);
    image_stored_load(host);
    return image_library_load(reason, reason_size) ? OBJLENS_OK : OBJLENS_EFAILED;
}

static int image_configure(const struct objlens_host *host, const void *payload, size_t size,
                           void **config, char *reason, size_t reason_size)
{
    struct image_config *made = NULL;
    (void)host;
    (void)reason;
    (void)reason_size;
    int rc = image_config_new(payload, size, &made);
    *config = made;
    return rc;
}

static void image_unconfigure(void *config)
{
    image_config_destroy(config);
}

/* ---- refusals ---- */

static int refuse(struct instance *in, const char *code, const char *text)
{
    char message[KIT_REASON_BYTES + 16];
    in->host->count(in->call, COUNTER_REFUSED, 1);
    snprintf(message, sizeof(message), "image: %s", text);
    return in->host->fail(in->call, 400, code, message);
}

static int refuse_for(struct instance *in, enum image_result result)
{
    switch (result) {
    case IMAGE_TOO_LARGE:
        return refuse(in, "ImageTooLarge", "the original is larger than this view makes pictures of");
    case IMAGE_TOO_MUCH:
        return refuse(in, "ImageTooLarge", "the original takes more memory to decode than there is");
    case IMAGE_MANY_FRAMES:
        return refuse(in, "ImageTooLarge", "the original has more frames than this view reads (max_frames)");
    case IMAGE_MUCH_TEXT:
        return refuse(in, "ImageTooLarge", "the original has more text beside its picture than is read");
    case IMAGE_MANY_SCANS:
        return refuse(in, "ImageTooLarge", "the original has more scans than are decoded");
    case IMAGE_NO_SIZE:
        return refuse(in, "InvalidArgument", "the picture asked for is too large");
    case IMAGE_NO_FORMAT:
        return refuse(in, "InvalidArgument", "pictures cannot be written in that format here");
    case IMAGE_NO_FONT:
        return in->host->fail(in->call, 500, "InvalidTransformPayload",
                              "image: there is no font for the watermark");
    case IMAGE_NO_MARK:
        return in->host->fail(in->call, 500, "InvalidTransformPayload",
                              "image: the watermark's own image cannot be read");
    default:
        return refuse(in, "InvalidImage", "the original is damaged");
    }
}

/* Once the original's format is known. */
static void choose_format(struct instance *in)
{
    struct objlens_bytes accept;
    if (in->config.format != IMAGE_ACCEPT)
        return;
    if (in->host->event_get(in->call, "userRequest.headers.accept", &accept) != OBJLENS_OK)
        accept = (struct objlens_bytes){"", 0};
    in->config.format =
        image_format_accepted(accept.data, accept.size, in->header.format, image_library_writes());
}

/* Who cannot be named gets no picture without the name. */
static int fill_in(struct instance *in, bool is_signed)
{
    const struct image_asker asker = {in->host, in->call, is_signed};
    char missing[KIT_REASON_BYTES], message[KIT_REASON_BYTES + 80];
    for (unsigned i = 0; i < in->config.mark_count; i++) {
        int rc = image_template_expand(in->config.marks[i].text, &asker, &in->texts[i], missing,
                                       sizeof(missing));
        if (rc == OBJLENS_OK)
            continue;
        snprintf(message, sizeof(message), "image: the watermark names %s, which this request lacks",
                 missing);
        return in->host->fail(in->call, 403, "AccessDenied", message);
    }
    return OBJLENS_OK;
}

/* ---- a request ---- */

static int image_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    char reason[KIT_REASON_BYTES];
    struct objlens_limits limits = {.size = sizeof(limits)};
    uint64_t size;
    struct instance *in = host->alloc(call, sizeof(*in));
    struct kit_config *config;
    if (!in || host->limits(call, &limits) != OBJLENS_OK)
        return OBJLENS_ENOMEM;
    int rc = kit_config_of(host, call, "image", &config);
    if (rc != OBJLENS_OK)
        return rc;
    *in = (struct instance){.host = host, .call = call, .memory_bytes = limits.memory_bytes};
    in->config = *(const struct image_config *)config;
    in->config.payload = (const struct image_config *)config;
    explicit_bzero(in->config.sign_key, sizeof(in->config.sign_key)); /* stays where it is wiped */
    enum image_signed is = image_sign_check((const struct image_config *)config, host, call);
    if (is == IMAGE_FORGED)
        return host->fail(call, 403, "AccessDenied", "image: the signature of the query is wrong");
    if (!image_query_read(&in->config, host, call, is == IMAGE_SIGNED, reason, sizeof(reason)))
        return refuse(in, "InvalidArgument", reason);
    rc = fill_in(in, is == IMAGE_SIGNED);
    if (rc != OBJLENS_OK)
        return rc;
    if (host->object_size(call, &size) == OBJLENS_OK) {
        if (size > in->config.source_bytes_max)
            return refuse_for(in, IMAGE_TOO_LARGE);
        in->room = (size_t)size;
        in->bytes = malloc(in->room + 1);
        if (!in->bytes)
            return OBJLENS_ENOMEM;
    }
    *instance = in;
    return OBJLENS_OK;
}

static int keep(struct instance *in, const void *bytes, size_t size)
{
    if (size > in->config.source_bytes_max - in->size)
        return refuse_for(in, IMAGE_TOO_LARGE);
    if (size > in->room - in->size) {
        size_t room = in->room > FIRST_BYTES ? in->room : FIRST_BYTES;
        while (room < in->size + size)
            room *= 2;
        unsigned char *grown = realloc(in->bytes, room);
        if (!grown)
            return OBJLENS_ENOMEM;
        in->bytes = grown;
        in->room = room;
    }
    memcpy(in->bytes + in->size, bytes, size);
    in->size += size;
    return OBJLENS_OK;
}

static int refuse_format(struct instance *in)
{
    char names[FORMAT_NAMES_BYTES], read[KIT_REASON_BYTES];
    image_format_names(in->config.sources, names, sizeof(names));
    snprintf(read, sizeof(read), "the original is no picture that this view reads (%s)", names);
    return refuse(in, "InvalidImage", read);
}

/* At the end, `more` is not to be had. */
static int judge(struct instance *in, bool at_end)
{
    switch (image_header_read(&in->header, in->bytes, in->size)) {
    case IMAGE_HEADER_OK:
        break;
    case IMAGE_HEADER_MORE:
        if (!at_end)
            return OBJLENS_OK;
        if (in->header.format != IMAGE_SAME)
            return refuse_for(in, IMAGE_DAMAGED); /* fall through */
    case IMAGE_HEADER_UNKNOWN:
        return refuse_format(in);
    default:
        return refuse_for(in, IMAGE_DAMAGED);
    }
    if (!(in->config.sources & IMAGE_FORMAT_BIT(in->header.format)))
        return refuse_format(in);
    enum image_result result = image_picture_admit(&in->config, &in->header, in->memory_bytes);
    in->judged = true;
    return result == IMAGE_OK ? OBJLENS_OK : refuse_for(in, result);
}

static int image_write(void *instance, const void *bytes, size_t size)
{
    struct instance *in = instance;
    int rc = keep(in, bytes, size);
    return rc == OBJLENS_OK && !in->judged ? judge(in, false) : rc;
}

static int send(struct instance *in, const struct image_picture *made)
{
    const char *type = image_media_type(made->format);
    int rc = in->host->set_header(in->call, "content-type", type, strlen(type));
    return rc == OBJLENS_OK ? in->host->emit(in->call, made->bytes, made->size) : rc;
}

static int image_finish(void *instance)
{
    struct instance *in = instance;
    struct image_picture made;
    int rc = in->judged ? OBJLENS_OK : judge(in, true);
    if (rc != OBJLENS_OK)
        return rc;
    choose_format(in);
    struct image_original original = {&in->header, in->bytes, in->size};
    enum image_result result = image_picture_make(&in->config, &original, in->texts, &made);
    if (result != IMAGE_OK)
        return refuse_for(in, result);
    in->host->count(in->call, COUNTER_MADE, 1);
    rc = send(in, &made);
    image_picture_fini(&made);
    return rc;
}

static void image_close(void *instance)
{
    struct instance *in = instance;
    free(in->bytes);
    in->host->free(in->call, in);
}

/* Looked at where the payload says "format": "accept". */
static const char *const depends[] = {"accept", NULL};
static const char *const counters[] = {"made", "refused", NULL};

static const struct objlens_transform image = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "image",
    .flags = OBJLENS_SEES_REQUEST | OBJLENS_NAMES_WHAT_IT_SEES,
    .depends_headers = depends,
    .load = image_load,
    .open = image_open,
    .write = image_write,
    .finish = image_finish,
    .close = image_close,
    .threads_max = THREADS,
    .counters = counters,
    .configure = image_configure,
    .unconfigure = image_unconfigure,
};

const struct objlens_transform *objlens_transform_v1(void)
{
    return &image;
}
