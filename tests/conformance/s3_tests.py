# SPDX-License-Identifier: MIT
"""Runs the public suite ceph/s3-tests against objlens and counts its results by group.

    s3_tests.py SUITE [--origin URL] [--direct PORT] [--only TEXT] [--json FILE] [--like FILE]

SUITE is a checkout of the suite; none of its code is part of objlens. The server runs on a data
folder of its own, or before a remote S3 when --origin is given, with the keys of the suite's main
user in ORIGIN_ACCESS_KEY and ORIGIN_SECRET_KEY. That service knows the suite's other users too, by
the suite's ids; before Ceph RGW main is an --admin user, so that no list keeps objlens out. Fails
when a test fails that `deviations.txt` does not name with its reason. --direct runs the suite
against the service alone, on 127.0.0.1:PORT; --like then names the JSON that this run wrote, and
only what passed there has to pass through objlens.

Wants a boto3 that knows conditional writes and CRC64NVME; PYTHON names the interpreter that has
one, this one by default.
"""
import argparse
import base64
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
from kit.server import Server  # noqa: E402

# A test belongs to the first group whose pattern its name holds.
GROUPS = [
    ("later: versioning", r"version|delete_marker"),
    ("later: object lock", r"object_lock|retention|legal_hold"),
    ("encryption", r"sse|encrypt|_enc_|copy_enc|copy_part_enc|kms|bucket_default_encryption"),
    ("later: access logging", r"logging"),
    ("later: lifecycle", r"lifecycle|restore|transition|expiration"),
    ("none: append, select, website", r"append|s3select|website"),
    ("header and signature errors", r"^test_headers::"),
    ("POST form", r"post_object"),
    ("public access block", r"block_public|public_block|ignore_public"),
    ("object ownership", r"ownership|bucket_owner_enforced"),
    ("CORS", r"cors"),
    ("conditional reads", r"get_object_if|_ifmatch|_ifnonematch|_ifmodified|_ifunmodified"),
    ("conditional writes", r"if_match|if_none_match|ifmatch|ifnonmatch|conditional|put_object_if|put_current_object_if"),
    ("checksums and GetObjectAttributes", r"checksum|attributes|crc|sha256|sha1"),
    ("multipart", r"multipart|upload_part"),
    ("copy", r"copy"),
    ("tagging", r"tag"),
    ("bucket policy", r"policy"),
    ("ACL", r"acl|grant|access_bucket"),
    ("list v2", r"listv2|list_objects_v2|listobjectsv2|bucket_listv2"),
    ("list v1", r"bucket_list"),
    ("presigned and raw", r"raw_|presign"),
    ("range reads", r"range"),
    ("atomic", r"atomic"),
    ("bucket basics", r"bucket"),
    ("object basics", r""),
]
# Kills radosgw 16.2.15, whoever sends it.
DEADLY = "s3tests/functional/test_s3.py::test_upload_part_copy_percent_encoded_key"
MARKS = ("not lifecycle and not lifecycle_expiration and not lifecycle_transition "
         "and not cloud_transition and not cloud_restore and not bucket_logging "
         "and not s3website and not sns and not s3select")

KMS_KEYS = ("testkey-1", "testkey-2")
USERS = {  # section of the suite's file: (account, canonical id, name, access key, secret key)
    "main": ("111111111111", "testid", "M. Tester", "0555b35654ad1656d804",
             "h7GhxuBLTrlhVUyxSPUKUV8r/2EI4ngqJxD7iBdBYLhwluN30JaT3Q=="),
    "alt": ("222222222222", "56789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234",
            "john.doe", "NOPQRSTUVWXYZABCDEFG", "nopqrstuvwxyzabcdefghijklmnabcdefghijklm"),
    "tenant": ("333333333333", "9876543210abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
               "tenanteduser", "HIJKLMNOPQRSTUVWXYZA", "opqrstuvwxyzabcdefghijklmnopqrstuvwxyzab"),
    "iam": ("444444444444", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "iam", "ABCDEFGHIJKLMNOPQRST", "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"),
}


def group_of(name):
    return next(title for title, pattern in GROUPS if re.search(pattern, name))


def kms_arn(name):
    """Answers name a key so, as on AWS, however it was asked for."""
    return "arn:aws:kms:us-east-1:111111111111:key/" + name


def keyring():
    """With the KMS keys that the suite asks for by name."""
    lines = ["objlens keyring 1", "place us-east-1 111111111111"]
    for name in KMS_KEYS:
        made = "2026-01-01T00:00:00Z"
        lines += ["key %s enabled %s" % (name, made),
                  "version 1 %s %s" % (made, base64.b64encode(os.urandom(32)).decode())]
    text = "\n".join(lines) + "\n"
    return text + "end %s\n" % hashlib.sha256(text.encode()).hexdigest()


def canonical_id(section, canonical, remote):
    """Before RGW a tenant's user has the tenant's name in its id."""
    return "testx$" + canonical if section == "tenant" and remote else canonical


def configuration(origin):
    # What the suite takes for granted: a bucket from before AWS closed new ones by default.
    lines = ['bucket_defaults { public_access_block = false, ownership = "ObjectWriter", '
             'accept_private_acl = false }',
             'legacy_form_signatures = true',
             # It sends customers' keys without TLS.
             'sse_c_over_http = true',
             'keyring = "keys"']
    for section, (account, canonical, name, key, secret) in USERS.items():
        canonical = canonical_id(section, canonical, origin)
        lines.append('account "%s" { canonical_id = "%s", display_name = "%s", access_key = "%s", '
                     'secret_key = "%s" }' % (account, canonical, name, key, secret))
    if origin:
        lines += ['origin "remote" { endpoint = "%s", access_key = env "ORIGIN_ACCESS_KEY", '
                  'secret_key = env "ORIGIN_SECRET_KEY", canonical_ids = "shared" }' % origin,
                  'default_origin = "remote"']
    return "\n".join(lines) + "\n"


def suite_configuration(port, remote):
    lines = ["[DEFAULT]", "host = 127.0.0.1", "port = %d" % port, "is_secure = False",
             "ssl_verify = False", "[fixtures]", "bucket prefix = olconf-{random}-"]
    for section, (account, canonical, name, key, secret) in USERS.items():
        lines += ["[%s]" % (section if section == "iam" else "s3 " + section),
                  "display_name = " + name, "user_id = " + canonical_id(section, canonical, remote),
                  "email = %s@example.com" % section, "access_key = " + key, "secret_key = " + secret]
        if section == "main":
            lines += ["api_name =", "kms_keyid = %s" % kms_arn(KMS_KEYS[0]), "kms_keyid2 = %s" % kms_arn(KMS_KEYS[1])]
        if section == "tenant":
            lines.append("tenant = testx")
    for section in ("iam root", "iam alt root"):
        lines += ["[%s]" % section, "access_key = none", "secret_key = none", "user_id = none",
                  "email = none@example.com"]
    return "\n".join(lines) + "\n"


def run_suite(suite, port, only, folder, remote):
    report = folder / "report.xml"
    (folder / "suite.conf").write_text(suite_configuration(port, remote))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    environment.update(S3TEST_CONF=str(folder / "suite.conf"), BOTO_DISABLE_CRT="true",
                       AWS_EC2_METADATA_DISABLED="true", PYTHONPATH=str(suite))
    command = [os.environ.get("PYTHON", sys.executable), "-c",
               "import sys; sys.path.append('/usr/lib/python3/dist-packages'); "
               "import pytest; sys.exit(pytest.main(sys.argv[1:]))",
               "-p", "no:cacheprovider", "-q", "--timeout", "120", "--tb", "short",
               "--junitxml", str(report), "-m", MARKS]
    if only:
        command += ["-k", only]
    if remote:
        command += ["--deselect", DEADLY]
    command += ["s3tests/functional/test_s3.py", "s3tests/functional/test_headers.py"]
    with open(folder / "suite.log", "wb") as log:
        subprocess.run(command, cwd=suite, env=environment, stdout=log, stderr=log, check=False)
    return report


def outcomes(report):
    """Yields (name, outcome, first line of the reason)."""
    for case in ET.parse(report).iter("testcase"):
        name = case.get("classname").split(".")[-1] + "::" + case.get("name")
        name = name.replace("test_s3::", "")
        bad = case.find("failure")
        bad = bad if bad is not None else case.find("error")
        if bad is not None:
            yield name, "failed", (bad.get("message") or "").splitlines()[:1]
        elif case.find("skipped") is not None:
            yield name, "skipped", [case.find("skipped").get("message")]
        else:
            yield name, "passed", []


def deviations():
    """name -> reason"""
    listed = {}
    for line in (HERE / "deviations.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, reason = line.split(None, 1)
            listed[name] = reason
    return listed


def print_table(results):
    print("%-36s %7s %7s %7s" % ("group", "passed", "failed", "skipped"))
    for title in [title for title, _ in GROUPS]:
        rows = [outcome for name, outcome, _ in results if group_of(name) == title]
        if rows:
            print("%-36s %7d %7d %7d" % (title, rows.count("passed"), rows.count("failed"),
                                         rows.count("skipped")))


def run(options, folder):
    suite = options.suite.resolve()
    if options.direct:
        return run_suite(suite, options.direct, options.only, folder, True)
    server = Server(folder, configuration(options.origin))
    (folder / "keys").touch(0o600)
    (folder / "keys").write_text(keyring())
    server.start()
    try:
        return run_suite(suite, server.port, options.only, folder, bool(options.origin))
    finally:
        server.stop()


def forgiven(options):
    """Names of tests that may fail: the listed ones, and what the origin itself does not pass."""
    names = set(deviations())
    if options.like:
        names |= {name for name, outcome, _ in json.loads(options.like.read_text())
                  if outcome != "passed"}
    return names


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("suite", type=pathlib.Path)
    parser.add_argument("--origin")
    parser.add_argument("--direct", type=int)
    parser.add_argument("--like", type=pathlib.Path)
    parser.add_argument("--only")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for logs, kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        results = list(outcomes(run(options, folder)))
    print_table(results)
    listed = forgiven(options)
    bad = [(name, reason) for name, outcome, reason in results
           if outcome == "failed" and name not in listed and not group_of(name).startswith(("later", "none"))]
    for name, reason in bad:
        print("FAILED %s  %s" % (name, reason[0] if reason else ""))
    if options.json:
        options.json.write_text(json.dumps([list(row) for row in results], indent=1))
    print("%d passed, %d failed and not listed" %
          (sum(outcome == "passed" for _, outcome, _ in results), len(bad)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
