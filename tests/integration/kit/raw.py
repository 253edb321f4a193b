# SPDX-License-Identifier: MIT
"""Requests by hand, for what no client library would send or show."""
import hashlib
import re
import socket

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from kit.server import ACCESS_KEY, SECRET_KEY


def signed(server, method, path, headers=None, body=b"", access_key=ACCESS_KEY,
           secret_key=SECRET_KEY, send_body=True, payload=None, length=None):
    """The bytes of one signed request. `path` is sent as it is, query included. `payload` instead
    of the body's digest, and `length` instead of its own, for a body that the caller frames."""
    url = server.endpoint + path
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))
    request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
    signer = botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(access_key, secret_key),
                                       "s3", "us-east-1")
    if payload:
        signer.payload = lambda request: payload
    request.context["payload_signing_enabled"] = True
    signer.add_auth(request)
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()
              if name.lower() not in ("host", "content-length")]
    if body or method in ("PUT", "POST"):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body if send_body else b"")


class Answer:
    """One response as it came. `complete` says whether its framing reached a clean end;
    `closed` whether the server then ended the connection. `trailers` are those of a chunked body."""

    def __init__(self, raw):
        head, _, rest = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.raw, self.trailers = raw, {}
        self.status = int(lines[0].split()[1]) if lines[0].startswith("HTTP/") else None
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self.body, self.complete = self._body(rest)

    def _body(self, rest):
        if self.headers.get("transfer-encoding") == "chunked":
            return self._chunks(rest)
        length = int(self.headers.get("content-length", 0))
        return rest[:length], len(rest) >= length

    def _chunks(self, rest):
        body = b""
        while True:
            size, separator, rest = rest.partition(b"\r\n")
            if not separator:
                return body, False
            count = int(size.split(b";")[0], 16)
            if count == 0:
                return body, self._trailers(rest)
            if len(rest) < count + 2:
                return body + rest[:count], False
            body, rest = body + rest[:count], rest[count + 2:]

    def _trailers(self, rest):
        fields, separator, _ = (b"\r\n" + rest).partition(b"\r\n\r\n")
        for line in fields.decode("latin-1").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            self.trailers[name.strip().lower()] = value.strip()
        return bool(separator)

    @property
    def code(self):
        found = re.search(rb"<Code>(.*?)</Code>", self.body)
        return found.group(1).decode() if found else None

    @property
    def request_id(self):
        return self.headers.get("x-amz-request-id")


def exchange(server, request, timeout=60):
    """Sends the bytes, reads until the response is complete or the connection ends."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout) as client:
        client.sendall(request)
        raw = b""
        while True:
            try:
                piece = client.recv(1 << 20)
            except ConnectionResetError:
                return Answer(raw)
            if not piece:
                return Answer(raw)
            raw += piece
            if b"\r\n\r\n" in raw:
                answer = Answer(raw)
                if answer.complete and not request.startswith(b"HEAD"):
                    return answer
                if request.startswith(b"HEAD"):
                    return answer


def get(server, path, **options):
    return exchange(server, signed(server, "GET", path, **options))
