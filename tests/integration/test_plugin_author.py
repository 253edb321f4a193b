# SPDX-License-Identifier: MIT
"""A plugin that uses all that docs/plugin_abi.md offers, by itself and in a server, in a process and inline: the event, the
head, payloads parsed once, what a worker keeps, logs, counters, threads, read_at, and a client that goes away."""
import hashlib
import itertools
import json
import re
import socket

import pytest

from kit.author import cc, objlens
from kit.raw import get, signed
from kit.server import Server, json_lines, wait_for

SOURCE = r"""
#include <errno.h>
#include <objlens/transform.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config { int slow; unsigned parsed; char text[32]; };
struct worker { unsigned served; };
struct request { struct objlens_call *call; const struct config *config; struct worker *worker; uint64_t bytes; };

static const char *const counters[] = { "bytes", NULL };
static const char *const headers[] = { "accept-language", NULL };
static const struct objlens_host *host;
static unsigned parsed, canceled;

static int load(const struct objlens_host *h, char *reason, size_t size)
{
    (void)reason; (void)size;
    host = h;
    return OBJLENS_HOST_HAS(h, preload_folder) ? OBJLENS_OK : -1;
}
static int worker_start(const struct objlens_host *h, void **worker, char *reason, size_t size)
{
    (void)h; (void)reason; (void)size;
    return (*worker = calloc(1, sizeof(struct worker))) ? OBJLENS_OK : OBJLENS_ENOMEM;
}
static void worker_stop(void *worker) { free(worker); }
static int configure(const struct objlens_host *h, const void *payload, size_t size, void **config, char *reason, size_t room)
{
    (void)h;
    struct config *made = calloc(1, sizeof(*made));
    if (!made || size >= sizeof(made->text)) {
        free(made);
        snprintf(reason, room, "the payload has %zu bytes, which is too many", size);
        return OBJLENS_EINVAL;
    }
    memcpy(made->text, size ? payload : "", size);
    made->slow = strcmp(made->text, "slow") == 0;
    made->parsed = ++parsed;
    *config = made;
    return OBJLENS_OK;
}
static void unconfigure(void *config) { free(config); }

static int tell(struct objlens_call *call, const char *path, char *text, size_t room)
{
    struct objlens_bytes value = {0};
    int rc = host->event_get(call, path, &value);
    snprintf(text, room, rc == OBJLENS_OK ? "%.*s" : "(%.*s%d)", (int)value.size, value.size ? (const char *)value.data : "", rc);
    return rc;
}
static int open_it(const struct objlens_host *h, struct objlens_call *call, void **instance)
{
    struct request *r = h->alloc(call, sizeof(*r));
    if (!r)
        return OBJLENS_ENOMEM;
    *r = (struct request){ .call = call, .config = h->config(call), .worker = h->worker(call) };
    r->worker->served++;
    h->set_header(call, "content-type", "text/x-told", 11);
    h->set_metadata(call, "told", "yes", 3);
    h->log(call, OBJLENS_INFO, "opened", 6);
    *instance = r;
    return h->set_header(call, "content-length", "1", 1) == OBJLENS_EINVAL ? OBJLENS_OK : OBJLENS_EFAILED;
}
static int never_ends(struct request *r)
{
    char block[65536];
    memset(block, 'x', sizeof(block));
    int rc = OBJLENS_OK;
    for (int i = 0; rc == OBJLENS_OK && i < 3; i++) /* enough to be sent, and not so much as to wait */
        rc = host->emit(r->call, block, sizeof(block));
    while (rc == OBJLENS_OK)
        rc = host->yield(r->call);
    canceled += rc == OBJLENS_ECANCELED && host->count(r->call, 0, 1) == OBJLENS_ECANCELED;
    return rc;
}
static int write_it(void *instance, const void *bytes, size_t size)
{
    struct request *r = instance;
    (void)bytes;
    r->bytes += size;
    host->count(r->call, 0, size);
    return r->config->slow ? never_ends(r) : OBJLENS_OK;
}
static void *add(void *sum) { ++*(int *)sum; return NULL; }
/* Who has been joined may count for a moment still. */
static int start(pthread_t *made, int *sum)
{
    int code = EAGAIN;
    for (int tries = 0; code == EAGAIN && tries < 20; tries++)
        if ((code = pthread_create(made, NULL, add, sum)) == EAGAIN)
            poll(NULL, 0, 5);
    return code;
}
static int threads(void)
{
    int sum = 0;
    for (int i = 0; i < 5; i++) {
        pthread_t made;
        if (start(&made, &sum) != 0)
            break;
        pthread_join(made, NULL);
    }
    return sum;
}
static int finish(void *instance)
{
    struct request *r = instance;
    struct objlens_limits limits = { .size = sizeof(limits) };
    char arn[128], language[64], accept[64], query[64], id[64], part[4], text[1024];
    uint64_t size = 0;
    size_t got = 0;
    tell(r->call, "userIdentity.arn", arn, sizeof(arn));
    tell(r->call, "userRequest.headers.accept-language", language, sizeof(language));
    tell(r->call, "userRequest.headers.accept", accept, sizeof(accept));
    tell(r->call, "userRequest.query.q", query, sizeof(query));
    tell(r->call, "xAmzRequestId", id, sizeof(id));
    host->object_size(r->call, &size);
    int rc = host->read_at(r->call, 2, part, sizeof(part), &got);
    host->limits(r->call, &limits);
    int len = snprintf(text, sizeof(text),
                       "arn %s\nlanguage %s\naccept %s\nquery %s\nid %s\nsize %llu of %llu\nat 2 %.*s %d\npayload %s %u\n"
                       "served %u\ncanceled %u\nthreads %d\ncpu %u used %llu\nlate %d\n",
                       arn, language, accept, query, id, (unsigned long long)r->bytes, (unsigned long long)size, (int)got, part,
                       rc, r->config->text, r->config->parsed, r->worker->served, canceled, threads(), limits.cpu_ms,
                       (unsigned long long)limits.cpu_used_us, host->set_length(r->call, 1));
    return host->emit(r->call, text, (size_t)len);
}
static void close_it(void *instance) { host->log(((struct request *)instance)->call, OBJLENS_WARN, "closed", 6); }
static int head(const struct objlens_host *h, struct objlens_call *call)
{
    h->set_header(call, "content-type", "text/x-told", 11);
    return h->emit(call, "x", 1) == OBJLENS_ESTATE ? OBJLENS_OK : OBJLENS_EFAILED;
}
static const struct objlens_transform it = {
    OBJLENS_TRANSFORM_HEAD, .name = "it", .version = "7", .flags = OBJLENS_REENTRANT, .depends_headers = headers, .load = load,
    .open = open_it, .write = write_it, .finish = finish, .close = close_it, .threads_max = 2, .counters = counters,
    .configure = configure, .unconfigure = unconfigure, .worker_start = worker_start, .worker_stop = worker_stop, .head = head,
};
const struct objlens_transform *objlens_transform_v1(void) { return &it; }
"""


def built(folder):
    return cc(folder, "it", SOURCE, "-pthread", "-Wall", "-Wextra", "-Wpedantic", "-Werror")


def told(body):
    return dict(line.partition(" ")[::2] for line in body.decode().splitlines())


def test_by_itself(tmp_path):
    so = built(tmp_path)
    said = objlens("plugin", "check", str(so), cwd=tmp_path)
    assert "answers       GET, HEAD\n" in said and "threads       up to 2 of its own\n" in said
    assert "headers       accept-language\n" in said and "counters      bytes\n" in said
    (tmp_path / "event.json").write_text(json.dumps({
        "userIdentity": {"arn": "arn:aws:iam::1:user/ann"},
        "userRequest": {"url": "https://x/k?q=1%202", "headers": {"Accept-Language": "no", "Accept": "text/plain"}}}))
    (tmp_path / "original").write_text("abcdefgh")
    for way in ([], ["--inline"]):
        said = objlens("run", str(so), "--event", "event.json", "--payload", "some", *way, cwd=tmp_path, stdin=b"abcdefgh")
        seen = told(said.encode())
        assert seen["arn"] == "arn:aws:iam::1:user/ann" and seen["language"] == "no" and seen["query"] == "1 2"
        assert seen["accept"] == "(-7)" and seen["id"] == "(-7)", "what is not declared cannot be seen"
        assert seen["size"] == "8 of 0" and seen["at"].endswith("-9"), "a pipe has neither size nor places"
        assert seen["payload"] == "some 1" and seen["served"] == "1" and seen["late"] == "-8"
        assert "info: opened\n" in said and "warn: closed\n" in said
        refused = objlens("run", str(so), "--payload", "p" * 40, *way, cwd=tmp_path, code=1)
        assert "InvalidTransformPayload" in refused and "the payload has 40 bytes, which is too many" in refused


@pytest.fixture(params=["process", "inline"])
def server(request, tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    digest = hashlib.sha256(built(folder).read_bytes()).hexdigest()
    server = Server(tmp_path / "server", loops=1, config=f"""
bucket "shop"
access_point "shop" {{ bucket = "shop" }}
plugins {{ folders = "{folder}" }}
transform "it" {{ plugin = "it", isolation = "{request.param}", sha256 = "{digest}", share = "all" }}
object_lambda "plain" {{ access_point = "shop", transforms = {{ "it" }}, head = "cheap" }}
object_lambda "other" {{ access_point = "shop", transforms = {{ {{ "it", payload = "other" }} }} }}
object_lambda "wrong" {{ access_point = "shop", transforms = {{ {{ "it", payload = "{"p" * 40}" }} }} }}
object_lambda "slow" {{ access_point = "shop", transforms = {{ {{ "it", payload = "slow" }} }} }}
""")
    server.start()
    server.isolation = request.param
    server.s3().put_object(Bucket="shop", Key="k", Body=b"abcdefgh")
    yield server
    assert server.stop() == 0


def counted(server, counter):
    found = re.search(rf'^objlens_transform_counted_total\{{transform="it",counter="{counter}"\}} (\d+)$',
                      server.admin("/-/metrics")[1], re.M)
    return int(found.group(1)) if found else 0


def log_of(server, request_id):
    return [(line["level"], line["message"]) for line in json_lines(server.transform_log) if line["request_id"] == request_id]


def test_in_a_server(server):
    answer = get(server, "/plain--ol-s3/k?q=5", headers={"Accept-Language": "fr", "Accept": "text/plain"})
    seen = told(answer.body)
    assert answer.status == 200 and answer.headers["content-type"] == "text/x-told" and answer.headers["x-amz-meta-told"] == "yes"
    assert seen["arn"].endswith(":root") and (seen["language"], seen["accept"], seen["query"]) == ("fr", "(-7)", "5")
    assert (seen["size"], seen["at"], seen["id"]) == ("8 of 8", "2 cdef 0", "(-7)")
    assert seen["cpu"] == "10000 used 0", "time passed is not told to who declares to see nothing that changes"
    # In a process as many threads as are declared run at a time, one after the other any number.
    assert seen["threads"] == "5"
    wait_for(lambda: log_of(server, answer.headers["x-amz-request-id"]) == [("info", "opened"), ("warn", "closed")],
             10, "two lines of the log")
    head = server.s3().head_object(Bucket="plain--ol-s3", Key="k")
    assert head["ContentType"] == "text/x-told"
    # Another payload is parsed once more, this one is not.
    server.s3().put_object(Bucket="shop", Key="more", Body=b"123456789")
    more, other = told(get(server, "/plain--ol-s3/more").body), told(get(server, "/other--ol-s3/k").body)
    assert more["payload"] == seen["payload"] and other["payload"].split()[0] == "other"
    assert int(other["payload"].split()[1]) == int(seen["payload"].split()[0]) + 1
    assert int(more["served"]) > int(seen["served"]), "what worker_start made is there still"
    assert counted(server, "bytes") == 8 + 9 + 8
    wrong = get(server, "/wrong--ol-s3/k")
    assert wrong.status == 500 and b"<Code>InvalidTransformPayload</Code>" in wrong.body and b"40 bytes" not in wrong.body
    wait_for(lambda: "the payload has 40 bytes, which is too many" in server.access_log.read_text(), 10, "the reason")


def test_a_client_that_goes_away(server):
    """The transform computes, and neither reads nor writes: what yield() says is all that it hears."""
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(signed(server, "GET", "/slow--ol-s3/k"))
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
    numbers = itertools.count()

    def heard():
        return told(get(server, f"/plain--ol-s3/k?q={next(numbers)}").body)["canceled"] == "1"
    wait_for(heard, 20, "the transform to hear of it")
