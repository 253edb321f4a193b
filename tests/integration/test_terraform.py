# SPDX-License-Identifier: MIT
"""Terraform's AWS provider against the control API: create, plan without drift, update, import,
destroy. The provider has to be on the machine: OBJLENS_TERRAFORM_PLUGINS names the folder of a
provider mirror, or one is found where mirrors usually are."""
import glob
import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent / "terraform"
RESOURCE = "aws_s3control_object_lambda_access_point.view"

CONFIG = """
domains = { "s3.objlens.test" }
bucket "shop"
access_point "shop" { bucket = "shop" }
"""


def provider_mirror():
    places = [os.environ.get("OBJLENS_TERRAFORM_PLUGINS", ""),
              os.path.expanduser("~/.terraform.d/plugins"),
              *glob.glob("/usr/local/share/terraform/plugins"), *glob.glob("/opt/*")]
    for place in places:
        if place and os.path.isdir(os.path.join(place, "registry.terraform.io/hashicorp/aws")):
            return place
    return None


@pytest.fixture
def terraform(server_factory, tmp_path):
    mirror = provider_mirror()
    if not shutil.which("terraform") or not mirror:
        pytest.skip("terraform and a mirror of its AWS provider are not on this machine")
    server = server_factory(config=CONFIG)
    folder = tmp_path / "terraform"
    shutil.copytree(HERE, folder)
    environment = dict(server.client_environment(), TF_IN_AUTOMATION="1", CHECKPOINT_DISABLE="1",
                       HTTP_PROXY=server.endpoint, NO_PROXY="",
                       AWS_ENDPOINT_URL_S3_CONTROL="http://s3.objlens.test",
                       AWS_ENDPOINT_URL_S3="http://s3.objlens.test")
    environment.pop("TF_CLI_CONFIG_FILE", None)

    def run(*arguments, code=0):
        done = subprocess.run(["terraform", *arguments], cwd=folder, env=environment,
                              capture_output=True, text=True, timeout=300)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    run("init", "-no-color", "-input=false", f"-plugin-dir={mirror}")
    run.server = server
    return run


def test_the_life_of_a_view(terraform):
    s3 = terraform.server.s3()
    s3.put_object(Bucket="shop", Key="k", Body=b"ada@example.com\n")
    plan = ("plan", "-no-color", "-input=false", "-detailed-exitcode")
    apply = ("apply", "-no-color", "-input=false", "-auto-approve")

    terraform(*apply)
    assert s3.get_object(Bucket="tf-view--ol-s3", Key="k")["Body"].read() == b"[EMAIL_ADDRESS]\n"
    terraform(*plan)  # 0: no drift

    change = '-var=payload={"operator": "mask"}'
    terraform(*plan, change, code=2)
    terraform(*apply, change)
    terraform(*plan, change)

    terraform("state", "rm", RESOURCE)
    terraform("import", "-no-color", "-input=false", RESOURCE, "000000000000:tf-view")
    terraform(*plan, change)

    terraform("destroy", "-no-color", "-input=false", "-auto-approve")
    with pytest.raises(s3.exceptions.ClientError) as gone:
        s3.get_object(Bucket="tf-view--ol-s3", Key="k")
    assert gone.value.response["Error"]["Code"] == "NoSuchAccessPoint"
