# SPDX-License-Identifier: MIT
"""The s3control API as boto3 and awscli use it: doors are made, shown, changed and taken away, they
work while they are there, and what a file declares stays as it is."""
import json
import pathlib
import subprocess
import sys

import pytest

from kit.aws import ACCOUNT, client, key_of, names_resolve, refused, user
from kit.raw import exchange, signed
from kit.server import ROOT, Server

AP_ARN = f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/"
OLAP_ARN = f"arn:aws:s3-object-lambda:us-east-1:{ACCOUNT}:accesspoint/"
OTHER = "111122223333"
OTHER_ROOT = ("OTHERROOTKEYXXXXXXXX", "secret-of-the-other-root-0123456789")
ALL_ON = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy",
                        "RestrictPublicBuckets"], True)

CONFIG = f"""
bucket "shop"
bucket "theirs" {{ account = "{OTHER}" }}
access_point "declared" {{ bucket = "shop" }}
transform "shout" {{ file = "shout.lua" }}
transform "whisper" {{ file = "whisper.lua" }}
object_lambda "declared-view" {{ access_point = "declared", transforms = {{ "shout" }} }}
account "{OTHER}" {{ access_key = "{OTHER_ROOT[0]}", secret_key = "{OTHER_ROOT[1]}" }}
""" + user("doorkeeper", f"""policy = {{
  {{ effect = "Allow", actions = {{ "s3:GetAccessPoint", "s3:CreateAccessPoint" }},
     resources = {{ "{AP_ARN}mine-*" }} }},
}}""") + user("visitor", f"""policy = {{
  {{ effect = "Allow", actions = {{ "s3-object-lambda:GetObject" }},
     resources = {{ "{OLAP_ARN}*" }} }},
}}""")

FILES = {name: f"""
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk:{call}()) end
end
""" for name, call in (("shout.lua", "upper"), ("whisper.lua", "lower"))}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("control"), CONFIG, FILES)
    server.start()
    server.s3().put_object(Bucket="shop", Key="a", Body=b"Hello")
    with names_resolve():
        yield server
    assert server.stop() == 0
    server.check_logs_hold_no_secrets()


def control(server, **options):
    return client(server, "s3control", **options)


def lambda_configuration(supporting, function="shout", actions=("GetObject",), **more):
    lambda_ = {"FunctionArn": function}
    if "payload" in more:
        lambda_["FunctionPayload"] = more.pop("payload")
    return {"SupportingAccessPoint": supporting, "TransformationConfigurations": [
        {"Actions": list(actions), "ContentTransformation": {"AwsLambda": lambda_}}], **more}


def policy(effect, principal, action, *resources):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Principal": principal, "Action": action, "Resource": list(resources)}]})


# ---- access points ----

def test_an_access_point_lives_and_dies(server):
    api = control(server)
    made = api.create_access_point(AccountId=ACCOUNT, Name="my-ap", Bucket="shop")
    assert made["AccessPointArn"] == AP_ARN + "my-ap"
    assert made["Alias"] == "my-ap-s3alias"
    shown = api.get_access_point(AccountId=ACCOUNT, Name="my-ap")
    assert (shown["Name"], shown["Bucket"], shown["NetworkOrigin"]) == ("my-ap", "shop", "Internet")
    assert shown["AccessPointArn"] == made["AccessPointArn"] and shown["Alias"] == made["Alias"]
    assert shown["PublicAccessBlockConfiguration"] == ALL_ON
    assert shown["BucketAccountId"] == ACCOUNT and shown["CreationDate"].year >= 2024
    assert "VpcConfiguration" not in shown
    assert server.s3().get_object(Bucket=made["Alias"], Key="a")["Body"].read() == b"Hello"
    assert client(server).get_object(Bucket=made["AccessPointArn"], Key="a")["Body"].read() == b"Hello"
    with refused("AccessPointAlreadyOwnedByYou", 409):
        api.create_access_point(AccountId=ACCOUNT, Name="my-ap", Bucket="shop")
    assert api.delete_access_point(AccountId=ACCOUNT, Name="my-ap")[
        "ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchAccessPoint", 404) as caught:
        api.get_access_point(AccountId=ACCOUNT, Name="my-ap")
    assert caught.value.response["Error"]["Message"] == "The specified accesspoint does not exist"
    with refused("NoSuchAccessPoint", 404):
        server.s3().get_object(Bucket=made["Alias"], Key="a")


def test_an_access_point_keeps_what_it_was_made_with(server):
    api = control(server)
    block = dict(ALL_ON, BlockPublicPolicy=False)
    api.create_access_point(AccountId=ACCOUNT, Name="in-vpc", Bucket="shop",
                            VpcConfiguration={"VpcId": "vpc-12ab"},
                            PublicAccessBlockConfiguration=block)
    shown = api.get_access_point(AccountId=ACCOUNT, Name="in-vpc")
    assert shown["NetworkOrigin"] == "VPC"
    assert shown["VpcConfiguration"] == {"VpcId": "vpc-12ab"}
    assert shown["PublicAccessBlockConfiguration"] == block
    # It is reachable from that VPC only, and we are not there.
    with refused("AccessDenied", 403):
        server.s3().get_object(Bucket="in-vpc-s3alias", Key="a")
    api.delete_access_point(AccountId=ACCOUNT, Name="in-vpc")


def test_names_and_buckets_are_checked(server):
    api = control(server)
    for name in ("UPPER", "x" * 51, "-edge", "edge-", "dot.dot", "mine-s3alias"):
        with refused("InvalidAccessPoint", 400):
            api.create_access_point(AccountId=ACCOUNT, Name=name, Bucket="shop")
    with refused("InvalidRequest", 400):
        api.create_access_point(AccountId=ACCOUNT, Name="no-bucket", Bucket="missing-bucket")
    with refused("AccessDenied", 403):
        api.create_access_point(AccountId=ACCOUNT, Name="foreign", Bucket="theirs")
    api.create_access_point(AccountId=ACCOUNT, Name="foreign", Bucket="theirs", BucketAccountId=OTHER)
    assert api.get_access_point(AccountId=ACCOUNT, Name="foreign")["BucketAccountId"] == OTHER
    api.delete_access_point(AccountId=ACCOUNT, Name="foreign")


def test_access_points_are_listed_in_pages(server):
    api = control(server)
    names = [f"page-{i}" for i in range(5)]
    for name in names:
        api.create_access_point(AccountId=ACCOUNT, Name=name, Bucket="shop")
    pages, token = [], {}
    while True:
        page = api.list_access_points(AccountId=ACCOUNT, Bucket="shop", MaxResults=2, **token)
        pages.append([point["Name"] for point in page["AccessPointList"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert all(len(page) == 2 for page in pages[:-1])
    assert sum(pages, []) == ["declared"] + names
    everything = api.list_access_points(AccountId=ACCOUNT)["AccessPointList"]
    assert {point["Name"] for point in everything} >= {"declared", *names}
    assert api.list_access_points(AccountId=ACCOUNT, Bucket="elsewhere")["AccessPointList"] == []
    with refused("InvalidRequest", 400):
        api.list_access_points(AccountId=ACCOUNT, NextToken="made-up")
    for name in names:
        api.delete_access_point(AccountId=ACCOUNT, Name=name)


def test_a_bucket_with_access_points_stays(server):
    s3, api = server.s3(), control(server)
    s3.create_bucket(Bucket="attached")
    api.create_access_point(AccountId=ACCOUNT, Name="attached-ap", Bucket="attached")
    with refused("BucketHasAccessPointsAttached", 400):
        s3.delete_bucket(Bucket="attached")
    api.delete_access_point(AccountId=ACCOUNT, Name="attached-ap")
    s3.delete_bucket(Bucket="attached")


# ---- policies ----

def test_policies_of_access_points(server):
    api = control(server)
    api.create_access_point(AccountId=ACCOUNT, Name="ruled", Bucket="shop")
    named = dict(AccountId=ACCOUNT, Name="ruled")
    for call in (api.get_access_point_policy, api.get_access_point_policy_status):
        with refused("NoSuchAccessPointPolicy", 404):
            call(**named)
    text = policy("Deny", "*", "s3:GetObject", AP_ARN + "ruled/object/secret/*")
    api.put_access_point_policy(**named, Policy=text)
    assert api.get_access_point_policy(**named)["Policy"] == text
    assert api.get_access_point_policy_status(**named)["PolicyStatus"] == {"IsPublic": False}
    server.s3().put_object(Bucket="shop", Key="secret/x", Body=b"")
    with refused("AccessDenied", 403):
        server.s3().get_object(Bucket="ruled-s3alias", Key="secret/x")
    server.s3().get_object(Bucket="ruled-s3alias", Key="a")
    with refused("MalformedPolicy", 400) as caught:
        api.put_access_point_policy(**named, Policy='{"Version": "2012-10-17"}')
    assert "Statement" in caught.value.response["Error"]["Message"]
    with refused("MalformedPolicy", 400):
        api.put_access_point_policy(**named, Policy=policy("Allow", "*", "s3:GetObject",
                                                           "arn:aws:s3:::shop/*"))
    # Its public access block is on, as for every new one.
    with refused("AccessDenied", 403):
        api.put_access_point_policy(**named, Policy=policy("Allow", "*", "s3:GetObject",
                                                           AP_ARN + "ruled/object/*"))
    api.delete_access_point_policy(**named)
    with refused("NoSuchAccessPointPolicy", 404):
        api.get_access_point_policy(**named)
    api.delete_access_point(**named)
    with refused("NoSuchAccessPoint", 404):
        api.put_access_point_policy(**named, Policy=text)


# ---- Object Lambda access points ----

def test_an_olap_lives_and_dies(server):
    api = control(server)
    named = dict(AccountId=ACCOUNT, Name="my-view")
    configuration = lambda_configuration(
        AP_ARN + "declared", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:shout:1",
        CloudWatchMetricsEnabled=True, AllowedFeatures=["GetObject-Range"], payload='{"a": "<b>"}')
    made = api.create_access_point_for_object_lambda(**named, Configuration=configuration)
    assert made["ObjectLambdaAccessPointArn"] == OLAP_ARN + "my-view"
    shown = api.get_access_point_for_object_lambda(**named)
    assert shown["Name"] == "my-view"
    # Older clients know of no aliases.
    for answer in (made, shown):
        assert answer.get("Alias") in (None, {"Value": "my-view--ol-s3", "Status": "READY"})
    assert shown["PublicAccessBlockConfiguration"] == ALL_ON
    assert api.get_access_point_configuration_for_object_lambda(**named)[
        "Configuration"] == configuration
    assert server.s3().get_object(Bucket="my-view--ol-s3", Key="a")["Body"].read() == b"HELLO"
    # The view is all that a visitor gets.
    visitor = client(server, credentials=key_of("visitor"))
    assert visitor.get_object(Bucket=OLAP_ARN + "my-view", Key="a")["Body"].read() == b"HELLO"
    with refused("AccessDenied", 403):
        visitor.get_object(Bucket="shop", Key="a")

    changed = lambda_configuration(AP_ARN + "declared", "whisper", AllowedFeatures=[],
                                   CloudWatchMetricsEnabled=False)
    api.put_access_point_configuration_for_object_lambda(**named, Configuration=changed)
    assert api.get_access_point_configuration_for_object_lambda(**named)["Configuration"] == changed
    assert server.s3().get_object(Bucket="my-view--ol-s3", Key="a")["Body"].read() == b"hello"
    with refused("AccessPointAlreadyOwnedByYou", 409):
        api.create_access_point_for_object_lambda(**named, Configuration=configuration)
    api.delete_access_point_for_object_lambda(**named)
    with refused("NoSuchAccessPoint", 404):
        api.get_access_point_for_object_lambda(**named)
    with refused("NoSuchAccessPoint", 404):
        server.s3().get_object(Bucket="my-view--ol-s3", Key="a")


def test_configurations_are_checked(server):
    api = control(server)
    for configuration in (
            lambda_configuration(AP_ARN + "declared", "no-such-transform"),
            lambda_configuration(AP_ARN + "declared",
                                 f"arn:aws:lambda:us-east-1:{OTHER}:function:shout"),
            lambda_configuration(AP_ARN + "missing"),
            lambda_configuration("declared"),
            lambda_configuration(f"arn:aws:s3:us-east-1:{OTHER}:accesspoint/declared"),
            lambda_configuration(f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/declared")):
        with refused("InvalidRequest", 400):
            api.create_access_point_for_object_lambda(AccountId=ACCOUNT, Name="wrong",
                                                      Configuration=configuration)
    # Not even where there is one of that name.
    theirs = control(server, credentials=OTHER_ROOT)
    theirs.create_access_point(AccountId=OTHER, Name="their-door", Bucket="theirs")
    with refused("InvalidRequest", 400):
        api.create_access_point_for_object_lambda(
            AccountId=ACCOUNT, Name="wrong", Configuration=lambda_configuration(
                f"arn:aws:s3:us-east-1:{OTHER}:accesspoint/their-door"))
    theirs.delete_access_point(AccountId=OTHER, Name="their-door")
    with refused("NoSuchAccessPoint", 404):
        api.put_access_point_configuration_for_object_lambda(
            AccountId=ACCOUNT, Name="wrong", Configuration=lambda_configuration(AP_ARN + "declared"))
    for name in ("UPPER", "x" * 46, "mine--ol-s3"):
        with refused("InvalidAccessPoint", 400):
            api.create_access_point_for_object_lambda(
                AccountId=ACCOUNT, Name=name,
                Configuration=lambda_configuration(AP_ARN + "declared"))


def test_olaps_are_listed_in_pages(server):
    api = control(server)
    for i in range(3):
        api.create_access_point_for_object_lambda(
            AccountId=ACCOUNT, Name=f"view-{i}", Configuration=lambda_configuration(AP_ARN + "declared"))
    paginator = api.get_paginator("list_access_points_for_object_lambda")
    pages = [[view["Name"] for view in page["ObjectLambdaAccessPointList"]]
             for page in paginator.paginate(AccountId=ACCOUNT, PaginationConfig={"PageSize": 2})]
    assert pages == [["declared-view", "view-0"], ["view-1", "view-2"]]
    for i in range(3):
        api.delete_access_point_for_object_lambda(AccountId=ACCOUNT, Name=f"view-{i}")


def test_policies_of_olaps(server):
    api = control(server)
    named = dict(AccountId=ACCOUNT, Name="ruled-view")
    api.create_access_point_for_object_lambda(
        **named, Configuration=lambda_configuration(AP_ARN + "declared"))
    with refused("NoSuchAccessPointPolicy", 404):
        api.get_access_point_policy_for_object_lambda(**named)
    doorkeeper = client(server, credentials=key_of("doorkeeper"))
    with refused("AccessDenied", 403):
        doorkeeper.get_object(Bucket="ruled-view--ol-s3", Key="a")
    text = policy("Allow", {"AWS": f"arn:aws:iam::{ACCOUNT}:user/doorkeeper"},
                  "s3-object-lambda:GetObject", OLAP_ARN + "ruled-view")
    api.put_access_point_policy_for_object_lambda(**named, Policy=text)
    assert json.loads(api.get_access_point_policy_for_object_lambda(**named)["Policy"]) == \
        json.loads(text)
    assert api.get_access_point_policy_status_for_object_lambda(**named)["PolicyStatus"] == {
        "IsPublic": False}
    assert doorkeeper.get_object(Bucket="ruled-view--ol-s3", Key="a")["Body"].read() == b"HELLO"
    with refused("AccessDenied", 403):
        api.put_access_point_policy_for_object_lambda(**named, Policy=policy(
            "Allow", "*", "s3-object-lambda:GetObject", OLAP_ARN + "ruled-view"))
    api.delete_access_point_policy_for_object_lambda(**named)
    api.delete_access_point_for_object_lambda(**named)


# ---- the account's public access block ----

def test_the_accounts_public_access_block(server):
    api = control(server)
    with refused("NoSuchPublicAccessBlockConfiguration", 404):
        api.get_public_access_block(AccountId=ACCOUNT)
    wanted = dict(ALL_ON, IgnorePublicAcls=False, RestrictPublicBuckets=False)
    api.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=wanted)
    assert api.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"] == wanted
    s3 = server.s3()
    s3.create_bucket(Bucket="open-bucket")
    s3.delete_public_access_block(Bucket="open-bucket")
    public = policy("Allow", "*", "s3:GetObject", "arn:aws:s3:::open-bucket/*")
    with refused("AccessDenied", 403):
        s3.put_bucket_policy(Bucket="open-bucket", Policy=public)
    api.delete_public_access_block(AccountId=ACCOUNT)
    s3.put_bucket_policy(Bucket="open-bucket", Policy=public)


# ---- what a file declares ----

def test_what_the_file_declares_is_shown_and_stays(server):
    api = control(server)
    named = dict(AccountId=ACCOUNT, Name="declared")
    assert api.get_access_point(**named)["Bucket"] == "shop"
    view = api.get_access_point_configuration_for_object_lambda(AccountId=ACCOUNT,
                                                                Name="declared-view")
    assert view["Configuration"]["SupportingAccessPoint"] == AP_ARN + "declared"
    text = policy("Deny", "*", "s3:GetObject", AP_ARN + "declared/object/*")
    for call, arguments in (
            (api.delete_access_point, {}),
            (api.put_access_point_policy, {"Policy": text}),
            (api.delete_access_point_policy, {})):
        with refused("AccessDenied", 403):
            call(**named, **arguments)
    named["Name"] = "declared-view"
    with refused("AccessDenied", 403):
        api.delete_access_point_for_object_lambda(**named)
    with refused("AccessDenied", 403):
        api.put_access_point_configuration_for_object_lambda(
            **named, Configuration=lambda_configuration(AP_ARN + "declared", "whisper"))
    assert server.s3().get_object(Bucket="declared-view--ol-s3", Key="a")["Body"].read() == b"HELLO"


def test_without_a_place_to_keep_it_nothing_changes(tmp_path):
    server = Server(tmp_path, CONFIG + "control(false)\n", FILES)
    server.start()
    try:
        with names_resolve():
            api = control(server)
            assert api.get_access_point(AccountId=ACCOUNT, Name="declared")["Bucket"] == "shop"
            with refused("NotImplemented", 501):
                api.create_access_point(AccountId=ACCOUNT, Name="new", Bucket="shop")
    finally:
        server.stop()


# ---- durability ----

@pytest.mark.parametrize("hard", [False, True])
def test_what_was_made_survives(tmp_path, hard):
    server = Server(tmp_path, CONFIG, FILES)
    server.start()
    try:
        with names_resolve():
            api = control(server)
            api.create_access_point(AccountId=ACCOUNT, Name="kept", Bucket="shop")
            text = policy("Deny", "*", "s3:DeleteObject", AP_ARN + "kept/object/*")
            api.put_access_point_policy(AccountId=ACCOUNT, Name="kept", Policy=text)
            api.create_access_point_for_object_lambda(
                AccountId=ACCOUNT, Name="kept-view",
                Configuration=lambda_configuration(AP_ARN + "kept"))
            before = api.get_access_point(AccountId=ACCOUNT, Name="kept")
            if hard:
                server.kill()
            else:
                server.stop()
            server.start()
            after = api.get_access_point(AccountId=ACCOUNT, Name="kept")
            assert {k: v for k, v in before.items() if k != "ResponseMetadata"} == \
                {k: v for k, v in after.items() if k != "ResponseMetadata"}
            assert api.get_access_point_policy(AccountId=ACCOUNT, Name="kept")["Policy"] == text
            server.s3().put_object(Bucket="shop", Key="a", Body=b"Hello")
            assert server.s3().get_object(Bucket="kept-view--ol-s3", Key="a")["Body"].read() == b"HELLO"
    finally:
        server.stop()


# ---- who may ----

def test_permissions_are_per_access_point(server):
    api = control(server, credentials=key_of("doorkeeper"))
    api.create_access_point(AccountId=ACCOUNT, Name="mine-1", Bucket="shop")
    assert api.get_access_point(AccountId=ACCOUNT, Name="mine-1")["Name"] == "mine-1"
    for call, arguments in ((api.create_access_point, {"Name": "yours-1", "Bucket": "shop"}),
                            (api.delete_access_point, {"Name": "mine-1"}),
                            (api.get_access_point, {"Name": "declared"}),
                            (api.list_access_points, {}),
                            (api.get_public_access_block, {})):
        with refused("AccessDenied", 403):
            call(AccountId=ACCOUNT, **arguments)
    control(server).delete_access_point(AccountId=ACCOUNT, Name="mine-1")


def test_accounts_are_apart(server):
    api = control(server)
    for account in (OTHER, "999999999999"):
        with refused("AccessDenied", 403):
            api.list_access_points(AccountId=account)
    theirs = control(server, credentials=OTHER_ROOT)
    assert theirs.list_access_points(AccountId=OTHER)["AccessPointList"] == []
    theirs.create_access_point(AccountId=OTHER, Name="declared", Bucket="theirs")
    assert theirs.get_access_point(AccountId=OTHER, Name="declared")["Bucket"] == "theirs"
    assert theirs.get_access_point(AccountId=OTHER, Name="declared")["Alias"] != "declared-s3alias"
    theirs.delete_access_point(AccountId=OTHER, Name="declared")


def test_nobody_builds_a_view_of_somebody_elses_bucket(server):
    """Doors may be put before any bucket; through them it opens only when its owner says so."""
    theirs = control(server, credentials=OTHER_ROOT)
    s3 = client(server, credentials=OTHER_ROOT)
    arn = f"arn:aws:s3:us-east-1:{OTHER}:accesspoint/before"
    olap_arn = f"arn:aws:s3-object-lambda:us-east-1:{OTHER}:accesspoint/peep"
    theirs.create_access_point(AccountId=OTHER, Name="before", Bucket="shop",
                               BucketAccountId=ACCOUNT)
    theirs.create_access_point_for_object_lambda(AccountId=OTHER, Name="peep",
                                                 Configuration=lambda_configuration(arn, "whisper"))
    for bucket in (arn, olap_arn):
        with refused("AccessDenied", 403):
            s3.get_object(Bucket=bucket, Key="a")
    mine = server.s3()
    mine.put_bucket_policy(Bucket="shop", Policy=policy(
        "Allow", {"AWS": OTHER}, "s3:GetObject", "arn:aws:s3:::shop/*"))
    assert s3.get_object(Bucket=olap_arn, Key="a")["Body"].read() == b"hello"
    mine.delete_bucket_policy(Bucket="shop")
    with refused("AccessDenied", 403):
        s3.get_object(Bucket=olap_arn, Key="a")
    theirs.delete_access_point_for_object_lambda(AccountId=OTHER, Name="peep")
    theirs.delete_access_point(AccountId=OTHER, Name="before")


# ---- on the wire ----

def call(server, method, path, body=b"", account=ACCOUNT, **more):
    headers = {"x-amz-account-id": account} if account else {}
    return exchange(server, signed(server, method, path, headers, body, **more))


def test_errors_are_wrapped(server):
    answer = call(server, "GET", "/v20180820/accesspoint/nowhere")
    assert answer.status == 404
    assert b"<ErrorResponse><Error><Code>NoSuchAccessPoint</Code><Message>The specified accesspoint " \
        b"does not exist</Message><AccessPointName>nowhere</AccessPointName></Error><RequestId>" \
        in answer.body
    answer = call(server, "GET", "/v20180820/accesspoint/nowhere", secret_key="wrong")
    assert answer.status == 403 and answer.code == "SignatureDoesNotMatch"
    assert b"<ErrorResponse>" in answer.body


def test_bad_requests(server):
    for method, path, body, account, status, code in (
            ("GET", "/v20180820/accesspoint/a/b/c", b"", ACCOUNT, 501, "NotImplemented"),
            ("GET", "/v20180820/jobs", b"", ACCOUNT, 501, "NotImplemented"),
            ("GET", "/v20180820/", b"", ACCOUNT, 501, "NotImplemented"),
            ("POST", "/v20180820/accesspoint/a", b"", ACCOUNT, 405, "MethodNotAllowed"),
            ("GET", "/v20180820/accesspoint/%zz", b"", ACCOUNT, 400, "InvalidURI"),
            ("GET", "/v20180820/accesspoint?maxResults=x", b"", ACCOUNT, 400, "InvalidRequest"),
            ("GET", "/v20180820/accesspoint?maxResults=1001", b"", ACCOUNT, 400, "InvalidRequest"),
            ("PUT", "/v20180820/accesspoint/bad-one", b"", ACCOUNT, 400, "MalformedXML"),
            ("PUT", "/v20180820/accesspoint/bad-one", b"<x/>", ACCOUNT, 400, "MalformedXML"),
            ("PUT", "/v20180820/accesspoint/bad-one",
             b'<!DOCTYPE d [<!ENTITY e "shop">]><CreateAccessPointRequest><Bucket>&e;</Bucket>'
             b"</CreateAccessPointRequest>", ACCOUNT, 400, "MalformedXML"),
            ("PUT", "/v20180820/configuration/publicAccessBlock", b"<x/>", ACCOUNT, 400,
             "MalformedXML")):
        answer = call(server, method, path, body, account)
        assert (answer.status, answer.code) == (status, code), (method, path, answer.body)


# ---- awscli ----

@pytest.mark.parametrize("aws", [pathlib.Path("/usr/bin/aws")])
def test_awscli(server, tmp_path, aws):
    if not aws.exists():
        pytest.skip("awscli is not installed")

    def run(*arguments):
        """Through HTTP_PROXY, so that no name has to resolve."""
        environment = dict(server.client_environment(), HTTP_PROXY=server.endpoint,
                           http_proxy=server.endpoint, NO_PROXY="", no_proxy="")
        done = subprocess.run([aws, "--endpoint-url", f"http://127.0.0.1:{server.port}",
                               "--output", "json", "s3control", *arguments,
                               "--account-id", ACCOUNT], env=environment, capture_output=True,
                              text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    made = run("create-access-point", "--name", "cli-ap", "--bucket", "shop")
    assert made["Alias"] == "cli-ap-s3alias"
    run("create-access-point-for-object-lambda", "--name", "cli-view", "--configuration",
        json.dumps(lambda_configuration(made["AccessPointArn"])))
    names = [view["Name"] for view in
             run("list-access-points-for-object-lambda")["ObjectLambdaAccessPointList"]]
    assert "cli-view" in names
    run("delete-access-point-for-object-lambda", "--name", "cli-view")
    run("delete-access-point", "--name", "cli-ap")


def test_the_example_does_what_the_page_says(server):
    done = subprocess.run([sys.executable, ROOT / "examples/control_api.py", server.endpoint, "shop",
                           "a", "shout"], env=server.client_environment(), capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    page = (ROOT / "docs/control_api.md").read_text()
    shown = page.split("```\nmade ", 1)[1].split("```", 1)[0].splitlines()
    assert done.stdout.splitlines()[:3] == ["made " + shown[0], *shown[1:3]]
    assert done.stdout.splitlines()[3].startswith("left: ") and "example" not in done.stdout[-30:]
