# SPDX-License-Identifier: MIT
"""Who may do what, as real clients see it: identities, policies, doors, lists, and what is said to
those who may not."""
import json
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

from kit.aws import ACCOUNT, anonymous, client, key_of, refused, user
from kit.raw import exchange, signed
from kit.server import ACCESS_KEY, SECRET_KEY, Server

OTHER = "111122223333"
OTHER_ROOT = ("OTHERROOTKEYXXXXXXXX", "secret-of-the-other-root-0123456789")

CONFIG = f"""
vpc "vpc-inside" {{ ranges = {{ "192.0.2.0/24" }} }}
bucket "shop"
bucket "open" {{
  public_access_block = false,
  policy = {{ {{ effect = "Allow", principal = "*", actions = {{ "s3:GetObject" }},
               resources = {{ "arn:aws:s3:::open/public/*" }} }} }},
}}
bucket "blocked" {{
  policy = {{ {{ effect = "Allow", principal = "*", actions = {{ "s3:GetObject" }},
               resources = {{ "arn:aws:s3:::blocked/*" }} }} }},
}}
bucket "shared" {{
  policy = {{ {{ effect = "Allow", principal = {{ AWS = "{OTHER}" }}, actions = {{ "s3:GetObject" }},
               resources = {{ "arn:aws:s3:::shared/*" }} }} }},
}}
bucket "tagged" {{
  policy = {{
    {{ effect = "Allow", principal = {{ AWS = "arn:aws:iam::{ACCOUNT}:user/tags" }},
       actions = {{ "s3:GetObject" }}, resources = {{ "arn:aws:s3:::tagged/*" }},
       conditions = {{ StringEquals = {{ ["s3:ExistingObjectTag/class"] = "public" }} }} }},
  }},
}}
bucket "written" {{ ownership = "ObjectWriter", public_access_block = false }}
access_point "door" {{ bucket = "shop" }}
access_point "inside" {{ bucket = "shop", vpc = "vpc-inside" }}
access_point "scoped" {{ bucket = "shop", prefixes = {{ "team/", "both/" }} }}
access_point "guarded" {{
  bucket = "shop",
  policy = {{ {{ effect = "Deny", principal = "*", actions = {{ "s3:DeleteObject" }},
               resources = {{ "arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/guarded/object/*" }} }} }},
}}
transform "shout" {{ file = "shout.lua" }}
object_lambda "loud" {{ access_point = "door", transforms = {{ "shout" }} }}
object_lambda "partly" {{ unconfigured = "delegate",
  access_point = "door",
  transformations = {{ {{ actions = {{ "GetObject" }}, transforms = {{ "shout" }} }} }},
}}
account "{OTHER}" {{ access_key = "{OTHER_ROOT[0]}", secret_key = "{OTHER_ROOT[1]}" }}
""" + user("reader", """policy = {
  { effect = "Allow", actions = { "s3:GetObject" }, resources = { "arn:aws:s3:::shop/*" } },
  { effect = "Deny", actions = { "s3:*" }, resources = { "arn:aws:s3:::shop/secret/*" } },
}""") + user("lister", """policy = {
  { effect = "Allow", actions = { "s3:GetObject", "s3:ListBucket" },
    resources = { "arn:aws:s3:::shop", "arn:aws:s3:::shop/*" } },
}""") + user("home", """policy = {
  { effect = "Allow", actions = { "s3:ListBucket" }, resources = { "arn:aws:s3:::shop" },
    conditions = { StringLike = { ["s3:prefix"] = "home/${aws:username}/*" } } },
  { effect = "Allow", actions = { "s3:*Object" },
    resources = { "arn:aws:s3:::shop/home/${aws:username}/*" } },
}""") + user("nobody") + user("tags") + user("partly", """policy = {
  { effect = "Allow", actions = { "s3-object-lambda:*" },
    resources = { "arn:aws:s3-object-lambda:us-east-1:""" + ACCOUNT + """:accesspoint/partly" } },
}""") + user("plain-only", """policy = {
  { effect = "Allow", actions = { "s3:GetObject" }, resources = { "arn:aws:s3:::shop/*" },
    conditions = { Bool = { ["aws:SecureTransport"] = "true" } } },
}""") + user("here-only", """policy = {
  { effect = "Allow", actions = { "s3:GetObject" }, resources = { "arn:aws:s3:::shop/*" },
    conditions = { IpAddress = { ["aws:SourceIp"] = "127.0.0.0/8" },
                   StringLike = { ["aws:UserAgent"] = "*story*" } } },
}""") + user("measurer", """policy = {
  { effect = "Allow", actions = { "s3:GetObjectAttributes" }, resources = { "arn:aws:s3:::shop/*" } },
  { effect = "Allow", actions = { "s3:GetObject" }, resources = { "arn:aws:s3:::shop/team/*" } },
}""") + f"""
user "stranger" {{ account = "{OTHER}", access_key = "{key_of('stranger')[0]}",
  secret_key = "{key_of('stranger')[1]}",
  policy = {{ {{ effect = "Allow", actions = {{ "s3:*" }}, resources = {{ "*" }} }} }} }}
"""
SHOUT = """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk:upper()) end
end
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("access"), config=CONFIG, files={"shout.lua": SHOUT})
    server.start()
    root = server.s3()
    for key in ["k", "secret/k", "team/k", "both/k", "home/home/k"]:
        root.put_object(Bucket="shop", Key=key, Body=b"body")
    root.put_object(Bucket="open", Key="public/k", Body=b"for all")
    root.put_object(Bucket="open", Key="private/k", Body=b"not for all")
    root.put_object(Bucket="blocked", Key="k", Body=b"blocked")
    root.put_object(Bucket="shared", Key="k", Body=b"shared")
    root.put_object(Bucket="tagged", Key="yes", Body=b"tagged", Tagging="class=public&x=y")
    root.put_object(Bucket="tagged", Key="no", Body=b"tagged", Tagging="class=secret")
    yield server
    server.stop()
    server.check_logs_hold_no_secrets()


def as_user(server, name, **config):
    return client(server, credentials=key_of(name), **config)


# ---- identities ----

def test_an_allow_allows_and_a_deny_denies(here):
    s3 = as_user(here, "reader")
    assert s3.get_object(Bucket="shop", Key="k")["Body"].read() == b"body"
    with refused("AccessDenied", 403):
        s3.get_object(Bucket="shop", Key="secret/k")
    with refused("AccessDenied", 403):
        s3.put_object(Bucket="shop", Key="k", Body=b"x")


def test_without_an_allow_nothing_is_allowed(here):
    s3 = as_user(here, "nobody")
    for call in [lambda: s3.get_object(Bucket="shop", Key="k"),
                 lambda: s3.list_objects_v2(Bucket="shop"),
                 lambda: s3.list_buckets(),
                 lambda: s3.create_bucket(Bucket="new-bucket")]:
        with refused("AccessDenied", 403):
            call()
    done = s3.delete_objects(Bucket="shop", Delete={"Objects": [{"Key": "k"}]})
    assert [error["Code"] for error in done["Errors"]] == ["AccessDenied"]
    assert here.s3().get_object(Bucket="shop", Key="k")["Body"].read() == b"body"


def test_policy_variables_and_prefix_conditions(here):
    s3 = as_user(here, "home")
    s3.put_object(Bucket="shop", Key="home/home/new", Body=b"x")
    assert s3.list_objects_v2(Bucket="shop", Prefix="home/home/")["KeyCount"] == 2
    s3.delete_object(Bucket="shop", Key="home/home/new")
    for prefix in ["", "home/", "home/other/"]:
        with refused("AccessDenied", 403):
            s3.list_objects_v2(Bucket="shop", Prefix=prefix)
    with refused("AccessDenied", 403):
        s3.get_object(Bucket="shop", Key="home/other/k")


def test_conditions_on_the_connection(here):
    with refused("AccessDenied", 403):
        as_user(here, "plain-only").get_object(Bucket="shop", Key="k")
    with refused("AccessDenied", 403):
        as_user(here, "here-only").get_object(Bucket="shop", Key="k")
    told = as_user(here, "here-only", user_agent="a story")
    assert told.get_object(Bucket="shop", Key="k")["Body"].read() == b"body"


# ---- what is said of what is not there ----

def test_a_missing_key_is_told_to_those_who_may_list(here):
    with refused("NoSuchKey", 404):
        as_user(here, "lister").get_object(Bucket="shop", Key="missing")
    with refused("AccessDenied", 403):
        as_user(here, "reader").get_object(Bucket="shop", Key="missing")
    with refused("404", 404):
        as_user(here, "lister").head_object(Bucket="shop", Key="missing")
    with refused("403", 403):
        as_user(here, "reader").head_object(Bucket="shop", Key="missing")


def test_a_missing_bucket_is_told_to_all(here):
    for s3 in [as_user(here, "nobody"), anonymous(here)]:
        with refused("NoSuchBucket", 404):
            s3.get_object(Bucket="gone-bucket", Key="k")
        with refused("NoSuchBucket", 404):
            s3.list_objects_v2(Bucket="gone-bucket")
        with refused("AccessDenied", 403):
            s3.get_object(Bucket="shop", Key="k")


def test_nobody_makes_buckets(here):
    with refused("AccessDenied", 403):
        anonymous(here).create_bucket(Bucket="by-nobody")
    with refused("AccessDenied", 403):
        anonymous(here).list_buckets()


# ---- resource policies, accounts, everybody ----

def test_everybody_reads_what_a_policy_opens(here):
    s3 = anonymous(here)
    assert s3.get_object(Bucket="open", Key="public/k")["Body"].read() == b"for all"
    for key in ["private/k", "public/missing"]:
        with refused("AccessDenied", 403):
            s3.get_object(Bucket="open", Key=key)
    with refused("AccessDenied", 403):
        s3.list_objects_v2(Bucket="open")
    with refused("AccessDenied", 403):
        s3.put_object(Bucket="open", Key="public/k", Body=b"x")


def test_overrides_are_the_signers_to_choose(here):
    with refused("InvalidRequest", 400):
        anonymous(here).get_object(Bucket="open", Key="public/k", ResponseContentType="text/html")
    answer = here.s3().get_object(Bucket="open", Key="public/k", ResponseContentType="text/html")
    assert answer["ContentType"] == "text/html"


def test_a_public_policy_behind_a_block_is_for_the_account_only(here):
    with refused("AccessDenied", 403):
        anonymous(here).get_object(Bucket="blocked", Key="k")
    with refused("AccessDenied", 403):
        as_user(here, "stranger").get_object(Bucket="blocked", Key="k")
    assert as_user(here, "nobody").get_object(Bucket="blocked", Key="k")["Body"].read() == b"blocked"


def test_another_account_needs_both_sides(here):
    s3 = as_user(here, "stranger")
    assert s3.get_object(Bucket="shared", Key="k")["Body"].read() == b"shared"
    with refused("AccessDenied", 403):
        s3.get_object(Bucket="shop", Key="k")
    with refused("AccessDenied", 403):
        s3.put_object(Bucket="shared", Key="k", Body=b"x")
    assert client(here, credentials=OTHER_ROOT).get_object(
        Bucket="shared", Key="k")["Body"].read() == b"shared"


def test_tags_of_the_object_decide(here):
    s3 = as_user(here, "tags")
    assert s3.get_object(Bucket="tagged", Key="yes")["Body"].read() == b"tagged"
    for key in ["no", "missing"]:
        with refused("AccessDenied", 403):
            s3.get_object(Bucket="tagged", Key=key)


def test_what_an_object_is_like_is_for_its_readers(here):
    s3 = as_user(here, "measurer")
    assert s3.get_object_attributes(Bucket="shop", Key="team/k",
                                    ObjectAttributes=["ObjectSize"])["ObjectSize"] == 4
    with refused("AccessDenied", 403):
        s3.get_object_attributes(Bucket="shop", Key="k", ObjectAttributes=["ObjectSize"])
    with refused("AccessDenied", 403):
        as_user(here, "reader").get_object_attributes(Bucket="shop", Key="k",
                                                      ObjectAttributes=["ObjectSize"])


def test_the_expected_owner_must_be_the_owner(here):
    s3 = here.s3()
    s3.head_bucket(Bucket="shop", ExpectedBucketOwner=ACCOUNT)
    with refused("AccessDenied", 403):
        s3.get_object(Bucket="shop", Key="k", ExpectedBucketOwner=OTHER)


# ---- whose a bucket is ----

def test_buckets_belong_to_their_makers(here):
    mine, theirs = here.s3(), client(here, credentials=OTHER_ROOT)
    theirs.create_bucket(Bucket="their-bucket")
    assert [b["Name"] for b in theirs.list_buckets()["Buckets"]] == ["their-bucket"]
    assert "their-bucket" not in [b["Name"] for b in mine.list_buckets()["Buckets"]]
    with refused("BucketAlreadyExists", 409):
        mine.create_bucket(Bucket="their-bucket")
    theirs.create_bucket(Bucket="their-bucket")  # once more: no mistake in us-east-1
    with refused("AccessDenied", 403):
        mine.list_objects_v2(Bucket="their-bucket")
    with refused("BucketAlreadyExists", 409):
        theirs.create_bucket(Bucket="shop")
    theirs.put_object(Bucket="their-bucket", Key="k", Body=b"theirs")
    with refused("AccessDenied", 403):
        mine.get_object(Bucket="their-bucket", Key="k")
    theirs.delete_object(Bucket="their-bucket", Key="k")
    theirs.delete_bucket(Bucket="their-bucket")
    mine.create_bucket(Bucket="their-bucket")
    with refused("AccessDenied", 403):
        theirs.list_objects_v2(Bucket="their-bucket")
    mine.delete_bucket(Bucket="their-bucket")


def listed(server, query):
    """Names on a page, and where the next one begins. (Debian's boto3 knows no pages of buckets.)"""
    answer = exchange(server, signed(server, "GET", "/?" + query))
    assert answer.status == 200, answer.raw
    token = re.search(rb"<ContinuationToken>(.*?)</ContinuationToken>", answer.body)
    return ([name.decode() for name in re.findall(rb"<Name>(.*?)</Name>", answer.body)],
            token.group(1).decode() if token else None)


def test_buckets_are_listed_in_pages(here):
    names = [b["Name"] for b in here.s3().list_buckets()["Buckets"]]
    assert names == sorted(names) and len(names) >= 6
    paged, token = [], None
    while token != "":
        page, token = listed(here, "max-buckets=2" + (
            f"&continuation-token={urllib.parse.quote(token, safe='')}" if token else ""))
        assert len(page) <= 2
        paged += page
        token = token or ""
    assert paged == names
    assert listed(here, "prefix=sh") == (["shared", "shop"], None)
    for wrong in ["max-buckets=0", "max-buckets=x", "max-buckets=10001", "continuation-token=x"]:
        assert exchange(here, signed(here, "GET", "/?" + wrong)).status == 400


def test_acls_count_where_ownership_says_so(here):
    mine, theirs = here.s3(), client(here, credentials=OTHER_ROOT)
    canonical = theirs.list_buckets()["Owner"]["ID"]
    mine.put_object(Bucket="written", Key="k", Body=b"private")
    with refused("AccessDenied", 403):
        theirs.get_object(Bucket="written", Key="k")
    mine.put_object_acl(Bucket="written", Key="k", GrantRead=f"id={canonical}")
    assert theirs.get_object(Bucket="written", Key="k")["Body"].read() == b"private"
    with refused("AccessDenied", 403):
        anonymous(here).get_object(Bucket="written", Key="k")
    mine.put_object_acl(Bucket="written", Key="k", ACL="public-read")
    assert anonymous(here).get_object(Bucket="written", Key="k")["Body"].read() == b"private"
    with refused("AccessDenied", 403):
        theirs.put_object(Bucket="written", Key="new", Body=b"x")
    mine.put_bucket_acl(Bucket="written", ACL="public-read-write")
    theirs.put_object(Bucket="written", Key="new", Body=b"theirs")
    with refused("AccessDenied", 403):
        mine.get_object(Bucket="written", Key="new")
    with refused("AccessDenied", 403):
        mine.get_object_attributes(Bucket="written", Key="new", ObjectAttributes=["ETag"])
    mine.delete_object(Bucket="written", Key="new")
    mine.put_bucket_acl(Bucket="written", ACL="private")


# ---- access points ----

def test_an_access_point_inside_a_vpc(here):
    with refused("AccessDenied", 403):
        here.s3().get_object(Bucket="inside-s3alias", Key="k")


def test_an_access_points_scope(here):
    s3 = here.s3()
    assert s3.get_object(Bucket="scoped-s3alias", Key="team/k")["Body"].read() == b"body"
    assert s3.list_objects_v2(Bucket="scoped-s3alias", Prefix="team/")["KeyCount"] == 1
    for call in [lambda: s3.get_object(Bucket="scoped-s3alias", Key="k"),
                 # whether it is there is nobody's to know either
                 lambda: s3.get_object(Bucket="scoped-s3alias", Key="missing"),
                 lambda: s3.list_objects_v2(Bucket="scoped-s3alias"),
                 lambda: s3.list_objects_v2(Bucket="scoped-s3alias", Prefix="t"),
                 lambda: s3.put_object(Bucket="scoped-s3alias", Key="new", Body=b"x"),
                 lambda: s3.copy_object(Bucket="shop", Key="copied",
                                        CopySource={"Bucket": "scoped-s3alias", "Key": "k"})]:
        with refused("AccessDenied", 403):
            call()
    done = s3.delete_objects(Bucket="scoped-s3alias", Delete={"Objects": [{"Key": "k"}]})
    assert [e["Code"] for e in done["Errors"]] == ["AccessDenied"]


def test_an_access_points_policy_denies_root_too(here):
    s3 = here.s3()
    s3.put_object(Bucket="guarded-s3alias", Key="new", Body=b"x")
    with refused("AccessDenied", 403):
        s3.delete_object(Bucket="guarded-s3alias", Key="new")
    s3.delete_object(Bucket="shop", Key="new")


@pytest.mark.parametrize("alias", ["door-s3alias", "loud--ol-s3"])
def test_bucket_changes_are_not_made_through_doors(here, alias):
    s3 = here.s3()
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    for call in [lambda: s3.delete_bucket(Bucket=alias),
                 lambda: s3.put_bucket_policy(Bucket=alias, Policy=policy),
                 lambda: s3.delete_bucket_cors(Bucket=alias),
                 lambda: s3.put_bucket_acl(Bucket=alias, ACL="private")]:
        with refused("MethodNotAllowed", 405):
            call()


# ---- what an OLAP does not transform ----

def test_the_rest_is_delegated_to_the_access_point(here):
    s3 = here.s3()
    s3.put_object(Bucket="loud--ol-s3", Key="put", Body=b"as it is")
    assert s3.get_object(Bucket="shop", Key="put")["Body"].read() == b"as it is"
    s3.put_object_tagging(Bucket="loud--ol-s3", Key="put", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_object_tagging(Bucket="loud--ol-s3", Key="put")["TagSet"] == [{"Key": "a", "Value": "b"}]
    upload = s3.create_multipart_upload(Bucket="loud--ol-s3", Key="parts")["UploadId"]
    part = s3.upload_part(Bucket="loud--ol-s3", Key="parts", UploadId=upload, PartNumber=1, Body=b"one")
    s3.complete_multipart_upload(Bucket="loud--ol-s3", Key="parts", UploadId=upload, MultipartUpload={
        "Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert s3.get_object(Bucket="loud--ol-s3", Key="parts")["Body"].read() == b"ONE"
    s3.delete_objects(Bucket="loud--ol-s3", Delete={"Objects": [{"Key": "put"}, {"Key": "parts"}]})
    assert "Contents" not in s3.list_objects_v2(Bucket="shop", Prefix="pu")


def test_actions_that_are_not_configured_can_be_delegated(here):
    s3 = here.s3()
    assert s3.get_object(Bucket="partly--ol-s3", Key="k")["Body"].read() == b"BODY"
    assert s3.head_object(Bucket="partly--ol-s3", Key="k")["ETag"] == s3.head_object(
        Bucket="shop", Key="k")["ETag"]
    viewer = as_user(here, "partly")
    assert viewer.get_object(Bucket="partly--ol-s3", Key="k")["Body"].read() == b"BODY"
    with refused("403", 403):
        viewer.head_object(Bucket="partly--ol-s3", Key="k")
    with refused("AccessDenied", 403):
        viewer.list_objects_v2(Bucket="partly--ol-s3")


def test_a_view_is_no_source_of_copies_and_takes_no_forms(here):
    s3 = here.s3()
    with refused("MethodNotAllowed", 405):
        s3.copy_object(Bucket="shop", Key="copied", CopySource={"Bucket": "loud--ol-s3", "Key": "k"})
    body = (b"--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n"
            b"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nv\r\n--x--\r\n")
    answer = exchange(here, signed(here, "POST", "/loud--ol-s3", body=body, headers={
        "Content-Type": "multipart/form-data; boundary=x"}))
    assert (answer.status, answer.code) == (405, "MethodNotAllowed")


def test_a_customers_key_is_not_taken_through_a_view(here):
    with refused("InvalidRequest", 400):
        here.s3().get_object(Bucket="loud--ol-s3", Key="k", SSECustomerAlgorithm="AES256",
                             SSECustomerKey="0" * 32)


# ---- links ----

def fetch(url, method="GET", data=None):
    request = urllib.request.Request(url, method=method, data=data)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_link_reaches_what_its_signer_may(here):
    s3 = as_user(here, "reader")
    params = {"Bucket": "shop", "Key": "k"}
    url = s3.generate_presigned_url("get_object", Params=params)
    assert fetch(url) == (200, b"body")
    secret = s3.generate_presigned_url("get_object", Params={"Bucket": "shop", "Key": "secret/k"})
    assert fetch(secret)[0] == 403
    put = s3.generate_presigned_url("put_object", Params=params)
    assert fetch(put, "PUT", b"x")[0] == 403
    assert fetch(url.replace("/shop/k?", "/shop/secret/k?"))[0] == 403
    assert fetch(url, "PUT", b"x")[0] == 403


def test_links_and_headers_are_one_mechanism_each(here):
    url = here.s3().generate_presigned_url("get_object", Params={"Bucket": "shop", "Key": "k"})
    path = url.split(str(here.port), 1)[1]
    answer = exchange(here, signed(here, "GET", path))
    assert (answer.status, answer.code) == (400, "InvalidArgument")


# ---- a listener's own policy ----

def test_an_endpoint_policy_caps_everybody(tmp_path):
    server = Server(tmp_path / "capped")
    server.write("objlens.lua", f"""
data = "{server.data}"
listen {{ address = "127.0.0.1:{server.port}",
  policy = {{ {{ effect = "Allow", principal = "*", actions = {{ "s3:GetObject", "s3:PutObject" }},
               resources = {{ "arn:aws:s3:::shop/*" }} }} }} }}
admin "127.0.0.1:{server.admin_port}"
root {{ access_key = "{ACCESS_KEY}", secret_key = env "OBJLENS_SECRET_KEY" }}
logs {{ access = "{server.access_log}" }}
bucket "shop"
bucket "other"
""")
    server.start()
    try:
        s3 = server.s3()
        s3.put_object(Bucket="shop", Key="k", Body=b"x")
        assert s3.get_object(Bucket="shop", Key="k")["Body"].read() == b"x"
        with refused("AccessDenied", 403):
            s3.put_object(Bucket="other", Key="k", Body=b"x")
        with refused("AccessDenied", 403):
            s3.list_objects_v2(Bucket="shop")
    finally:
        server.stop()
    assert SECRET_KEY not in server.access_log.read_text()
