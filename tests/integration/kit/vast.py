# SPDX-License-Identifier: MIT
"""An S3 service with one object of 10 GiB, whose bytes are computed where they are asked for, and
counted as they leave. Its lines are 64 bytes long, and each has the word SECRET somewhere."""
import http.server
import sys
import threading

SIZE = 10 << 30
LINE = 64
WORD = b"SECRET"


def column(number):
    """Where in its line the word stands."""
    return 12 + number * 7 % (LINE - 12 - len(WORD) - 1)


def line(number):
    at = column(number)
    return (b"%011d " % number).ljust(at, b".") + WORD + b"\n".rjust(LINE - at - len(WORD), b".")


def text(first, last):
    """The bytes first … last."""
    numbers = range(first // LINE, last // LINE + 1)
    start = first - numbers[0] * LINE
    return b"".join(map(line, numbers))[start:start + last - first + 1]


def struck(first, last):
    """The same, with the word struck out wherever it stands, cut or not."""
    before, after = min(5, first), min(5, SIZE - 1 - last)
    wide = text(first - before, last + after).replace(WORD, b"*" * len(WORD))
    return wide[before:before + last - first + 1]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def answer(self):
        first, last, status = 0, SIZE - 1, 200
        wanted = self.headers.get("Range", "")
        if wanted:
            start, _, end = wanted.removeprefix("bytes=").partition("-")
            if start:
                first, last = int(start), min(int(end or last), last)
            else:
                first = SIZE - int(end)
            status = 206
        self.send_response(status)
        self.send_header("ETag", '"0123456789abcdef0123456789abcdef"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(last - first + 1))
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{last}/{SIZE}")
        self.end_headers()
        return first, last

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        first, last = self.answer()
        while first <= last:
            piece = text(first, min(first + 65535, last))
            self.server.sent += len(piece)  # before: who has it looks at this
            self.wfile.write(piece)
            first += len(piece)

    def log_message(self, *arguments):
        pass


class QuietServer(http.server.ThreadingHTTPServer):
    """A client that leaves is nothing to speak of."""
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Vast:
    """`sent` counts the bytes of bodies."""

    def __init__(self):
        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.server.sent = 0
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def sent(self):
        return self.server.sent

    def close(self):
        self.server.shutdown()
        self.server.server_close()
