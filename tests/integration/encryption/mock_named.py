# SPDX-License-Identifier: MIT
"""Keepers that know keys by names and really wrap: Vault's transit, and KES (TLS, clients by certificate)."""
import base64
import http.server
import json
import os
import ssl
import threading

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.vast import QuietServer


def b64(data):
    return base64.b64encode(data).decode()


class Keeper:
    """`answer(handler, path, body)` gives status and document."""

    def __init__(self, context=None):
        self.keys, self.calls = {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.calls.append(self.path)
                status, document = outer.answer(self, self.path.split("/"), json.loads(body or b"{}"))
                data = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            do_GET = do_POST = respond

            def log_message(self, *args):
                pass

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def wrap(self, name, plain, context=b""):
        nonce = os.urandom(12)
        return nonce + AESGCM(self.keys[name]).encrypt(nonce, plain, context)

    def unwrap(self, name, blob, context=b""):
        try:
            return AESGCM(self.keys[name]).decrypt(blob[:12], blob[12:], context)
        except InvalidTag:
            return None


class Vault(Keeper):
    token = "the-token"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, handler, path, asked):
        name = path[-1]
        if handler.headers.get("x-vault-token") != self.token:
            return 403, {"errors": ["permission denied"]}
        if name not in self.keys:
            return (404 if handler.command == "GET" else 400), {"errors": ["encryption key not found"]}
        if path[3] == "keys":
            return 200, {"data": {"latest_version": 1}}
        if path[3] == "datakey":
            plain = os.urandom(asked["bits"] // 8)
            return 200, {"data": {"plaintext": b64(plain), "ciphertext": "vault:v1:" + b64(self.wrap(name, plain))}}
        plain = self.unwrap(name, base64.b64decode(asked["ciphertext"].split(":")[2]))
        return (200, {"data": {"plaintext": b64(plain)}}) if plain else (400, {"errors": ["cipher: failed"]})


class Kes(Keeper):
    def __init__(self, certificate, key, client_ca):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
        super().__init__(context)

    @property
    def url(self):
        return f"https://127.0.0.1:{self.server.server_port}"

    def answer(self, handler, path, asked):
        name, context = path[-1], base64.b64decode(asked.get("context", ""))
        if name not in self.keys:
            return 404, {"message": "key does not exist"}
        if path[3] == "describe":
            return 200, {"name": name, "created_at": "2026-01-01T00:00:00Z"}
        if path[3] == "generate":
            plain = os.urandom(32)
            return 200, {"plaintext": b64(plain), "ciphertext": b64(self.wrap(name, plain, context))}
        plain = self.unwrap(name, base64.b64decode(asked["ciphertext"]), context)
        return (200, {"plaintext": b64(plain)}) if plain else (400, {"message": "not authentic"})
