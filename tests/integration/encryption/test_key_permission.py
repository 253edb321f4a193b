# SPDX-License-Identifier: MIT
"""Access to a master key is authorization: kms:Decrypt and kms:GenerateDataKey, in the policies of
identities and of keys, before everything that is read, written or told of an object."""
import base64
import subprocess

import pytest

from kit.aws import anonymous, client, key_of, refused, user
from kit.server import Server, wait_for

ARN = "arn:aws:kms:us-east-1:000000000000:key/"
S3 = '{ effect = "Allow", actions = { "s3:*", "s3-object-lambda:*" }, resources = { "*" } }'
USE = '"kms:Decrypt", "kms:GenerateDataKey"'


def may(actions, key="*", conditions=""):
    return f'{{ effect = "Allow", actions = {{ {actions} }}, resources = {{ "{ARN}{key}" }}, {conditions} }}'


CONFIG = """
bucket "box" { policy = { { effect = "Allow", principal = "*", actions = { "s3:GetObject" },
                          resources = { "arn:aws:s3:::box/public/*" } } },
             public_access_block = false }
bucket "sealed" { encryption = { algorithm = "aws:kms", key = "orders" } }
bucket "must" { policy = { { effect = "Deny", principal = "*", actions = { "s3:PutObject" },
  resources = { "arn:aws:s3:::must/*" },
  conditions = { StringNotEquals = { ["s3:x-amz-server-side-encryption"] = "aws:kms" } } } } }
access_point "b-ap" { bucket = "box" }
transform "shout" { file = "shout.lua" }
object_lambda "loud" { access_point = "b-ap", transforms = { "shout" } }
master_key "closed" { policy = {
  { effect = "Allow", principal = "arn:aws:iam::000000000000:user/keeper", actions = "kms:*", resources = "*" },
  { effect = "Allow", principal = "arn:aws:iam::000000000000:root", actions = "kms:DescribeKey", resources = "*" },
} }
master_key "shared" { policy = {
  { effect = "Allow", principal = "000000000000", actions = "kms:*", resources = "*" },
} }
account "111122223333" { access_key = "FOREIGNROOTFOREIGNRO", secret_key = "foreign-secret-0123456789" }
""" + "".join([
    user("plain", f"policy = {{ {S3} }}"),
    user("keeper", f"policy = {{ {S3} }}"),
    user("all", f'policy = {{ {S3}, {may(USE)} }}'),
    user("reader", f'policy = {{ {S3}, {may(chr(34) + "kms:Decrypt" + chr(34), "orders")} }}'),
    user("writer", f'policy = {{ {S3}, {may(chr(34) + "kms:GenerateDataKey" + chr(34), "orders")} }}'),
    user("veiled", f'policy = {{ {S3}, {may(USE, "orders", "conditions = { Null = { [" + chr(34) + "aws:CalledVia" + chr(34) + "] = " + chr(34) + "false" + chr(34) + " } }")} }}'),
    user("team", f'policy = {{ {S3}, {may(USE, "*", "conditions = { StringEquals = { [" + chr(34) + "kms:EncryptionContext:team" + chr(34) + "] = " + chr(34) + "a" + chr(34) + ", [" + chr(34) + "kms:ViaService" + chr(34) + "] = " + chr(34) + "s3.us-east-1.amazonaws.com" + chr(34) + " } }")} }}'),
    user("never", f'policy = {{ {S3}, {{ effect = "Deny", actions = {{ "kms:*" }}, resources = {{ "*" }} }} }}'),
    user("viewer", 'views = { "loud" }'),
])
SHOUT = """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk:upper()) end
end
"""
KMS = {"ServerSideEncryption": "aws:kms"}
ORDERS = {**KMS, "SSEKMSKeyId": "orders"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("key-permission"), CONFIG, files={"shout.lua": SHOUT})
    server.data.mkdir(mode=0o700, exist_ok=True)
    for name in ("orders", "closed", "shared", "switched"):
        subprocess.run([server.command()[0], "keys", "new", "--keyring", server.data / "keyring", "--id", name,
                        "--alias", "alias/" + name], check=True, capture_output=True)
    server.start()
    s3 = client(server)
    s3.put_object(Bucket="box", Key="k", Body=b"original", **ORDERS)
    s3.put_object(Bucket="box", Key="default", Body=b"original", **KMS)
    s3.put_object(Bucket="box", Key="public/k", Body=b"original", **ORDERS)
    yield server
    assert server.stop() == 0
    server.check_logs_hold_no_secrets()


def of(server, name):
    return client(server, credentials=key_of(name)) if name != "root" else client(server)


def every_read(s3, key):
    """Each way in which something of an object may be learnt."""
    return {
        "get": lambda: s3.get_object(Bucket="box", Key=key)["Body"].read(),
        "range": lambda: s3.get_object(Bucket="box", Key=key, Range="bytes=1-2")["Body"].read(),
        "head": lambda: s3.head_object(Bucket="box", Key=key),
        "attributes": lambda: s3.get_object_attributes(Bucket="box", Key=key, ObjectAttributes=["ObjectSize"]),
        "copy": lambda: s3.copy_object(Bucket="box", Key="copy-of-" + key, CopySource="box/" + key),
        "view": lambda: s3.get_object(Bucket="loud--ol-s3", Key=key)["Body"].read(),
        "view head": lambda: s3.head_object(Bucket="loud--ol-s3", Key=key),
        "view range": lambda: s3.get_object(Bucket="loud--ol-s3", Key=key, Range="bytes=0-1")["Body"].read(),
    }


@pytest.mark.parametrize("who", ["root", "all", "reader"])
def test_whoever_may_reads(server, who):
    for what, read in every_read(of(server, who), "k").items():
        assert read(), what


@pytest.mark.parametrize("who", ["plain", "keeper", "writer", "never", "team"])
def test_whoever_may_not_learns_nothing(server, who):
    for what, read in every_read(of(server, who), "k").items():
        with pytest.raises(Exception) as refusal:
            read()
        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403, what
    etag = client(server).head_object(Bucket="box", Key="k")["ETag"]
    with refused("403", 403):
        of(server, who).head_object(Bucket="box", Key="k", IfNoneMatch=etag)
    with refused("AccessDenied", 403):
        of(server, who).get_object(Bucket="box", Key="k", IfNoneMatch=etag)


def test_a_view_that_is_cached_is_no_way_around(server):
    view = {"Bucket": "loud--ol-s3", "Key": "k"}
    for _ in range(2):
        assert of(server, "all").get_object(**view)["Body"].read() == b"ORIGINAL"
    etag = of(server, "all").head_object(**view)["ETag"]
    with refused("AccessDenied", 403):
        of(server, "plain").get_object(**view)
    with refused("AccessDenied", 403):
        of(server, "plain").get_object(**view, IfNoneMatch=etag)
    with refused("403", 403):
        of(server, "plain").head_object(**view)


def test_a_listing_of_views_tells_no_length(server):
    view = {"Bucket": "loud--ol-s3", "Prefix": "k"}
    assert of(server, "all").list_objects_v2(**view)["Contents"][0]["Size"] == len(b"original")
    entry = of(server, "plain").list_objects_v2(**view)["Contents"][0]
    assert entry["Size"] == 0 and not entry["ETag"].strip('"')


def test_keys_for_views_alone(server):
    """aws:CalledVia tells views from originals; who is given `views` has it so."""
    assert of(server, "veiled").get_object(Bucket="loud--ol-s3", Key="k")["Body"].read() == b"ORIGINAL"
    with refused("AccessDenied", 403):
        of(server, "veiled").get_object(Bucket="box", Key="k")
    assert of(server, "viewer").get_object(Bucket="loud--ol-s3", Key="k")["Body"].read() == b"ORIGINAL"
    with refused("AccessDenied", 403):
        of(server, "viewer").get_object(Bucket="box", Key="k")


def test_a_copy_into_a_view_reads_its_source_directly(server):
    """A write is handed on by the Object Lambda access point; what it copies does not stand behind it."""
    s3 = of(server, "veiled")
    with refused("AccessDenied", 403):
        s3.copy_object(Bucket="loud--ol-s3", Key="stolen", CopySource="box/k")
    named = {"Bucket": "loud--ol-s3", "Key": "stolen"}
    upload = s3.create_multipart_upload(**named)["UploadId"]
    with refused("AccessDenied", 403):
        s3.upload_part_copy(**named, UploadId=upload, PartNumber=1, CopySource="box/k")
    s3.abort_multipart_upload(**named, UploadId=upload)
    copied = of(server, "all").copy_object(Bucket="loud--ol-s3", Key="taken", CopySource="box/k")
    assert copied["CopyObjectResult"]["ETag"]


@pytest.mark.parametrize("who", ["root", "all", "plain", "keeper", "reader"])
def test_the_accounts_default_key_is_everybodys(server, who):
    s3 = of(server, who)
    put = s3.put_object(Bucket="box", Key="mine", Body=b"x", **KMS)
    for name in (None, "alias/aws/s3", put["SSEKMSKeyId"]):
        more = {"SSEKMSKeyId": name} if name else {}
        assert s3.put_object(Bucket="box", Key="mine", Body=b"x", **KMS, **more)["SSEKMSKeyId"] == put["SSEKMSKeyId"]
    assert s3.get_object(Bucket="box", Key="default")["Body"].read() == b"original"


def test_save_for_those_who_are_denied_it(server):
    with refused("AccessDenied", 403):
        of(server, "never").get_object(Bucket="box", Key="default")
    with refused("AccessDenied", 403):
        of(server, "never").put_object(Bucket="box", Key="mine", Body=b"x", **KMS)


@pytest.mark.parametrize("name", ["orders", "alias/orders", ARN + "orders", ARN.replace("key/", "alias/orders")])
def test_writing(server, name):
    named = {**KMS, "SSEKMSKeyId": name}
    for who in ("root", "all", "writer"):
        put = of(server, who).put_object(Bucket="box", Key="w", Body=b"x", **named)
        assert put["SSEKMSKeyId"] == ARN + "orders"
    for who in ("plain", "reader", "keeper", "never"):
        s3 = of(server, who)
        with refused("AccessDenied", 403):
            s3.put_object(Bucket="box", Key="w", Body=b"y", **named)
        with refused("AccessDenied", 403):
            s3.create_multipart_upload(Bucket="box", Key="w", **named)
        s3.put_object(Bucket="box", Key="unsealed", Body=b"z")
        with refused("AccessDenied", 403):
            s3.copy_object(Bucket="box", Key="w", CopySource="box/unsealed", **named)


def test_names_of_keys_are_for_those_who_may_use_them(server):
    """Whether a key has that name is told to nobody else: a name that no key has is refused as one that a key has."""
    def refusal(who, name):
        with pytest.raises(Exception) as error:
            of(server, who).put_object(Bucket="box", Key="w", Body=b"y", **KMS, SSEKMSKeyId=name)
        answer = error.value.response
        return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]
    for there, missing in (("orders", "nowhere"), ("alias/orders", "alias/nowhere"),
                           (ARN + "orders", ARN + "nowhere")):
        for who in ("plain", "reader", "never"):
            assert refusal(who, missing) == refusal(who, there)
            assert refusal(who, missing)[:2] == (403, "AccessDenied") and "nowhere" not in refusal(who, missing)[2]
        for who in ("root", "all"):
            assert refusal(who, missing)[:2] == (400, "KMS.NotFoundException")
            assert "nowhere" in refusal(who, missing)[2]


def test_by_the_buckets_default(server):
    assert of(server, "writer").put_object(Bucket="sealed", Key="k", Body=b"x")["SSEKMSKeyId"] == ARN + "orders"
    with refused("AccessDenied", 403):
        of(server, "plain").put_object(Bucket="sealed", Key="k", Body=b"x")


def test_parts(server):
    """Parts are written under the upload's key, which has to be opened for each."""
    named = {"Bucket": "box", "Key": "parts"}
    upload = of(server, "all").create_multipart_upload(**named, **ORDERS)["UploadId"]
    with refused("AccessDenied", 403):
        of(server, "writer").upload_part(**named, UploadId=upload, PartNumber=1, Body=b"x")
    part = of(server, "all").upload_part(**named, UploadId=upload, PartNumber=1, Body=b"x")
    with refused("AccessDenied", 403):
        of(server, "writer").list_parts(**named, UploadId=upload)
    assert of(server, "reader").list_parts(**named, UploadId=upload)["Parts"][0]["Size"] == 1
    done = {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}, "UploadId": upload}
    with refused("AccessDenied", 403):
        of(server, "writer").complete_multipart_upload(**named, **done)
    of(server, "all").complete_multipart_upload(**named, **done)
    assert of(server, "reader").get_object(**named)["Body"].read() == b"x"


def test_a_policy_may_ask_for_encryption_and_parts_still_come(server):
    named = {"Bucket": "must", "Key": "parts"}
    s3 = of(server, "all")
    with refused("AccessDenied", 403):
        s3.create_multipart_upload(**named)
    upload = s3.create_multipart_upload(**named, **KMS)["UploadId"]
    part = s3.upload_part(**named, UploadId=upload, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(
        **named, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    with refused("AccessDenied", 403):
        s3.upload_part(**named, UploadId="none-such", PartNumber=1, Body=b"x")


def test_a_key_with_a_policy(server):
    closed = {**KMS, "SSEKMSKeyId": "closed"}
    of(server, "keeper").put_object(Bucket="box", Key="closed", Body=b"x", **closed)
    assert of(server, "keeper").get_object(Bucket="box", Key="closed")["Body"].read() == b"x"
    for who in ("root", "all", "plain"):
        with refused("AccessDenied", 403):
            of(server, who).get_object(Bucket="box", Key="closed")
        with refused("AccessDenied", 403):
            of(server, who).put_object(Bucket="box", Key="closed2", Body=b"x", **closed)


def test_a_key_that_leaves_it_to_its_account(server):
    shared = {**KMS, "SSEKMSKeyId": "shared"}
    of(server, "all").put_object(Bucket="box", Key="shared", Body=b"x", **shared)
    assert client(server).get_object(Bucket="box", Key="shared")["Body"].read() == b"x"
    with refused("AccessDenied", 403):
        of(server, "plain").get_object(Bucket="box", Key="shared")


def test_the_context_counts(server):
    def context(text):
        return {"SSEKMSEncryptionContext": base64.b64encode(text).decode()}
    s3 = of(server, "team")
    s3.put_object(Bucket="box", Key="team", Body=b"x", **ORDERS, **context(b'{"team":"a"}'))
    assert s3.get_object(Bucket="box", Key="team")["Body"].read() == b"x"
    with refused("AccessDenied", 403):
        s3.put_object(Bucket="box", Key="team", Body=b"x", **ORDERS, **context(b'{"team":"b"}'))
    for team, bucket_key in ((b"a", True), (b"a", False), (b"b", True)):
        upload = {"Bucket": "box", "Key": "parts of a team"}
        upload["UploadId"] = client(server).create_multipart_upload(
            **upload, **ORDERS, **context(b'{"team":"' + team + b'"}'), BucketKeyEnabled=bucket_key)["UploadId"]
        if team == b"a":
            assert "Parts" not in s3.list_parts(**upload)
        else:
            with refused("AccessDenied", 403):
                s3.list_parts(**upload)
        s3.abort_multipart_upload(**upload)


def test_nobody_and_strangers(server):
    with refused("InvalidArgument", 400):
        anonymous(server).get_object(Bucket="box", Key="public/k")
    foreign = client(server, credentials=("FOREIGNROOTFOREIGNRO", "foreign-secret-0123456789"))
    for key in ("public/k",):
        with refused("AccessDenied", 403):
            foreign.get_object(Bucket="box", Key=key)


def test_a_key_that_is_disabled_opens_nothing(server):
    s3 = client(server)
    s3.put_object(Bucket="box", Key="off", Body=b"off", **KMS, SSEKMSKeyId="switched")
    etag = s3.get_object(Bucket="box", Key="off")["ETag"]
    s3.get_object(Bucket="loud--ol-s3", Key="off")["Body"].read()
    upload = {"Bucket": "box", "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload, **KMS, SSEKMSKeyId="switched")["UploadId"]
    s3.upload_part(**upload, PartNumber=1, Body=b"part")
    assert s3.list_parts(**upload)["Parts"][0]["Size"] == 4
    subprocess.run([server.command()[0], "keys", "disable", "switched", "--keyring", server.data / "keyring"],
                   check=True, capture_output=True)

    def is_off():
        try:
            s3.head_object(Bucket="box", Key="off")
        except s3.exceptions.ClientError:
            return True
    wait_for(is_off, what="the keyring to be read again")
    for bucket in ("box", "loud--ol-s3"):
        with refused("KMS.DisabledException", 400):
            s3.get_object(Bucket=bucket, Key="off")
        with refused("KMS.DisabledException", 400):
            s3.get_object(Bucket=bucket, Key="off", IfNoneMatch=etag)
        with refused("400", 400):
            s3.head_object(Bucket=bucket, Key="off")
    with refused("KMS.DisabledException", 400):
        s3.put_object(Bucket="box", Key="off", Body=b"off", **KMS, SSEKMSKeyId="switched")
    with refused("KMS.DisabledException", 400):
        s3.list_parts(**upload)
    s3.abort_multipart_upload(**upload)
    s3.delete_object(Bucket="box", Key="off")
