# SPDX-License-Identifier: MIT
"""What policies cost: GET of 1 KiB through an access point by root, by a user whose request meets
three policies with ten statements, and by the same user where 1,000 access points and 10,000
statements are configured besides; and the decision alone (policy_cost)."""
import os
import subprocess

from gauge.load import Cost, signed_headers, wrk
from gauge.machine import LOAD_CORE, pinned
from gauge.peers import Objlens
from gauge.table import compare, print_fact
from kit.server import BUILD

ACCOUNT = "000000000000"
USER = ("KEYOFTHEBENCHUSER", "secret-of-the-bench-user-0123456789")
POINT = f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/guarded"
CROWD_POINTS, CROWD_STATEMENTS = 1000, 10  # statements an access point


def statement(effect, action, resource, **more):
    fields = [f'effect = "{effect}"', f'actions = {{ "{action}" }}',
              f'resources = {{ "{resource}" }}']
    fields += [f"{name} = {value}" for name, value in more.items()]
    return "{ " + ", ".join(fields) + " }"


ANYBODY = '"*"'
IDENTITY = ", ".join([
    statement("Allow", "s3:ListBucket", "arn:aws:s3:::guarded",
              conditions='{ StringLike = { ["s3:prefix"] = "home/${aws:username}/*" } }'),
    statement("Allow", "s3:GetObject", f"{POINT}/object/*"),
    statement("Allow", "s3:Get*", "arn:aws:s3:::guarded/*"),
    statement("Deny", "s3:DeleteObject", "*"),
])
DOOR = ", ".join([
    statement("Allow", "s3:GetObject", f"{POINT}/object/*",
              principal=f'{{ AWS = "arn:aws:iam::{ACCOUNT}:user/reader" }}'),
    statement("Deny", "s3:*", f"{POINT}/object/secret/*", principal=ANYBODY),
    statement("Allow", "s3:ListBucket", POINT, principal=f'{{ AWS = "{ACCOUNT}" }}'),
])
BUCKET = ", ".join([
    statement("Deny", "s3:*", "arn:aws:s3:::guarded/*", principal=ANYBODY,
              conditions='{ Bool = { ["aws:SecureTransport"] = "true" } }'),
    statement("Deny", "s3:GetObject", "arn:aws:s3:::guarded/*", principal=ANYBODY,
              conditions='{ NotIpAddress = { ["aws:SourceIp"] = { "127.0.0.0/8", "::1/128" } } }'),
    statement("Allow", "s3:*", "arn:aws:s3:::guarded/*", principal=f'{{ AWS = "{ACCOUNT}" }}',
              conditions=f'{{ StringEquals = {{ ["s3:DataAccessPointAccount"] = "{ACCOUNT}" }} }}'),
])
PLAIN = """
bucket "plain"
access_point "plain" { bucket = "plain" }
"""
GUARDED = f"""
bucket "guarded" {{ policy = {{ {BUCKET} }} }}
access_point "guarded" {{ bucket = "guarded", policy = {{ {DOOR} }} }}
user "reader" {{ access_key = "{USER[0]}", secret_key = "{USER[1]}", policy = {{ {IDENTITY} }} }}
"""


# The configuration is Lua: a loop says it all.
CROWD = f"""
for i = 1, {CROWD_POINTS} do
  local name, policy = "crowd-" .. i, {{}}
  for k = 1, {CROWD_STATEMENTS} do
    policy[k] = {{ effect = "Allow", principal = {{ AWS = "{ACCOUNT}" }},
                  actions = {{ "s3:GetObject" }},
                  resources = {{ "arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/" .. name ..
                                "/object/" .. k .. "/*" }} }}
  end
  access_point(name) {{ bucket = "guarded", policy = policy }}
end
"""


def fill(server):
    server.start()
    for bucket in ("plain", "guarded"):
        server.s3().put_object(Bucket=f"{bucket}-s3alias", Key="1KiB", Body=os.urandom(1024))


def decision():
    command = pinned(LOAD_CORE, [BUILD / "tests" / "bench" / "policy_cost"])
    for line in subprocess.run(command, check=True, capture_output=True,
                               text=True).stdout.splitlines():
        name, value = line.rsplit("  ", 1)
        print_fact(name.strip()[:44], value.strip())


def run(bench):
    few = Objlens(bench.folder / "few", config=PLAIN + GUARDED, loops=1)
    many = Objlens(bench.folder / "many", config=PLAIN + GUARDED + CROWD, loops=1)

    def gets(server, bucket, credentials=()):
        url = f"{server.endpoint}/{bucket}-s3alias/1KiB"
        return lambda: Cost(server.pid, lambda: wrk(url, 64, bench.seconds,
                                                    signed_headers("GET", url, *credentials)))

    try:
        fill(few)
        fill(many)
        compare("GET 1KiB by a user, 3 policies, 10 statements", {
            "objlens": gets(few, "guarded", USER),
            "root without policies": gets(few, "plain"),
            "root without policies, again": gets(few, "plain"),
        }, bench.rounds)
        compare("the same among 1,000 points, 10,000 statements", {
            "objlens": gets(many, "guarded", USER),
            "the user without them": gets(few, "guarded", USER),
            "the user without them, again": gets(few, "guarded", USER),
        }, bench.rounds)
    finally:
        few.stop()
        many.stop()
    decision()
