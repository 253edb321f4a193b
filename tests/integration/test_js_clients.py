# SPDX-License-Identifier: MIT
"""The JavaScript SDK, unmodified: client-s3 by path, by virtual host, by alias and by ARN, and
client-s3-control. Its packages come from the npm registry, pinned by js/package-lock.json."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent / "js"
BODY = "mail ada@example.com now\n"
REDACTED = "mail [EMAIL_ADDRESS] now\n"

CONFIG = """
domains = { "s3.objlens.test" }
bucket "shop"
access_point "shop" { bucket = "shop" }
object_lambda "redacted" { access_point = "shop", transforms = { "pii" } }
"""


def node_major():
    if not shutil.which("node") or not shutil.which("npm"):
        return 0
    text = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    return int(re.match(r"v(\d+)", text).group(1))


@pytest.fixture(scope="module")
def js(tmp_path_factory):
    if node_major() < 18:
        pytest.skip("the JavaScript SDK needs node 18 and npm, which this machine lacks")
    folder = tmp_path_factory.mktemp("js")
    for file in HERE.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder,
                          capture_output=True, text=True, timeout=300)
    if done.returncode != 0 and re.search(r"ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT", done.stderr):
        pytest.skip("the npm registry cannot be reached from here")
    assert done.returncode == 0, done.stderr

    def run(server, script, **environment):
        command = ["node", str(folder / script)]
        values = dict(server.client_environment(), AWS_REGION="us-east-1",
                      ENDPOINT=f"http://s3.objlens.test:{server.port}", **environment)
        answer = subprocess.run(command, cwd=folder, env=values, capture_output=True, text=True,
                                timeout=120)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout.splitlines()[-1])
    return run


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
