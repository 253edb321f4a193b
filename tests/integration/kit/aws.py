# SPDX-License-Identifier: MIT
"""boto3 clients in the forms that need names: hosts with labels, proxies, other services."""
import contextlib
import socket

import boto3
import botocore.config
import botocore.exceptions
import pytest

from kit.server import ACCESS_KEY, SECRET_KEY

ACCOUNT = "000000000000"
DOMAIN = "s3.example.test"


@contextlib.contextmanager
def names_resolve():
    """Every name under DOMAIN, and every LABEL.127.0.0.1, is this machine."""
    real = socket.getaddrinfo

    def resolve(host, *arguments, **options):
        name = host.decode() if isinstance(host, bytes) else host
        if name and (name.endswith(DOMAIN) or name.endswith(".127.0.0.1")):
            host = "127.0.0.1"
        return real(host, *arguments, **options)

    socket.getaddrinfo = resolve
    try:
        yield
    finally:
        socket.getaddrinfo = real


def client(server, service="s3", credentials=(ACCESS_KEY, SECRET_KEY), endpoint=None, **config):
    """`credentials` are key and secret, and a session token where there is one."""
    access_key, secret_key, *token = credentials
    options = {"signature_version": "s3v4" if service == "s3" else None,
               "retries": {"max_attempts": 0}, "read_timeout": 60}
    options.update(config)
    options = {name: value for name, value in options.items() if value is not None}
    return boto3.client(service, endpoint_url=endpoint or server.endpoint,
                        region_name="us-east-1", aws_access_key_id=access_key,
                        aws_secret_access_key=secret_key,
                        aws_session_token=token[0] if token else None,
                        config=botocore.config.Config(**options))


def anonymous(server, **config):
    import botocore
    return client(server, signature_version=botocore.UNSIGNED, **config)


def key_of(name):
    """Made-up credentials for a user of a test's configuration."""
    access_key = ("KEY" + "".join(c for c in name.upper() if c.isalnum())).ljust(16, "X")[:20]
    return access_key, f"secret-of-{name}-0123456789abcdef"


def user(name, rest=""):
    access_key, secret_key = key_of(name)
    return (f'user "{name}" {{ access_key = "{access_key}", secret_key = "{secret_key}", '
            f'{rest} }}\n')


@contextlib.contextmanager
def refused(code, status=None):
    """The call in the block fails with this S3 code."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield caught
    error = caught.value.response
    assert error["Error"]["Code"] == code, error
    if status is not None:
        assert error["ResponseMetadata"]["HTTPStatusCode"] == status, error
