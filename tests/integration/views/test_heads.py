# SPDX-License-Identifier: MIT
"""HEAD says what GET gives, whether or not anybody has asked before."""
import pytest

from kit.aws import refused
from kit.raw import exchange, get, signed
from kit.vast import Vast
from kit.views import SCRIPTS, orders, plain_get, runs_become

# Of one answer each, or of the body's way.
OWN = {"date", "x-amz-request-id", "x-amz-id-2", "connection", "transfer-encoding", "content-length"}


def head(server, path, **headers):
    return exchange(server, signed(server, "HEAD", path, headers))


def described(answer):
    return answer.status, {name: value for name, value in answer.headers.items() if name not in OWN}


@pytest.fixture(scope="module")
def stored(gallery):
    gallery.s3().put_object(
        Bucket="shop", Key="heads.csv", Body=orders(5000), ContentType="text/csv",
        CacheControl="max-age=5", ContentDisposition='attachment; filename="a.csv"',
        Metadata={"owner": "ada@example.com", "md5chksum": "x", "s3cmd-attrs": "md5:x",
                  "x-amz-key-v2": "x", "colour": "blue"})
    return gallery


@pytest.mark.parametrize("alias", ["redacted", "numbered", "struck", "unveiled", "uncached", "forwarding"])
def test_it_agrees_with_get(stored, alias):
    path = f"/{alias}--ol-s3/heads.csv"
    cold, got, warm = head(stored, path), get(stored, path), head(stored, path)
    assert described(cold) == described(got) == described(warm)
    assert int(cold.headers["content-length"]) == int(warm.headers["content-length"]) == len(got.body)
    assert cold.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("alias", ["failing", "numbered"])
def test_what_fails_fails_alike(stored, alias):
    stored.s3().put_object(Bucket="shop", Key="heads-fail", Body=b"FAIL")
    key = "heads-fail" if alias == "failing" else "none"
    assert head(stored, f"/{alias}--ol-s3/{key}").status == get(stored, f"/{alias}--ol-s3/{key}").status >= 400


def test_metadata_of_the_original_is_not_shown_unless_it_is_said(stored):
    s3 = stored.s3()
    assert s3.head_object(Bucket="redacted--ol-s3", Key="heads.csv")["Metadata"] == {}
    forwarded = s3.head_object(Bucket="forwarding--ol-s3", Key="heads.csv")["Metadata"]
    assert forwarded == {"owner": "ada@example.com", "colour": "blue"}, "digests are of other bytes"


def test_attributes_are_those_of_the_view(stored):
    s3 = stored.s3()
    s3.put_object(Bucket="shop", Key="attributes.csv", Body=orders(5000), ChecksumAlgorithm="SHA256")
    view = plain_get(stored, "redacted", "attributes.csv")
    answer = s3.get_object_attributes(Bucket="redacted--ol-s3", Key="attributes.csv",
                                      ObjectAttributes=["ETag", "ObjectSize", "Checksum", "ObjectParts"])
    tag = s3.head_object(Bucket="redacted--ol-s3", Key="attributes.csv")["ETag"]
    assert (answer["ObjectSize"], answer["ETag"]) == (len(view), tag.strip('"'))
    assert "ChecksumSHA256" not in answer.get("Checksum", {})


def test_a_cheap_head_says_no_length_until_it_is_known(stored):
    stored.s3().put_object(Bucket="shop", Key="cheap.csv", Body=orders(5000))
    path = "/cheap--ol-s3/cheap.csv"
    cold = head(stored, path)
    assert cold.status == 200 and "content-length" not in cold.headers
    got, warm = get(stored, path), head(stored, path)
    assert described(cold)[1].items() <= described(got)[1].items(), "it says less, and nothing else"
    assert (described(warm), int(warm.headers["content-length"])) == (described(got), len(got.body))
    runs_become(stored, "cheap.csv", 1)


def test_a_transform_may_answer_head_itself(stored):
    """Nothing is run, and GET keeps what HEAD has promised."""
    stored.s3().put_object(Bucket="shop", Key="own-head", Body=b"12345")
    answer = head(stored, "/doubled--ol-s3/own-head")
    assert (answer.status, answer.headers["content-length"]) == (200, "10")
    assert answer.headers["content-type"] == "text/x-doubled"
    assert plain_get(stored, "doubled", "own-head") == b"1122334455"
    runs_become(stored, "own-head", 1)


@pytest.fixture
def halves(server_factory):
    """Only GetObject is configured: in one view as objlens has it, in the other as AWS does."""
    view = ('access_point = "shop", transformations = '
            '{ { actions = { "GetObject" }, transforms = { "pii" } } }')
    server = server_factory(config=f"""
bucket "shop"
access_point "shop" {{ bucket = "shop" }}
object_lambda "ours" {{ {view} }}
object_lambda "awss" {{ {view}, unconfigured = "delegate" }}""")
    server.s3().put_object(Bucket="shop", Key="k.csv", Body=orders(1000))
    return server


def test_actions_that_nobody_named_describe_the_view_too(halves):
    s3, view = halves.s3(), plain_get(halves, "ours", "k.csv")
    for ours in (s3.head_object(Bucket="ours--ol-s3", Key="k.csv"),
                 s3.get_object(Bucket="ours--ol-s3", Key="k.csv")):
        assert (ours["ContentLength"], ours["ETag"][-3:]) == (len(view), '-v"')
    for call in (s3.list_objects, s3.list_objects_v2):
        entry, = call(Bucket="ours--ol-s3")["Contents"]
        assert (entry["Size"], entry["ETag"]) == (len(view), ours["ETag"])
    original, delegated = (s3.head_object(Bucket=bucket, Key="k.csv") for bucket in ("shop", "awss--ol-s3"))
    assert (delegated["ContentLength"], delegated["ETag"]) == (original["ContentLength"], original["ETag"])


def test_lengths_outlive_the_process(server_factory):
    server = server_factory(files=SCRIPTS, config="""
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "numbered" { file = "numbered.lua" }
object_lambda "numbered" { access_point = "shop", transforms = { "numbered" }, cache = false }""")
    server.s3().put_object(Bucket="shop", Key="kept.csv", Body=orders(5000))
    length = len(plain_get(server, "numbered", "kept.csv"))
    runs_become(server, "kept.csv", 1)
    server.stop()
    server.start()
    assert server.s3().head_object(Bucket="numbered--ol-s3", Key="kept.csv")["ContentLength"] == length
    assert server.s3().list_objects_v2(Bucket="numbered--ol-s3")["Contents"][0]["Size"] == length
    assert server.metric("objlens_transform_runs_total") == 0


def test_replicas_with_one_key_give_one_etag(server_factory):
    origin, tags = Vast(), []
    for key in ("0123456789abcdef" * 4, "0123456789abcdef" * 4, "fedcba9876543210" * 4):
        server = server_factory(files=SCRIPTS, config=f"""
view_key = "{key}"
origin "vast" {{ endpoint = "{origin.endpoint}", access_key = "ANY", secret_key = "any-secret-of-it" }}
bucket "vast" {{ origin = "vast" }}
access_point "vast" {{ bucket = "vast" }}
transform "strike" {{ file = "strike.lua" }}
object_lambda "struck" {{ access_point = "vast", transforms = {{ "strike" }} }}""")
        tags.append(server.s3().head_object(Bucket="struck--ol-s3", Key="k")["ETag"])
    origin.close()
    assert tags[0] == tags[1] != tags[2]


def test_a_view_of_a_failing_transform_has_no_attributes(stored):
    stored.s3().put_object(Bucket="shop", Key="heads-fail", Body=b"FAIL")
    with refused("LambdaRuntimeError"):
        stored.s3().get_object_attributes(Bucket="failing--ol-s3", Key="heads-fail",
                                          ObjectAttributes=["ObjectSize"])
