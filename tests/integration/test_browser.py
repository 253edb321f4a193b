# SPDX-License-Identifier: MIT
"""CORS as a browser sees it: a page of another origin reads, and may not read, through fetch()."""
import json

PAGE = """<script>
const requests = %s;
(async () => {
    const seen = {};
    for (const [name, [url, options]] of Object.entries(requests)) {
        try {
            const answer = await fetch(url, options);
            seen[name] = { status: answer.status, text: await answer.text(),
                           etag: answer.headers.get("etag") };
        } catch (error) {
            seen[name] = { blocked: true };
        }
    }
    report(seen);
})();
</script>"""

RULES = {"CORSRules": [{"AllowedOrigins": ["http://127.0.0.1:*"], "AllowedMethods": ["GET", "PUT"],
                        "AllowedHeaders": ["content-type"], "ExposeHeaders": ["ETag"],
                        "MaxAgeSeconds": 60}]}


def test_fetch_from_a_page(browser, server_factory):
    server = server_factory(config="""
bucket "open"
bucket "closed"
access_point "open" { bucket = "open" }
object_lambda "redacted" { access_point = "open", transforms = { "pii" } }
""")
    s3 = server.s3()
    for bucket in ("open", "closed"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"ada@example.com\n")
    s3.put_bucket_cors(Bucket="open", CORSConfiguration=RULES)

    def link(method, bucket, key="k", **parameters):
        return s3.generate_presigned_url(method, Params={"Bucket": bucket, "Key": key, **parameters})

    requests = {
        "get": [link("get_object", "open"), {}],
        "view": [link("get_object", "redacted--ol-s3"), {}],
        "closed": [link("get_object", "closed"), {}],
        "put": [link("put_object", "open", "new", ContentType="text/plain"),
                {"method": "PUT", "body": "by a page", "headers": {"Content-Type": "text/plain"}}],
        "header": [link("get_object", "open"), {"headers": {"X-Not-Allowed": "1"}}],
        "delete": [link("delete_object", "open"), {"method": "DELETE"}],
        "missing": [link("get_object", "open", "none"), {}],
    }
    seen = browser.show(PAGE % json.dumps(requests))
    assert seen["get"]["text"] == "ada@example.com\n"
    assert seen["get"]["etag"], "ETag is exposed"
    assert seen["view"]["text"] == "[EMAIL_ADDRESS]\n"
    assert seen["closed"] == {"blocked": True}
    assert seen["put"]["status"] == 200
    assert seen["header"] == {"blocked": True}
    assert seen["delete"] == {"blocked": True}
    assert seen["missing"]["status"] == 404, "errors carry the headers as well"
    assert s3.get_object(Bucket="open", Key="new")["Body"].read() == b"by a page"
    assert s3.head_object(Bucket="open", Key="k"), "the DELETE was not sent"
