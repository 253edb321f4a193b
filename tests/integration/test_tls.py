# SPDX-License-Identifier: MIT
"""TLS as clients meet it: names, new certificates while the server runs, clients' certificates."""
import http.client
import signal
import socket
import ssl

import boto3
import botocore.config
import pytest

from kit.authority import Authority
from kit.aws import refused
from kit.server import ACCESS_KEY, SECRET_KEY, Server, free_port, wait_for


class Scene:
    def __init__(self, folder):
        self.authority = Authority(folder / "ca", "authority")
        self.strangers = Authority(folder / "ca", "strangers")
        first = self.authority.issue("first", "/CN=first", "DNS:localhost,IP:127.0.0.1")
        second = self.authority.issue("second", "/CN=second", "DNS:*.example.test")
        self.port, self.guarded_port = free_port(), free_port()
        self.server = Server(folder / "server", config=f"""
listen {{ "127.0.0.1:{self.port}", certificate = "{first[0]}", key = "{first[1]}", hsts_s = 600,
          certificates = {{ {{ certificate = "{second[0]}", key = "{second[1]}" }} }} }}
listen {{ "127.0.0.1:{self.guarded_port}", certificate = "{first[0]}", key = "{first[1]}",
          client_ca = "{self.authority.cert}" }}
bucket "shop"
user "ann" {{
  access_key = "ANNSKEYFORTESTSXX", secret_key = "secret-of-ann-for-tests-0123456",
  certificates = {{ "CN=ann,O=Example" }},
  policy = {{ {{ effect = "Allow", actions = {{ "s3:GetObject" }}, resources = {{ "arn:aws:s3:::shop/*" }} }} }},
}}
""")

    def context(self, shows=None):
        context = ssl.create_default_context(cafile=str(self.authority.cert))
        if shows:
            context.load_cert_chain(*map(str, shows))
        return context

    def shown_to(self, name):
        """The common name of the certificate that a client asking for `name` gets."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as tcp:
            context = self.context()
            context.check_hostname = False
            with context.wrap_socket(tcp, server_hostname=name) as tls:
                return dict(field[0] for field in tls.getpeercert()["subject"])["commonName"]

    def get(self, path, shows=None, port=None):
        connection = http.client.HTTPSConnection("127.0.0.1", port or self.guarded_port, timeout=30,
                                                 context=self.context(shows))
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    scene = Scene(tmp_path_factory.mktemp("tls"))
    scene.server.start()
    scene.server.s3().put_object(Bucket="shop", Key="k", Body=b"over TLS")
    yield scene
    scene.server.stop()
    scene.server.check_logs_hold_no_secrets()


def test_sdks_speak_it(scene):
    s3 = boto3.client("s3", endpoint_url=f"https://127.0.0.1:{scene.port}", region_name="us-east-1",
                      aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
                      verify=str(scene.authority.cert), config=botocore.config.Config(retries={"max_attempts": 1}))
    s3.put_object(Bucket="shop", Key="big", Body=b"x" * 3_000_000)
    assert s3.get_object(Bucket="shop", Key="big")["Body"].read() == b"x" * 3_000_000


def test_a_certificate_for_each_name(scene):
    assert scene.shown_to("localhost") == "first"
    assert scene.shown_to("shop.example.test") == "second"
    assert scene.shown_to("a.b.example.test") == "first"


def test_hsts_where_it_is_asked_for(scene):
    assert scene.get("/shop/k", port=scene.port)[0].getheader("Strict-Transport-Security") == "max-age=600"
    assert scene.get("/shop/k")[0].getheader("Strict-Transport-Security") is None


def test_a_client_is_known_by_its_certificate(scene):
    ann = scene.authority.issue("ann", "/O=Example/CN=ann", "DNS:ann.test")
    bob = scene.authority.issue("bob", "/O=Example/CN=bob", "DNS:bob.test")
    eve = scene.strangers.issue("eve", "/O=Example/CN=ann", "DNS:ann.test")
    answer, body = scene.get("/shop/k", ann)
    assert (answer.status, body) == (200, b"over TLS")
    assert scene.get("/shop/", ann)[0].status == 403  # she may read objects, not list them
    assert scene.get("/shop/k")[0].status == 403
    assert scene.get("/shop/k", bob)[0].status == 403  # nobody here
    with pytest.raises((ssl.SSLError, ConnectionError)):
        scene.get("/shop/k", eve)


def test_a_signature_decides_before_a_certificate(scene):
    ann = scene.authority.issue("ann2", "/O=Example/CN=ann", "DNS:ann.test")
    s3 = boto3.client("s3", endpoint_url=f"https://127.0.0.1:{scene.guarded_port}", region_name="us-east-1",
                      aws_access_key_id="NOBODY", aws_secret_access_key="wrong",
                      verify=str(scene.authority.cert),
                      config=botocore.config.Config(client_cert=tuple(map(str, ann)), retries={"max_attempts": 1}))
    with refused("InvalidAccessKeyId", 403):
        s3.get_object(Bucket="shop", Key="k")


def test_new_certificates_without_a_restart(scene):
    scene.authority.issue("second", "/CN=renewed", "DNS:*.example.test")
    wait_for(lambda: scene.shown_to("shop.example.test") == "renewed", 30, "the new certificate")
    scene.authority.issue("second", "/CN=again", "DNS:*.example.test")
    scene.server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: scene.shown_to("shop.example.test") == "again", 30, "the certificate after SIGHUP")
    assert scene.shown_to("localhost") == "first"


def test_a_bad_certificate_keeps_the_old_one(scene):
    path = scene.authority.folder / "second.pem"
    good = path.read_text()
    before = scene.shown_to("shop.example.test")
    path.with_suffix(".new").write_text("not a certificate")
    path.with_suffix(".new").rename(path)
    wait_for(lambda: f"certificate file {path}" in scene.server.stderr_file.read_text(), 30, "a complaint")
    assert scene.shown_to("shop.example.test") == before
    path.with_suffix(".new").write_text(good)
    path.with_suffix(".new").rename(path)
    assert scene.get("/shop/k", port=scene.port)[0].status == 403
