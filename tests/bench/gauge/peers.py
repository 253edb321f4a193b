# SPDX-License-Identifier: MIT
"""The servers that are compared: objlens, and nginx in several roles, over the same bytes."""
import os
import pathlib
import shutil
import socket
import subprocess

from gauge.machine import LOAD_CORE, SERVER_CORE, pinned
from kit.server import Server, free_port, wait_for

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

FIVE_PATTERNS = r"""
            local s = ngx.arg[1]
            if s and #s > 0 then
              s = ngx.re.gsub(s, [[[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}]], "[EMAIL_ADDRESS]", "jo")
              s = ngx.re.gsub(s, [[\b\d{3}-\d{2}-\d{4}\b]], "[US_SSN]", "jo")
              s = ngx.re.gsub(s, [[\b(?:\d[ -]?){12,18}\d\b]], "[CREDIT_CARD]", "jo")
              s = ngx.re.gsub(s, [[\b(?:\d{1,3}\.){3}\d{1,3}\b]], "[IP_ADDRESS]", "jo")
              s = ngx.re.gsub(s, [[(?:\+1[ -])?\(?\d{3}\)?[ -]\d{3}-\d{4}\b]], "[PHONE_NUMBER]", "jo")
              ngx.arg[1] = s
            end"""

CONF = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
{modules}
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 100000000;
  keepalive_timeout 600s;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  open_file_cache max=1000 inactive=600s;
  open_file_cache_valid 600s;
  upstream origin {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} reuseport;
    root {root};
{locations}
  }}
}}
"""

ROLES = {
    "static": "    location / { }\n",
    "proxy": """    location / {
      proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;
      proxy_max_temp_file_size 0; }
""",
    "proxy-unbuffered": """    location / {
      proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 8 64k; }
""",
    "lua-identity": """    location / {
      header_filter_by_lua_block { ngx.header.content_length = nil }
      body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1] } }
""",
    "lua-redact": """    location / {
      header_filter_by_lua_block { ngx.header.content_length = nil }
      body_filter_by_lua_block {""" + FIVE_PATTERNS + """ } }
""",
}

MODULES = "\n".join(f"load_module /usr/lib/nginx/modules/{name}.so;"
                    for name in ("ndk_http_module", "ngx_http_lua_module"))


class Peer:
    """A process that listens on a port."""

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def pid(self):
        return self.process.pid

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Nginx(Peer):
    def __init__(self, folder, role, root, core, upstream=1):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        conf = self.folder / "nginx.conf"
        conf.write_text(CONF.format(folder=self.folder, port=self.port, root=root, upstream=upstream,
                                    locations=ROLES[role],
                                    user="user root;" if os.getuid() == 0 else "",
                                    modules=MODULES if role.startswith("lua") else ""))
        self.process = subprocess.Popen(pinned(core, [NGINX, "-p", self.folder, "-c", conf]),
                                        stderr=subprocess.DEVNULL)
        wait_for(self.listens, 20, f"nginx {role}")


# As such functions are written: the whole object as a text, five replacements, the answer.
NODE_REDACT = r"""
const fs = require("fs"), http = require("http"), path = require("path");
const [root, port] = process.argv.slice(1);
const redact = (text) => text
  .replace(/[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}/g, "[EMAIL_ADDRESS]")
  .replace(/\b\d{3}-\d{2}-\d{4}\b/g, "[US_SSN]")
  .replace(/\b(?:\d[ -]?){12,18}\d\b/g, "[CREDIT_CARD]")
  .replace(/\b(?:\d{1,3}\.){3}\d{1,3}\b/g, "[IP_ADDRESS]")
  .replace(/(?:\+1[ -])?\(?\d{3}\)?[ -]\d{3}-\d{4}\b/g, "[PHONE_NUMBER]");
http.createServer((request, response) => {
  fs.readFile(path.join(root, request.url), "latin1", (error, text) => {
    if (error) response.writeHead(404).end();
    else response.end(redact(text), "latin1");
  });
}).listen(Number(port), "127.0.0.1");
"""


class Node(Peer):
    """A function in Node.js over the same folder, as an HTTP server of its own."""

    def __init__(self, root):
        self.port = free_port()
        self.process = subprocess.Popen(pinned(SERVER_CORE, ["node", "-e", NODE_REDACT, root, self.port]))
        wait_for(self.listens, 20, "node")


class Peers:
    """Every nginx role over one folder of files, the upstream of the proxies on the load core; and Node,
    where there is one."""

    def __init__(self, folder, root):
        self.folder, self.root = pathlib.Path(folder), root
        self.upstream = Nginx(self.folder / "upstream", "static", root, LOAD_CORE)
        self.running = {}

    def get(self, role):
        if role not in self.running:
            self.running[role] = (Node(self.root) if role == "node-redact" else
                                  Nginx(self.folder / role, role, self.root, SERVER_CORE,
                                        upstream=self.upstream.port))
        return self.running[role]

    def stop(self):
        for peer in [*self.running.values(), self.upstream]:
            peer.stop()


class Objlens(Server):
    """objlens on the server core, one loop."""

    def command(self):
        return pinned(SERVER_CORE, super().command())

    @property
    def pid(self):
        return self.process.pid
