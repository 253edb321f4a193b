# SPDX-License-Identifier: MIT
"""Conditions speak of the view, and are answered without running anything."""
import pytest

from kit.raw import exchange, get, signed
from kit.views import orders, plain_get, runs, runs_become

PATH = "/uncached--ol-s3/conditions.csv"  # every GET of it is a run


@pytest.fixture(scope="module")
def etag(gallery):
    gallery.s3().put_object(Bucket="shop", Key="conditions.csv", Body=orders(1000))
    etag = gallery.s3().head_object(Bucket="uncached--ol-s3", Key="conditions.csv")["ETag"]
    runs_become(gallery, "conditions.csv", 1)
    return etag


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("header,value,status", [
    ("If-None-Match", "{etag}", 304), ("If-None-Match", "W/{etag}", 304), ("If-None-Match", "*", 304),
    ("If-None-Match", '"other", {etag}', 304), ("If-Match", '"other"', 412),
    ("If-Match", "W/{etag}", 412)])
def test_it_is_answered_without_a_run(gallery, etag, method, header, value, status):
    before = runs(gallery, "conditions.csv")
    answer = exchange(gallery, signed(gallery, method, PATH, {header: value.format(etag=etag)}))
    assert answer.status == status
    if status == 304:
        assert (answer.headers["etag"], answer.body) == (etag, b"")
    assert get(gallery, PATH, headers={"If-Match": etag}).status == 200  # this one does run
    runs_become(gallery, "conditions.csv", before + 1)


@pytest.mark.parametrize("header,value", [
    ("If-Match", "{etag}"), ("If-Match", "*"), ("If-None-Match", '"other"'),
    ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")])
def test_it_holds_and_the_view_comes(gallery, etag, header, value):
    """A date says nothing of a changed script or payload: only the ETag may answer 304."""
    answer = get(gallery, PATH, headers={header: value.format(etag=etag)})
    assert (answer.status, answer.headers["etag"]) == (200, etag)
    assert answer.body == plain_get(gallery, "uncached", "conditions.csv")


def test_no_etag_looks_like_a_digest_and_no_two_views_share_one(gallery, etag):
    s3 = gallery.s3()
    tags = {s3.head_object(Bucket=f"{alias}--ol-s3", Key="conditions.csv")["ETag"]
            for alias in ("uncached", "redacted", "struck", "unveiled")}
    tags.add(s3.head_object(Bucket="shop", Key="conditions.csv")["ETag"])
    assert len(tags) == 5
    assert len(etag.strip('"')) == 66 and etag.endswith('-v"')
