# SPDX-License-Identifier: MIT
"""What the operator sees."""

from kit.raw import get
from kit.server import json_lines, wait_for

LOGGING = {"talk.lua": """
return function(event, object, response)
  log.info("line one\\nline two \\"quoted\\"")
  response:write("x")
end
"""}

CONFIG = """
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "talk" { file = "talk.lua" }
object_lambda "talk" { access_point = "shop", transforms = { "talk" } }
"""


def test_one_access_log_line_a_request(server_factory):
    server = server_factory(config=CONFIG, files=LOGGING)
    server.s3().put_object(Bucket="shop", Key='odd "key"\n', Body=b"body")
    answer = get(server, "/talk--ol-s3/odd%20%22key%22%0A?x=secret-value")
    assert answer.status == 200
    line = server.access_line(answer.request_id)
    assert line["operation"] == "GetObject" and line["via"] == "object-lambda"
    assert line["key"] == 'odd "key"\n'
    assert line["status"] == 200 and line["bytes_out"] == 1
    assert line["who"] == "arn:aws:iam::000000000000:root"
    assert line["transforms"] == ["talk"]
    assert {"first_byte_us", "total_us", "stages"} <= set(line)
    assert "secret-value" not in server.access_log.read_text()
    assert len([l for l in server.access_lines() if l["request_id"] == answer.request_id]) == 1


def test_script_logs_go_to_their_own_log_escaped(server_factory):
    server = server_factory(config=CONFIG, files=LOGGING)
    server.s3().put_object(Bucket="shop", Key="k", Body=b"body")
    answer = get(server, "/talk--ol-s3/k")

    def lines():
        return json_lines(server.transform_log)

    wait_for(lines, 10, "the script's line")
    assert [l["message"] for l in lines()] == ['line one\nline two "quoted"']
    assert lines()[0]["request_id"] == answer.request_id
    assert lines()[0]["transform"] == "talk"
    assert "line one" not in server.access_log.read_text()


def test_health_ready_and_metrics(server_factory):
    server = server_factory(config=CONFIG, files=LOGGING)
    server.s3().put_object(Bucket="shop", Key="k", Body=b"body")
    assert server.admin("/-/health") == (200, "ok\n")
    assert server.admin("/-/ready")[0] == 200
    assert server.admin("/-/nothing")[0] == 404
    before = server.metric("objlens_requests_object_lambda_total")
    for _ in range(3):
        get(server, "/talk--ol-s3/k")
    wait_for(lambda: server.metric("objlens_requests_object_lambda_total") == before + 3, 10,
             "the counter")
    _, text = server.admin("/-/metrics")
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names)) > 10


def test_the_admin_paths_are_not_on_the_s3_listener(server_factory):
    server = server_factory(config=CONFIG, files=LOGGING)
    assert get(server, "/-/metrics").status in (400, 403, 404)
