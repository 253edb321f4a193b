# SPDX-License-Identifier: MIT
"""A KMS that really wraps: AES-GCM under a key of its own, the canonical encryption context as
additional data, the key's id in the blob. Signatures are checked to the last byte.

What goes wrong: `faults`, one a request, then `always`. A Refused is raised, a function gets the good
answer and returns what is sent instead (bytes as they are, None cuts the connection)."""
import base64
import collections
import hashlib
import hmac
import http.server
import json
import os
import re
import threading

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.vast import QuietServer

ACCOUNT = "arn:aws:kms:eu-west-1:111122223333:"
SECRET = "a-secret-of-the-kms"
AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=(?P<who>[^/]+)/(?P<scope>[^,]+), ?"
                           r"SignedHeaders=(?P<names>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})")


class Refused(Exception):
    def __init__(self, kind, message="", status=400):
        super().__init__(kind)
        self.kind, self.message, self.status = kind, message, status


def canonical(context):
    return json.dumps(dict(sorted((context or {}).items())), separators=(",", ":")).encode()


def b64(data):
    return base64.b64encode(data).decode()


class Key:
    def __init__(self, name):
        self.id, self.arn = name, f"{ACCOUNT}key/{name}"
        self.material, self.state = AESGCM(AESGCM.generate_key(256)), "Enabled"

    def wrap(self, plain, context):
        nonce = os.urandom(12)
        return self.id.encode().ljust(36) + nonce + self.material.encrypt(nonce, plain,
                                                                          canonical(context))

    def unwrap(self, blob, context):
        try:
            return self.material.decrypt(blob[36:48], blob[48:], canonical(context))
        except InvalidTag as why:
            raise Refused("InvalidCiphertextException") from why


def signature_of(scope, date, text):
    day, region, service, last = scope.split("/")
    key = ("AWS4" + SECRET).encode()
    for part in (day, region, service, last):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    words = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(text.encode()).hexdigest()}"
    return hmac.new(key, words.encode(), hashlib.sha256).hexdigest()


class MockKms:
    def __init__(self):
        self.keys, self.aliases = {}, {}
        self.calls = []  # (operation, request)
        self.faults = collections.deque()
        self.always = None
        self.connections = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                outer.connections += 1
                super().setup()

            def do_POST(self):
                outer.answer(self)

            def log_message(self, *args):
                pass

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.released = threading.Event()
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def new_key(self, name):
        self.keys[name] = Key(name)
        return self.keys[name]

    def entry(self, key_id):
        return {"type": "kms", "id": key_id, "endpoint": self.url}

    def environment(self):
        return {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_REGION": "eu-west-1"}

    # ---- one request ----

    def find(self, name):
        name = name.removeprefix(ACCOUNT).removeprefix("key/")
        name = self.aliases.get(name, name)
        if name not in self.keys:
            raise Refused("NotFoundException", f"Key '{ACCOUNT}key/{name}' does not exist")
        return self.keys[name]

    def usable(self, name):
        key = self.find(name)
        if key.state == "Disabled":
            raise Refused("DisabledException", f"{key.arn} is disabled.")
        if key.state == "PendingDeletion":
            raise Refused("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        if key.state == "Denied":
            raise Refused("AccessDeniedException", "User: arn:aws:iam::1:user/secret-name is not ...")
        return key

    def check_signature(self, request, body):
        found = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if not found or found["who"] != "tester":
            raise Refused("UnrecognizedClientException", "The security token is invalid.")
        names = found["names"].split(";")
        assert {"host", "x-amz-date", "x-amz-target", "content-type"} <= set(names), names
        assert found["scope"].endswith("/eu-west-1/kms/aws4_request"), found["scope"]
        fields = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names)
        text = "\n".join([request.command, request.path, "", fields, ";".join(names),
                          hashlib.sha256(body).hexdigest()])
        right = signature_of(found["scope"], request.headers["x-amz-date"], text)
        if not hmac.compare_digest(right, found["signature"]):
            raise Refused("InvalidSignatureException", "The signature does not match.")

    def operate(self, operation, asked):
        if operation == "DescribeKey":
            key = self.find(asked["KeyId"])
            return {"KeyMetadata": {"Arn": key.arn, "KeyId": key.id, "KeyState": key.state}}
        if operation == "GenerateDataKey":
            key = self.usable(asked["KeyId"])
            plain = os.urandom(asked.get("NumberOfBytes")
                               or {"AES_256": 32, "AES_128": 16}[asked["KeySpec"]])
            blob = key.wrap(plain, asked.get("EncryptionContext"))
            return {"Plaintext": b64(plain), "CiphertextBlob": b64(blob), "KeyId": key.arn}
        assert operation == "Decrypt", operation
        blob = base64.b64decode(asked["CiphertextBlob"])
        name = blob[:36].decode("latin-1").strip()
        if name not in self.keys:
            raise Refused("InvalidCiphertextException")
        key = self.usable(name)
        if "KeyId" in asked and self.find(asked["KeyId"]) is not key:
            raise Refused("IncorrectKeyException", "The key ID in the request does not identify ...")
        return {"Plaintext": b64(key.unwrap(blob, asked.get("EncryptionContext"))),
                "KeyId": key.arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}

    def judge(self, request, body):
        self.check_signature(request, body)
        assert request.path == "/"
        assert request.headers["content-type"] == "application/x-amz-json-1.1"
        operation = request.headers["x-amz-target"].removeprefix("TrentService.")
        asked = json.loads(body)
        self.calls.append((operation, asked))
        fault = self.faults.popleft() if self.faults else self.always
        if isinstance(fault, Refused):
            raise fault
        answer = self.operate(operation, asked)
        return fault(answer) if fault else answer

    def answer(self, request):
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        try:
            said, status = self.judge(request, body), 200
        except Refused as why:
            said, status = {"__type": why.kind, "message": why.message}, why.status
        if said is None:
            request.close_connection = True
            return
        data = said if isinstance(said, bytes) else json.dumps(said).encode()
        request.send_response(status)
        request.send_header("content-type", "application/x-amz-json-1.1")
        request.send_header("content-length", str(len(data)))
        request.end_headers()
        try:
            request.wfile.write(data)
        except OSError:
            pass
