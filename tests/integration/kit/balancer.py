# SPDX-License-Identifier: MIT
"""A balancer that knows nothing but TCP: each connection goes to the next of its backends."""
import itertools
import selectors
import socket
import threading


class Balancer:
    def __init__(self, ports):
        self.backends = itertools.cycle(ports)
        self.served = {port: 0 for port in ports}
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.sockets = set()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            port = next(self.backends)
            self.served[port] += 1
            try:
                backend = socket.create_connection(("127.0.0.1", port), 10)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._carry, args=(client, backend), daemon=True).start()

    def _carry(self, client, backend):
        other = {client: backend, backend: client}
        self.sockets |= {client, backend}
        with selectors.DefaultSelector() as selector:
            for end in other:
                selector.register(end, selectors.EVENT_READ)
            try:
                while True:
                    for key, _ in selector.select():
                        data = key.fileobj.recv(1 << 16)
                        if not data:
                            return
                        other[key.fileobj].sendall(data)
            except OSError:
                pass
            finally:
                for end in other:
                    self.sockets.discard(end)
                    end.close()

    def close(self):
        self.listener.close()
        for end in list(self.sockets):
            end.close()
