# SPDX-License-Identifier: MIT
"""Encrypted originals behind Object Lambda access points: where they are put, and the server through
which they are read. `options` of a rule name keys of `keys`."""
import json

import botocore.exceptions
import pytest

from encryption.kms_server import audit_line
from encryption.s3_formats import META, AesKey, RsaKey
from kit.server import ACCESS_KEY, SECRET_KEY, Server

AES, OTHER, RSA = AesKey(), AesKey(name="other"), RsaKey()
PASSWORD = "correct horse battery"
SIZE = 700_001  # more than two blocks of the spool
PLAIN = bytes((i * i >> 3) & 0xff for i in range(SIZE))
REFUSED = (400, "InvalidRequest",
           "The object could not be decrypted with the keys and rules that apply to it.")

SCRIPTS = {
    "copy.lua": """
return {
  depends = { identity = false },
  get = function(event, object, response)
    for chunk in object:chunks() do response:write(chunk) end
  end,
}
""",
    "keep.lua": """
return {
  positions = { before = 0, after = 0 },
  get = function(event, object, response)
    for chunk in object:chunks() do response:write(chunk) end
  end,
}
""",
    "tell.lua": """
return function(event, object, response)
  response:write("size ", object.size, "\\n")
  for name, value in pairs(object.headers) do response:write(name, ": ", value, "\\n") end
  for name, value in pairs(event.userRequest.headers) do response:write(name, ": ", value, "\\n") end
end
""",
    "caught.lua": """
return function(event, object, response)
  local good, bytes = pcall(object.read_at, object, math.max(object.size - 10, 0), 10)
  response:write(good and bytes or "caught")
end
""",
    "tail.lua": """
return function(event, object, response)
  response:write(object:read_at(object.size - 10, 100), object:read_at(3, 4),
                 object:read_at(300000, 70000))
end
""",
}

KEYS = {
    "a": AES.entry(), "o": OTHER.entry(), "r": RSA.entry(),
    "p": {"type": "password", "id": "p", "material": PASSWORD},
}


def client_key(folder, name, entry):
    """The block for a key as `objlens decrypt` has it, and its file."""
    more = ""
    if entry["type"] != "kms":
        path = folder / f"{name}.key"
        path.write_text(entry["material"])
        path.chmod(0o600)
        more += f', file = "{path}"'
    if entry.get("namespace"):
        more += f', namespace = "{entry["namespace"]}"'
    return f'client_key "{name}" {{ type = "{entry["type"]}", id = "{entry["id"]}"{more} }}'


def config(folder, olaps, keys, origin, spool='bytes = "64 MiB", object_bytes = "8 MiB"'):
    blocks = [client_key(folder, name, entry) for name, entry in keys.items()]
    for name, (transform, rule) in olaps.items():
        uncached = ", cache = false" if name.startswith("uncached") else ""
        said = f", client_encryption = {{ {rule} }}" if rule else ""
        blocks.append(f'object_lambda "{name}" {{ access_point = "vault", '
                      f'transforms = {{ "{transform}" }}{uncached}{said} }}')
    transforms = "\n".join(f'transform "{name[:-4]}" {{ file = "{name}" }}' for name in SCRIPTS)
    return f"""
{origin}
bucket "vault" {{ {'origin = "far"' if origin else ''} }}
access_point "vault" {{ bucket = "vault" }}
spool {{ folder = "{folder}/spool", {spool} }}
key_audit {{ file = "{folder}/keys.log" }}
{transforms}
""" + "\n".join(blocks)


class Vault:
    """Where objects are put, and the server through which they are read."""

    def __init__(self, store, reader):
        self.store, self.reader = store, reader
        self.count = 0

    def put(self, sealed, key=None, **more):
        self.count += 1
        key = key or f"object{self.count}"
        meta = {name.removeprefix(META): value for name, value in sealed.meta.items()}
        client = self.store.s3()
        client.put_object(Bucket="vault", Key=key, Body=sealed.body, Metadata=meta, **more)
        if sealed.instruction is not None:
            client.put_object(Bucket="vault", Key=key + ".instruction",
                              Body=json.dumps(sealed.instruction).encode(),
                              Metadata={"x-amz-crypto-instr-file": ""})
        return key

    def get(self, olap, key, **more):
        return self.reader.s3().get_object(Bucket=f"{olap}--ol-s3", Key=key, **more)

    def body(self, olap, key, **more):
        return self.get(olap, key, **more)["Body"].read()

    def head(self, olap, key, **more):
        return self.reader.s3().head_object(Bucket=f"{olap}--ol-s3", Key=key, **more)

    def used(self, answer):
        """The only line of the key audit about this answer."""
        line, = audit_line(self.reader.folder / "keys.log", answer["ResponseMetadata"]["RequestId"])
        return line

    def refusal(self, olap, key, **more):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            self.get(olap, key, **more)
        answer = error.value.response
        return (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"],
                answer["Error"]["Message"])


def open_vault(tmp_path_factory, olaps, keys=None, remote=False, spool=None, **options):
    """A generator, for a fixture."""
    keys = keys or KEYS
    store = Server(tmp_path_factory.mktemp("store"), files=SCRIPTS, config="", **options)
    more = {"spool": spool} if spool else {}
    store.write_config(config(store.folder, olaps, keys, "", **more))
    store.start()
    reader = store
    if remote:
        reader = Server(tmp_path_factory.mktemp("reader"), files=SCRIPTS, config="", **options)
        reader.write_config(config(reader.folder, olaps, keys, f"""
origin "far" {{ endpoint = "{store.endpoint}", access_key = "{ACCESS_KEY}",
  secret_key = "{SECRET_KEY}" }}"""))
        reader.start()
    yield Vault(store, reader)
    for server in {store, reader}:
        server.stop()
        server.check_logs_hold_no_secrets()
