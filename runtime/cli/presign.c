/* SPDX-License-Identifier: MIT */
/*
 * objlens presign: a link to an object, signed with the caller's own key. Computed here, no server
 * is asked: a link reaches what its signer may reach, no more, and only until it ends.
 */
#include <stdlib.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "s3/address/address.h"
#include "s3/sigv4/sigv4_sign.h"

#define ENDPOINT "http://127.0.0.1:9000"
#define REGION "us-east-1"
#define EXPIRES_S 3600

typedef struct presigning {
    const ol_options *options;
    ol_sigv4_credentials credentials;
    ol_sigv4_signing signing;
    ol_slice scheme;  /* "http://" */
    ol_buf path;
    uint64_t expires_s;
} presigning;

/* ---- where things come from ---- */

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

/* A pair from one place: half a pair is a mistake, not a reason to look on. */
static int take_pair(presigning *self, const char *key_name, const char *secret_name, ol_error *err)
{
    const char *key = environment(key_name), *secret = environment(secret_name);
    if (!key && !secret)
        return OL_SKIP;
    if (!key || !secret)
        return ol_error_set(err, OL_EINVAL, "%s is set, but %s is not",
                            key ? key_name : secret_name, key ? secret_name : key_name);
    self->credentials.access_key = ol_slice_cstr(key);
    self->credentials.secret_key = ol_slice_cstr(secret);
    return OL_OK;
}

static int find_credentials(presigning *self, ol_error *err)
{
    int rc = take_pair(self, "OBJLENS_ACCESS_KEY", "OBJLENS_SECRET_KEY", err);
    if (rc != OL_SKIP) {
        self->credentials.token = ol_slice_cstr(environment("OBJLENS_SESSION_TOKEN"));
        return rc;
    }
    rc = take_pair(self, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", err);
    self->credentials.token = ol_slice_cstr(environment("AWS_SESSION_TOKEN"));
    if (rc == OL_SKIP)
        return ol_error_set(err, OL_EINVAL,
                            "no credentials: set OBJLENS_ACCESS_KEY and OBJLENS_SECRET_KEY, or "
                            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    return rc;
}

static const char *setting(const presigning *self, const char *option, const char *const *variables,
                           const char *fallback)
{
    const char *value = ol_options_value(self->options, option, 0);
    for (; !value && *variables; variables++)
        value = environment(*variables);
    return value ? value : fallback;
}

/* ---- the endpoint: scheme, host, and a base path that stays in front ---- */

static bool is_host(ol_slice host)
{
    for (size_t i = 0; i < host.len; i++)
        if (host.data[i] <= ' ' || strchr("@?#/\\", host.data[i]))
            return false;
    return host.len > 0;
}

static int read_endpoint(presigning *self, ol_slice *base, ol_error *err)
{
    static const char *const variables[] = {"OBJLENS_ENDPOINT", "AWS_ENDPOINT_URL_S3",
                                            "AWS_ENDPOINT_URL", NULL};
    const char *text = setting(self, "endpoint", variables, ENDPOINT);
    ol_slice url = ol_slice_cstr(text);
    const ol_slice plain = OL_SLICE_LIT("http://"), secure = OL_SLICE_LIT("https://");
    self->scheme = ol_slice_starts(url, secure) ? secure : plain;
    if (!ol_slice_starts(url, self->scheme))
        return ol_error_set(err, OL_EINVAL, "the endpoint \"%.100s\" must begin with http:// or "
                                            "https://", text);
    ol_slice rest = ol_slice_from(url, self->scheme.len);
    ptrdiff_t slash = ol_slice_find(rest, '/');
    *base = slash < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)slash);
    self->signing.host = slash < 0 ? rest : ol_slice_first(rest, (size_t)slash);
    /* Clients leave the usual port out of the Host that they send. */
    ol_slice usual = self->scheme.len == secure.len ? OL_SLICE_LIT(":443") : OL_SLICE_LIT(":80");
    if (ol_slice_ends(self->signing.host, usual))
        self->signing.host = ol_slice_first(self->signing.host, self->signing.host.len - usual.len);
    while (base->len > 0 && base->data[base->len - 1] == '/')
        *base = ol_slice_first(*base, base->len - 1);
    if (!is_host(self->signing.host) || ol_slice_find(*base, '?') >= 0)
        return ol_error_set(err, OL_EINVAL, "the endpoint \"%.100s\" must be SCHEME://HOST[:PORT]"
                                            "[/PATH]", text);
    return OL_OK;
}

/* ---- the object ---- */

static int read_object(presigning *self, ol_slice base, ol_error *err)
{
    const ol_slice scheme = OL_SLICE_LIT("s3://");
    ol_slice url = ol_slice_cstr(self->options->operands[1]);
    ol_slice rest = ol_slice_from(url, scheme.len);
    ptrdiff_t slash = ol_slice_find(rest, '/');
    if (!ol_slice_starts(url, scheme) || slash == 0 || rest.len == 0)
        return ol_error_set(err, OL_EINVAL, "\"%.100s\" must be s3://BUCKET-OR-ALIAS/KEY",
                            self->options->operands[1]);
    /* A path that is encoded once: the key byte for byte, whatever is in it. */
    int rc = ol_buf_add(&self->path, base);
    if (rc == OL_OK)
        rc = ol_buf_add_byte(&self->path, '/');
    if (rc == OL_OK)
        rc = ol_uri_encode(&self->path, slash < 0 ? rest : ol_slice_first(rest, (size_t)slash),
                           false);
    if (rc == OL_OK && slash >= 0)
        rc = ol_uri_encode(&self->path, ol_slice_from(rest, (size_t)slash), true);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "the link is too long");
    self->signing.path = ol_buf_slice(&self->path);
    return OL_OK;
}

static int read_method(presigning *self, ol_error *err)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "POST"};
    const char *method = self->options->operands[0];
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcasecmp(method, methods[i]) == 0) {
            self->signing.method = ol_slice_cstr(methods[i]);
            return OL_OK;
        }
    }
    return ol_error_set(err, OL_EINVAL, "\"%.20s\" must be GET, HEAD, PUT, DELETE or POST", method);
}

/* ---- all of it ---- */

static int read_presigning(presigning *self, ol_error *err)
{
    static const char *const regions[] = {"OBJLENS_REGION", "AWS_REGION", "AWS_DEFAULT_REGION",
                                          NULL};
    ol_slice base = OL_SLICE_NONE;
    self->expires_s = EXPIRES_S;
    int rc = read_method(self, err);
    if (rc == OL_OK)
        rc = ol_options_number(self->options, "expires-in", 1, OL_SIGV4_EXPIRES_S_MAX,
                               &self->expires_s, err);
    if (rc == OL_OK)
        rc = read_endpoint(self, &base, err);
    if (rc == OL_OK)
        rc = read_object(self, base, err);
    if (rc == OL_OK)
        rc = find_credentials(self, err);
    self->signing.credentials = &self->credentials;
    self->signing.region = ol_slice_cstr(setting(self, "region", regions, REGION));
    self->signing.now_ms = ol_clock_wall_ms();
    return rc;
}

static int print_link(const presigning *self, ol_error *err)
{
    ol_sigv4 *sigv4;
    ol_buf url;
    if (ol_sigv4_new(&sigv4) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, NULL);
    ol_buf_init(&url, 2 * OL_HTTP_URL_BYTES_MAX);
    int rc = ol_sigv4_presign(sigv4, &self->signing, (uint32_t)self->expires_s, &url, err);
    if (rc == OL_OK)
        printf("%.*s%.*s%s\n", OL_SLICE_FMT(self->scheme), OL_SLICE_FMT(self->signing.host),
               ol_buf_cstr(&url));
    ol_buf_fini(&url);
    ol_sigv4_destroy(sigv4);
    return rc;
}

static int run(const ol_options *options)
{
    presigning self = {.options = options};
    ol_error err = {0};
    ol_buf_init(&self.path, OL_HTTP_URL_BYTES_MAX);
    int code = OL_EXIT_OK;
    if (read_presigning(&self, &err) != OL_OK) {
        code = ol_cli_usage(&ol_command_presign, "%s", ol_cli_reason(&err));
    } else if (print_link(&self, &err) != OL_OK) {
        ol_cli_complain("%s", ol_cli_reason(&err));
        code = OL_EXIT_FAILED;
    }
    ol_buf_fini(&self.path);
    return code;
}

static const ol_option presign_options[] = {
    {"expires-in", "SECONDS", false, "how long the link works: 1 to 604800 (default 3600)"},
    {"endpoint", "URL", false,
     "where the server is (default OBJLENS_ENDPOINT, AWS_ENDPOINT_URL_S3, " ENDPOINT ")"},
    {"region", "REGION", false,
     "the server's region (default OBJLENS_REGION, AWS_REGION, " REGION ")"},
};

const ol_command ol_command_presign = {
    .name = "presign",
    .operands = "METHOD s3://BUCKET-OR-ALIAS/KEY",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "Make a link that lets whoever has it do one thing for a while.",
    .about =
        "The link is signed with OBJLENS_ACCESS_KEY and OBJLENS_SECRET_KEY (and\n"
        "OBJLENS_SESSION_TOKEN), or with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and\n"
        "AWS_SESSION_TOKEN. It does what the owner of that key may do at the moment it is\n"
        "used; taking the key or a permission away ends it early.",
    .options = presign_options,
    .option_count = sizeof presign_options / sizeof presign_options[0],
    .run = run,
};
