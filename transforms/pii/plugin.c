/* SPDX-License-Identifier: MIT */
/*
 * The transform `pii`: what identifies a person becomes [EMAIL_ADDRESS] and the like, or is
 * reported, or denies the object. docs/pii.md says what is recognised and how; this file only
 * meets the host.
 */
#include <ctype.h>
#include <inttypes.h>
#include <objlens/transform.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "deny.h"
#include "files.h"
#include "operators/keys.h"

#define NAMED_COUNTERS 12 /* of entities; there are others before them */

#define LOG_LINE_BYTES 3072 /* all entities at once */

enum counter { OBJECTS, FINDINGS, DENIED, OTHER_COUNTERS };

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
    const struct pii_config *config; /* of all requests with this payload */
    struct pii_front front;
    struct pii_deny deny;
};

/* ---- once a process ----------------------------------------------------------------------- */

static char counter_names[NAMED_COUNTERS][48];
static unsigned counter_entities[NAMED_COUNTERS];
static const char *counters[OTHER_COUNTERS + NAMED_COUNTERS + 1] = {"objects", "findings", "denied"};

/* The first entities that are looked for by default have counters of their own. */
static void name_counters(void)
{
    struct pii_set set = pii_registry_default();
    size_t n = 0;
    for (unsigned i = 0; i < PII_ENTITIES && n < NAMED_COUNTERS; i++) {
        if (!pii_set_has(&set, i))
            continue;
        char *name = counter_names[n];
        snprintf(name, sizeof(counter_names[n]), "%s", pii_entities[i].name);
        for (; *name; name++)
            *name = (char)tolower((unsigned char)*name);
        counters[OTHER_COUNTERS + n] = counter_names[n];
        counter_entities[n++] = i;
    }
}

/* OpenSSL would read its configuration, and look for its algorithms, with the first request. */
static int pii_load(const struct objlens_host *host, char *reason, size_t reason_size)
{
    static const struct pii_operator sample = {.kind = PII_ENCRYPT};
    struct pii_operator op = sample;
    static struct pii_replacement out;
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
    bool works = pii_keys_make(&op.keys, "0123456789abcdef", 16) &&
                 pii_seal(&op.keys, "PII", (const uint8_t *)"sample", 6, &out) &&
                 pii_format_preserve(&op, (const uint8_t *)"0123456789", 10, false, &out);
    OPENSSL_cleanse(&op, sizeof(op));
    if (!works) {
        snprintf(reason, reason_size, "OpenSSL lacks AES-SIV, AES or HMAC");
        return OBJLENS_EFAILED;
    }
    return pii_files_load(host, reason, reason_size) ? kit_load(host, reason, reason_size) : OBJLENS_EFAILED;
}

static int pii_configure(const struct objlens_host *host, const void *payload, size_t size, void **config,
                         char *reason, size_t reason_size)
{
    struct pii_config *made = NULL;
    (void)host;
    (void)reason;
    (void)reason_size;
    int rc = pii_config_new(pii_heap, payload, size, &made);
    *config = made;
    return rc;
}

static void pii_unconfigure(void *config)
{
    pii_config_destroy(config);
}

/* ---- a request ---------------------------------------------------------------------------- */

static void release(struct instance *in)
{
    pii_deny_fini(&in->deny);
    pii_front_fini(&in->front);
    in->host->free(in->call, in);
}

/* What an object is known by for date shifts: its URL without the query. */
static void name_object(struct instance *in)
{
    struct objlens_bytes url;
    if (in->host->event_get(in->call, "userRequest.url", &url) != OBJLENS_OK || url.size == 0)
        return;
    const char *query = memchr(url.data, '?', url.size);
    in->front.decision.object = url.data;
    in->front.decision.object_size = query ? (size_t)(query - (const char *)url.data) : url.size;
}

static int start(struct instance *in)
{
    static const char type[] = "application/x-ndjson";
    int rc = pii_front_init(&in->front, in->host, in->call, in->config);
    if (rc != OBJLENS_OK)
        return rc;
    name_object(in);
    if (in->config->mode == PII_MODE_DENY)
        return pii_deny_init(&in->deny, &in->front);
    if (in->config->mode != PII_MODE_REPORT)
        return OBJLENS_OK;
    pii_output_hold(&in->front.out);
    rc = in->front.out.result;
    return rc == OBJLENS_OK
               ? in->host->set_header(in->call, "content-type", type, sizeof(type) - 1)
               : rc;
}

static int pii_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct kit_config *config;
    int rc = kit_config_of(host, call, "pii", &config);
    if (rc != OBJLENS_OK)
        return rc;
    struct instance *in = host->alloc(call, sizeof(*in));
    if (!in)
        return OBJLENS_ENOMEM;
    in->host = host;
    in->call = call;
    in->config = (const struct pii_config *)(const void *)config;
    rc = start(in);
    if (rc != OBJLENS_OK) {
        release(in);
        return rc;
    }
    *instance = in;
    return OBJLENS_OK;
}

static int pii_write(void *instance, const void *bytes, size_t size)
{
    struct instance *in = instance;
    if (in->config->mode == PII_MODE_DENY)
        return pii_deny_write(&in->deny, bytes, size);
    return pii_front_write(&in->front, bytes, size);
}

/* ---- what is told about it ---------------------------------------------------------------- */

/* "x-amz-meta-pii-email-address: 3", while the head has not left. */
static int set_counts(struct instance *in)
{
    const struct pii_decision *d = &in->front.decision;
    int rc = OBJLENS_OK;
    for (unsigned i = 0; i <= PII_TYPES_MAX && rc == OBJLENS_OK; i++) {
        char name[80], value[24];
        if (d->counts[i] == 0)
            continue;
        snprintf(name, sizeof(name), "pii-%s", pii_config_type(in->config, i));
        for (char *c = name; *c; c++)
            *c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
        int size = snprintf(value, sizeof(value), "%" PRIu64, d->counts[i]);
        rc = in->host->set_metadata(in->call, name, value, (size_t)size);
    }
    return rc == OBJLENS_ELIMIT ? OBJLENS_OK : rc; /* more kinds than a head may have */
}

/* One line a request with findings: how many of what, never what. */
static void log_counts(struct instance *in)
{
    static const char *const modes[] = {"redacted", "denied", "reported", "restored"};
    const struct pii_decision *d = &in->front.decision;
    char line[LOG_LINE_BYTES];
    if (d->total == 0)
        return;
    size_t used = (size_t)snprintf(line, sizeof(line), "pii: %s", modes[in->config->mode]);
    for (unsigned i = 0; i <= PII_TYPES_MAX && used < sizeof(line) - 100; i++)
        if (d->counts[i] > 0)
            used += (size_t)snprintf(line + used, sizeof(line) - used, " %s=%" PRIu64,
                                     pii_config_type(in->config, i), d->counts[i]);
    in->host->log(in->call, OBJLENS_INFO, line, used < sizeof(line) ? used : sizeof(line) - 1);
}

static void count(struct instance *in)
{
    const struct pii_decision *d = &in->front.decision;
    in->host->count(in->call, OBJECTS, 1);
    in->host->count(in->call, FINDINGS, d->total);
    if (in->config->mode == PII_MODE_DENY && d->total > 0)
        in->host->count(in->call, DENIED, 1);
    for (size_t i = 0; i < NAMED_COUNTERS && counters[OTHER_COUNTERS + i]; i++)
        if (d->counts[counter_entities[i]] > 0)
            in->host->count(in->call, (uint32_t)(OTHER_COUNTERS + i), d->counts[counter_entities[i]]);
}

static int pii_finish(void *instance)
{
    struct instance *in = instance;
    if (in->config->mode == PII_MODE_DENY)
        return pii_deny_finish(&in->deny);
    int rc = pii_front_finish(&in->front);
    if (rc == OBJLENS_OK && pii_output_holds(&in->front.out))
        rc = set_counts(in);
    if (rc != OBJLENS_OK)
        return rc;
    pii_output_release(&in->front.out);
    pii_output_flush(&in->front.out);
    return in->front.out.result;
}

static void pii_close(void *instance)
{
    struct instance *in = instance;
    log_counts(in);
    count(in);
    release(in);
}

static const struct objlens_transform pii = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "pii",
    .version = "2.0",
    .flags = OBJLENS_REENTRANT | OBJLENS_IGNORES_IDENTITY,
    .load = pii_load,
    .open = pii_open,
    .write = pii_write,
    .finish = pii_finish,
    .close = pii_close,
    .counters = counters,
    .configure = pii_configure,
    .unconfigure = pii_unconfigure,
};

const struct objlens_transform *objlens_transform_v1(void)
{
    name_counters();
    return &pii;
}
