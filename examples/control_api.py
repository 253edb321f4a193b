#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes an access point and an Object Lambda access point with boto3, reads through them, and takes
them away again. See docs/control_api.md.

    control_api.py ENDPOINT BUCKET KEY TRANSFORM

Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. No name has to resolve: s3control
puts the account before the host's name, so its requests are sent through the server itself as their
proxy.
"""
import sys

import boto3
from botocore.config import Config

ACCOUNT, REGION = "000000000000", "us-east-1"


def main(endpoint, bucket, key, transform):
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name=REGION,
                      config=Config(signature_version="s3v4"))
    control = boto3.client("s3control", endpoint_url=endpoint, region_name=REGION,
                           config=Config(proxies={"http": endpoint}))

    door = control.create_access_point(AccountId=ACCOUNT, Name="example-door", Bucket=bucket)
    print("made", door["AccessPointArn"])
    control.create_access_point_for_object_lambda(
        AccountId=ACCOUNT, Name="example-view", Configuration={
            "SupportingAccessPoint": door["AccessPointArn"],
            "TransformationConfigurations": [{
                "Actions": ["GetObject", "HeadObject"],
                "ContentTransformation": {"AwsLambda": {"FunctionArn": transform}}}]})
    # An alias is a bucket's name to every client.
    for alias in ("example-door-s3alias", "example-view--ol-s3"):
        print(alias, "says", s3.get_object(Bucket=alias, Key=key)["Body"].read().decode())
    control.delete_access_point_for_object_lambda(AccountId=ACCOUNT, Name="example-view")
    control.delete_access_point(AccountId=ACCOUNT, Name="example-door")
    names = [door["Name"] for door in
             control.list_access_points(AccountId=ACCOUNT, Bucket=bucket)["AccessPointList"]]
    print("left:", names)


if __name__ == "__main__":
    main(*sys.argv[1:])
