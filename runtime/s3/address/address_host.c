/* SPDX-License-Identifier: MIT */
/* Which of our names a host is, and what stands before it. */
#include "s3/address/address_private.h"

static bool has_upper(ol_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= 'A' && text.data[i] <= 'Z')
            return true;
    return false;
}

static int lower(ol_slice text, ol_arena *arena, ol_slice *out, ol_error *err)
{
    *out = text;
    if (!has_upper(text))
        return OL_OK;
    uint8_t *bytes = ol_arena_alloc(arena, text.len);
    if (!bytes)
        return ol_error_set(err, OL_ENOMEM, "the host's name");
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bytes[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
    }
    *out = ol_slice_of(bytes, text.len);
    return OL_OK;
}

/* Without the port and the dot that ends a fully qualified name. */
static ol_slice name_of(ol_slice host)
{
    size_t len = host.len;
    while (len > 0 && host.data[len - 1] >= '0' && host.data[len - 1] <= '9')
        len--;
    if (len > 0 && host.data[len - 1] == ':')
        host = ol_slice_first(host, len - 1);
    if (host.len > 1 && host.data[host.len - 1] == '.')
        host = ol_slice_first(host, host.len - 1);
    return host;
}

/* Cut the label behind the last dot off *name. False when *name is empty. */
static bool cut_label(ol_slice *name, ol_slice *label)
{
    if (name->len == 0)
        return false;
    for (size_t i = name->len; i-- > 0;) {
        if (name->data[i] != '.')
            continue;
        *label = ol_slice_from(*name, i + 1);
        *name = ol_slice_first(*name, i);
        return true;
    }
    *label = *name;
    *name = OL_SLICE_NONE;
    return true;
}

/* ---- names that are ours without being configured ---- */

static bool is_octet(ol_slice label)
{
    uint64_t number;
    return label.len <= 3 && ol_slice_u64(label, &number) && number <= 255;
}

/* An IPv4 address at the end of `host`: *before is what stands before it, with its dot. */
static bool ends_with_ipv4(ol_slice host, ol_slice *address, ol_slice *before)
{
    ol_slice rest = host, label;
    for (int i = 0; i < 4; i++)
        if (!cut_label(&rest, &label) || !is_octet(label))
            return false;
    size_t start = (size_t)(label.data - host.data);
    *address = ol_slice_from(host, start);
    *before = ol_slice_first(host, start);
    return true;
}

/* `before` ends with the dot that separates it, or is empty. False: a dot and nothing before. */
static bool take_label(ol_slice before, ol_s3_host *out)
{
    if (before.len == 1)
        return false;
    out->label = before.len == 0 ? OL_SLICE_NONE : ol_slice_first(before, before.len - 1);
    return true;
}

/* What stands before `name` at the end of `host`; false when it does not stand there. */
static bool cut_name(ol_slice host, ol_slice name, ol_slice *before)
{
    if (name.len == 0 || !ol_slice_ends(host, name))
        return false;
    *before = ol_slice_first(host, host.len - name.len);
    return before->len == 0 || before->data[before->len - 1] == '.';
}

static bool is_domain(const ol_s3_address_rules *rules, ol_slice host, ol_s3_host *out)
{
    ol_slice best = OL_SLICE_NONE, before;
    size_t best_len = 0;
    for (size_t i = 0; i < rules->domain_count; i++) {
        if (rules->domains[i].len <= best_len || !cut_name(host, rules->domains[i], &before))
            continue;
        best = before;
        best_len = rules->domains[i].len;
    }
    return best_len > 0 && take_label(best, out);
}

/* Addresses and localhost. `absolute`: only those that can mean nobody but this machine. */
static bool is_local(ol_slice host, bool absolute, ol_s3_host *out)
{
    ol_slice address, before;
    if (cut_name(host, OL_SLICE_LIT("localhost"), &before))
        return take_label(before, out);
    if (ends_with_ipv4(host, &address, &before))
        return (!absolute || ol_slice_starts(address, OL_SLICE_LIT("127."))) &&
               take_label(before, out);
    return ol_slice_starts(host, OL_SLICE_LIT("[")) && ol_slice_ends(host, OL_SLICE_LIT("]")) &&
           (!absolute || ol_slice_eq_cstr(host, "[::1]"));
}

/* ---- AWS's own ---- */

static const struct amazon_service {
    const char *name;
    enum ol_s3_door door;
    enum ol_s3_api api;
} amazon_services[] = {
    {"s3", OL_S3_DOOR_NONE, OL_S3_API_S3},
    {"s3-fips", OL_S3_DOOR_NONE, OL_S3_API_S3},
    {"s3-accesspoint", OL_S3_DOOR_ACCESS_POINT, OL_S3_API_S3},
    {"s3-accesspoint-fips", OL_S3_DOOR_ACCESS_POINT, OL_S3_API_S3},
    {"s3-object-lambda", OL_S3_DOOR_OBJECT_LAMBDA, OL_S3_API_S3},
    {"s3-object-lambda-fips", OL_S3_DOOR_OBJECT_LAMBDA, OL_S3_API_S3},
    {"s3-control", OL_S3_DOOR_NONE, OL_S3_API_CONTROL},
    {"s3-control-fips", OL_S3_DOOR_NONE, OL_S3_API_CONTROL},
    {"sts", OL_S3_DOOR_NONE, OL_S3_API_STS},
};

static const struct amazon_service *find_service(ol_slice label)
{
    for (size_t i = 0; i < sizeof amazon_services / sizeof amazon_services[0]; i++)
        if (ol_slice_eq_cstr(label, amazon_services[i].name))
            return &amazon_services[i];
    return NULL;
}

/* "s3", "s3.REGION", "s3.dualstack.REGION" or "s3-REGION" at the end of *name, cut off. */
static const struct amazon_service *cut_service(ol_slice *name, ol_slice *region)
{
    ol_slice label;
    if (!cut_label(name, &label))
        return NULL;
    const struct amazon_service *service = find_service(label);
    if (service) /* the names without a region */
        return service->door == OL_S3_DOOR_NONE && service->api != OL_S3_API_CONTROL ? service
                                                                                      : NULL;
    if (ol_slice_starts(label, OL_SLICE_LIT("s3-"))) {
        *region = ol_slice_from(label, 3);
        return &amazon_services[0];
    }
    *region = label;
    if (!cut_label(name, &label))
        return NULL;
    if (ol_slice_eq_cstr(label, "dualstack") && !cut_label(name, &label))
        return NULL;
    return find_service(label);
}

bool ol_s3_host_read_amazon(ol_slice host, ol_s3_host *out)
{
    ol_slice name;
    if (!cut_name(host, OL_SLICE_LIT("amazonaws.com"), &name) &&
        !cut_name(host, OL_SLICE_LIT("amazonaws.com.cn"), &name))
        return false;
    if (name.len < 2)
        return false;
    name = ol_slice_first(name, name.len - 1);
    const struct amazon_service *service = cut_service(&name, &out->region);
    if (!service)
        return false;
    out->amazon = true;
    out->label = name;
    out->api = service->api;
    out->door = name.len > 0 ? service->door : OL_S3_DOOR_NONE;
    return true;
}

/* ---- all of it ---- */

static bool is_absolute(const ol_http_request *req)
{
    return req->target.len > 0 && req->target.data[0] != '/' && req->target.data[0] != '*';
}

int ol_s3_host_read(const ol_http_request *req, const ol_s3_address_rules *rules, ol_arena *arena,
                    ol_s3_host *out, ol_error *err)
{
    ol_slice host;
    bool absolute = is_absolute(req);
    memset(out, 0, sizeof *out);
    int rc = lower(name_of(ol_slice_trim(req->host)), arena, &host, err);
    if (rc != OL_OK)
        return rc;
    if (host.len == 0 && !absolute) /* HTTP/1.0 */
        return OL_OK;
    if (is_domain(rules, host, out) || is_local(host, absolute, out) ||
        (rules->amazon_hosts && ol_s3_host_read_amazon(host, out)))
        return OL_OK;
    if (!absolute && rules->domain_count == 0)
        return OL_OK;
    return ol_error_say(err, OL_EINVALIDREQUEST, "The host %.*s is not served here.",
                        OL_SLICE_FMT(ol_slice_first(host, 100)));
}
