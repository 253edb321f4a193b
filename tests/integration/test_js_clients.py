# SPDX-License-Identifier: MIT
"""The JavaScript SDK, unmodified: client-s3 by path, by virtual host, by alias and by ARN, and
client-s3-control. Its packages come from the npm registry, pinned by js/package-lock.json."""
import subprocess

import pytest

BODY = "mail ada@example.com now\n"
REDACTED = "mail [EMAIL_ADDRESS] now\n"

CONFIG = """
domains = { "s3.objlens.test" }
bucket "shop"
access_point "shop" { bucket = "shop" }
object_lambda "redacted" { access_point = "shop", transforms = { "pii" } }
"""


@pytest.fixture
def server(server_factory):
    return server_factory(config=CONFIG)


def test_s3(js, server):
    seen = js(server, "s3.mjs", BUCKET="shop", VIEW="redacted--ol-s3",
              VIEW_ARN="arn:aws:s3-object-lambda:us-east-1:000000000000:accesspoint/redacted")
    assert seen["get"]["body"] == BODY
    assert seen["get"]["type"] == "text/plain"
    assert seen["get"]["colour"] == "blue"
    assert seen["get"]["crc32"], "the checksum that the SDK sent comes back"
    assert seen["range"] == BODY[5:8]
    assert seen["tags"] == [{"Key": "team", "Value": "red"}]
    assert seen["virtual"] == BODY
    for view in ("view", "virtualView", "arnView"):
        assert seen[view] == REDACTED, view
    assert seen["upload"] == {"size": 11 << 20, "part2": 5 << 20, "parts": 3}
    assert seen["attributes"] == {"size": 11 << 20, "parts": 3}
    assert seen["multipart"]["etag"].strip('"').endswith("-1")
    assert seen["multipart"]["checksum"].endswith("-1")
    assert seen["copy"] == BODY
    assert seen["list"] == ["copy", "dir/a b+c/ü//x%2F.txt", "large", "small"]
    assert seen["deleted"] == 3
    assert seen["missing"] == {"code": "NoSuchKey", "status": 404}


def test_presigned_link_of_a_view(js, server):
    """fetch() knows nothing of the SDK's resolver, so the link is made for the address itself."""
    s3 = server.s3()
    s3.put_object(Bucket="shop", Key="k", Body=BODY.encode())
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "redacted--ol-s3", "Key": "k"})
    done = subprocess.run(["node", "-e", "fetch(process.argv[1]).then(r => r.text()).then(t => "
                           "process.stdout.write(t))", link], capture_output=True, text=True, timeout=60)
    assert done.stdout == REDACTED, done.stderr


@pytest.mark.parametrize("function", ["pii", "arn:aws:lambda:us-east-1:000000000000:function:pii:1"])
def test_s3_control(js, server, function):
    seen = js(server, "control.mjs", ACCOUNT="000000000000", BUCKET="shop", FUNCTION=function)
    assert seen["point"] == {"arn": "arn:aws:s3:us-east-1:000000000000:accesspoint/js-ap",
                             "alias": "js-ap-s3alias"}
    assert seen["pointBucket"] == "shop"
    assert seen["view"] == {
        "arn": "arn:aws:s3-object-lambda:us-east-1:000000000000:accesspoint/js-view",
        "alias": "js-view--ol-s3"}
    assert seen["viewName"] == "js-view"
    assert seen["configuration"] == {"point": seen["point"]["arn"], "features": ["GetObject-Range"],
                                     "actions": ["GetObject"], "function": function}
    assert seen["policy"] == 1
    assert sorted(seen["list"]) == ["js-view", "redacted"]
    assert seen["gone"] == {"code": "NoSuchAccessPoint", "status": 404}
