# SPDX-License-Identifier: MIT
"""Every way in which S3 clients name buckets, access points and Object Lambda access points."""
import http.client
import urllib.parse
import urllib.request

import pytest

from kit.aws import ACCOUNT, DOMAIN, anonymous, client, names_resolve, refused
from kit.raw import exchange
from kit.server import Server

KEYS = ["plain.txt", "dir/a b+c.txt", "two//slashes", "//leading", "trailing/", "a/../b", "./c",
        "%2F", "100%", "ünïcødé/日本語.txt", "a&b=c?d#e", "tab\tand'quote\"", "~-_.!*()"]

CONFIG = f"""
domains = {{ "{DOMAIN}" }}
bucket "shop"
bucket "other-{ACCOUNT}"
access_point "door" {{ bucket = "shop" }}
access_point "both" {{ bucket = "shop" }}
transform "shout" {{ file = "shout.lua" }}
object_lambda "both" {{ access_point = "both", transforms = {{ "shout" }} }}
object_lambda "loud" {{ access_point = "door", transforms = {{ "shout" }} }}
"""
SHOUT = """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk:upper()) end
end
"""


def arn(kind, name, account=ACCOUNT, region="us-east-1"):
    return f"arn:aws:{kind}:{region}:{account}:accesspoint/{name}"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("addressing"), config=CONFIG, files={"shout.lua": SHOUT})
    server.start()
    for key in KEYS:
        server.s3().put_object(Bucket="shop", Key=key, Body=b"body of " + key.encode())
    yield server
    server.stop()
    server.check_logs_hold_no_secrets()


@pytest.fixture(autouse=True)
def resolving():
    with names_resolve():
        yield


def by_name(server):
    return f"http://{DOMAIN}:{server.port}"


def forms(server):
    """name -> (client, Bucket)."""
    virtual = client(server, endpoint=by_name(server), s3={"addressing_style": "virtual"})
    path = client(server, s3={"addressing_style": "path"})
    proxied = client(server, endpoint=f"http://{DOMAIN}", proxies={"http": server.endpoint},
                     s3={"addressing_style": "virtual"})
    return {
        "path": (path, "shop"),
        "virtual host": (virtual, "shop"),
        "alias, path": (path, "door-s3alias"),
        "alias, virtual host": (virtual, "door-s3alias"),
        "access point ARN": (virtual, arn("s3", "door")),
        "access point ARN, address": (path, arn("s3", "door")),
        "proxy, virtual host": (proxied, "shop"),
        "proxy, access point ARN": (proxied, arn("s3", "door")),
    }


def view_forms(server):
    virtual = client(server, endpoint=by_name(server), s3={"addressing_style": "virtual"})
    path = client(server, s3={"addressing_style": "path"})
    proxied = client(server, endpoint=f"http://{DOMAIN}", proxies={"http": server.endpoint})
    return {
        "alias, path": (path, "loud--ol-s3"),
        "alias, virtual host": (virtual, "loud--ol-s3"),
        "ARN": (virtual, arn("s3-object-lambda", "loud")),
        "ARN, address": (path, arn("s3-object-lambda", "loud")),
        "ARN, proxy": (proxied, arn("s3-object-lambda", "loud")),
    }


FORMS = ["path", "virtual host", "alias, path", "alias, virtual host", "access point ARN",
         "access point ARN, address", "proxy, virtual host", "proxy, access point ARN"]
VIEW_FORMS = ["alias, path", "alias, virtual host", "ARN", "ARN, address", "ARN, proxy"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", KEYS)
def test_a_key_survives_every_form(here, form, key):
    if form.startswith("proxy") and "./" in key:
        pytest.skip("urllib3 takes dots out of what it sends to a proxy, after signing it")
    s3, bucket = forms(here)[form]
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"body of " + key.encode()


@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_written_and_listed_as_it_is(here, form):
    s3, bucket = forms(here)[form]
    key = f"written by//{form}/é+ %25.txt"
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="written by//" + form)["Contents"]
    assert [entry["Key"] for entry in listed] == [key]
    assert here.s3().get_object(Bucket="shop", Key=key)["Body"].read() == b"x"
    s3.delete_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket, Prefix="written by//" + form)["KeyCount"] == 0


@pytest.mark.parametrize("form", VIEW_FORMS)
@pytest.mark.parametrize("key", ["plain.txt", "dir/a b+c.txt", "two//slashes", "%2F"])
def test_a_view_is_read_in_every_form(here, form, key):
    s3, bucket = view_forms(here)[form]
    body = (b"body of " + key.encode()).upper()
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(body)
    keys = [e["Key"] for e in s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]]
    assert keys == [key]


def test_the_signed_service_tells_an_olap_from_its_namesake(here):
    s3 = client(here, endpoint=by_name(here))
    assert s3.get_object(Bucket=arn("s3", "both"), Key="plain.txt")["Body"].read() == b"body of plain.txt"
    assert s3.get_object(Bucket=arn("s3-object-lambda", "both"),
                         Key="plain.txt")["Body"].read() == b"BODY OF PLAIN.TXT"


def test_a_bucket_may_look_like_a_door(here):
    s3 = client(here, endpoint=by_name(here), s3={"addressing_style": "virtual"})
    s3.put_object(Bucket=f"other-{ACCOUNT}", Key="k", Body=b"a bucket's")
    assert s3.get_object(Bucket=f"other-{ACCOUNT}", Key="k")["Body"].read() == b"a bucket's"


@pytest.mark.parametrize("form", ["path", "virtual host", "alias, path", "access point ARN"])
@pytest.mark.parametrize("key", ["plain.txt", "dir/a b+c.txt", "//leading", "%2F"])
def test_presigned_links_work_in_every_form(here, form, key):
    s3, bucket = forms(here)[form]
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.read() == b"body of " + key.encode()


def test_a_presigned_link_to_a_view(here):
    for form in ["alias, path", "ARN"]:
        s3, bucket = view_forms(here)[form]
        url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "plain.txt"})
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert answer.read() == b"BODY OF PLAIN.TXT"


# ---- what is not there ----

@pytest.mark.parametrize("bucket", ["gone-s3alias", "gone--ol-s3",
                                    arn("s3-object-lambda", "gone"),
                                    arn("s3-object-lambda", "loud", account="111122223333")])
def test_a_door_that_is_not_there(here, bucket):
    s3 = client(here, endpoint=by_name(here))
    with refused("NoSuchAccessPoint", 404):
        s3.get_object(Bucket=bucket, Key="plain.txt")


@pytest.mark.parametrize("bucket", [arn("s3", "gone"), arn("s3", "door", account="111122223333")])
def test_an_access_point_that_is_not_there_could_have_been_a_bucket(here, bucket):
    s3 = client(here, endpoint=by_name(here))  # the host of its ARN is that of bucket NAME-ACCOUNT
    with refused("NoSuchBucket", 404):
        s3.get_object(Bucket=bucket, Key="plain.txt")


def test_strangers_do_not_learn_which_doors_there_are(here):
    for bucket in ["gone-s3alias", "door-s3alias", "gone--ol-s3", "loud--ol-s3"]:
        with refused("AccessDenied", 403):
            anonymous(here).get_object(Bucket=bucket, Key="plain.txt")


def test_a_bucket_that_is_not_there(here):
    s3 = here.s3()
    with refused("NoSuchBucket", 404):
        s3.get_object(Bucket="gone-bucket", Key="k")
    with refused("NoSuchBucket", 404):
        s3.list_objects_v2(Bucket="gone-bucket")


def test_another_region_is_refused(here):
    s3 = client(here, endpoint=by_name(here), s3={"use_arn_region": True})
    with refused("AuthorizationHeaderMalformed", 400):
        s3.get_object(Bucket=arn("s3", "door", region="eu-west-1"), Key="plain.txt")


# ---- never an open proxy ----

@pytest.mark.parametrize("target", ["http://example.com/shop/plain.txt",
                                    "http://169.254.169.254/latest/meta-data/",
                                    "http://shop.example.com/plain.txt"])
def test_absolute_form_for_others_is_refused(here, target):
    host = urllib.parse.urlsplit(target).netloc
    answer = exchange(here, f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert answer.status == 400


def test_connect_is_refused(here):
    answer = exchange(here, b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
    assert answer.status in (400, 405)


def test_a_host_that_is_not_ours_is_refused(here):
    answer = exchange(here, b"GET /plain.txt HTTP/1.1\r\nHost: shop.s3.amazonaws.com\r\n\r\n")
    assert answer.status == 400


# ---- a base path ----

def test_a_base_path(server_factory):
    server = server_factory(config='base_path = "/s3"\n' + CONFIG, files={"shout.lua": SHOUT})
    with names_resolve():
        path = client(server, endpoint=server.endpoint + "/s3", s3={"addressing_style": "path"})
        virtual = client(server, endpoint=by_name(server) + "/s3",
                         s3={"addressing_style": "virtual"})
        path.put_object(Bucket="shop", Key="s3/s3", Body=b"nested")
        assert path.get_object(Bucket="shop", Key="s3/s3")["Body"].read() == b"nested"
        assert virtual.get_object(Bucket="shop", Key="s3/s3")["Body"].read() == b"nested"
        assert virtual.get_object(Bucket=arn("s3-object-lambda", "loud"),
                                  Key="s3/s3")["Body"].read() == b"NESTED"
        assert [b["Name"] for b in path.list_buckets()["Buckets"]] == [f"other-{ACCOUNT}", "shop"]


def test_the_answer_bears_date_and_ids(here):
    connection = http.client.HTTPConnection("127.0.0.1", here.port, timeout=30)
    connection.request("GET", "/shop/plain.txt")
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 403
    for name in ("Date", "Server", "x-amz-request-id", "x-amz-id-2"):
        assert answer.getheader(name)
    connection.close()
