# SPDX-License-Identifier: MIT
"""Programs that read a view in pieces of their own choosing: data frames, a columnar file, a video."""
import io
import random

import pytest

from kit.video import colour, webm
from kit.views import Reader, in_ranges, link, orders, plain_get, statuses, veiled


class RangedFile(io.RawIOBase):
    """A file over a view, as data libraries make one: each read is a range, of one version."""

    def __init__(self, server, alias, key):
        self.s3, self.place = server.s3(), {"Bucket": f"{alias}--ol-s3", "Key": key}
        head = self.s3.head_object(**self.place)
        self.length, self.etag, self.at = head["ContentLength"], head["ETag"], 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=io.SEEK_SET):
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.length}[whence]
        return self.at

    def readinto(self, buffer):
        last = min(self.at + len(buffer), self.length) - 1
        if last < self.at:
            return 0
        part = self.s3.get_object(**self.place, Range=f"bytes={self.at}-{last}", IfMatch=self.etag)
        data = part["Body"].read()
        buffer[:len(data)] = data
        self.at += len(data)
        return len(data)


@pytest.fixture(scope="module")
def table(gallery):
    gallery.s3().put_object(Bucket="shop", Key="table.csv", Body=orders(2_000_000))
    return plain_get(gallery, "redacted", "table.csv")


def test_pandas_reads_a_link_and_a_ranged_file(gallery, table):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed: examples/install.sh tests")
    wanted = pandas.read_csv(io.BytesIO(table))
    assert list(wanted["email"].unique()) == ["[EMAIL_ADDRESS]"]
    pandas.testing.assert_frame_equal(pandas.read_csv(link(gallery, "redacted", "table.csv")), wanted)
    with in_ranges(gallery, "table.csv", 5):
        file = io.BufferedReader(RangedFile(gallery, "redacted", "table.csv"), 200_000)
        pieces = list(pandas.read_csv(file, chunksize=1000))
    pandas.testing.assert_frame_equal(pandas.concat(pieces), wanted)


def test_a_csv_reader_starts_in_the_middle(gallery, table):
    """What query engines do: take a piece, drop the torn line at its beginning, read one too far."""
    lines, size = [], 130_000
    reader = Reader(gallery, "redacted", "table.csv")
    for first in range(0, len(table), size):
        part = reader.part(first, min(first + size, len(table)) - 1)
        rest = reader.part(first + size, min(first + size + 300, len(table)) - 1) \
            if first + size < len(table) else b""
        own = part if first == 0 else part.partition(b"\n")[2]
        lines += (own + rest.partition(b"\n")[0]).splitlines()
    assert lines == table.splitlines()


def test_a_parquet_reader_fetches_footer_and_columns(js, gallery):
    seen = js(gallery, "parquet.mjs", ENDPOINT=gallery.endpoint, BUCKET="shop", VIEW="unveiled--ol-s3")
    assert seen["size"] and seen["right"] and seen["rows"] == 3
    assert seen["fetched"] < seen["total"], "not the whole file"


SEEK = """<video id="video" crossorigin="anonymous" preload="metadata" muted src="%s"></video><script>
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
video.onerror = () => report({ failed: video.error.message });
// "seeked" can come before there is a picture to draw: each says itself which second it belongs to
const shown = (second) => new Promise((done) => {
    const look = (now, picture) => {
        if (Math.floor(picture.mediaTime) !== second) return video.requestVideoFrameCallback(look);
        canvas.drawImage(video, 0, 0, 16, 16);
        done([...canvas.getImageData(8, 8, 1, 1).data].slice(0, 3));
    };
    video.requestVideoFrameCallback(look);
    video.currentTime = second + 0.5;
});
video.onloadedmetadata = async () => {
    const seen = { duration: video.duration };
    for (const second of %s) seen[second] = await shown(second);
    report(seen);
};
</script>"""


def test_a_browser_seeks_in_a_video(browser, gallery):
    """The original is no video to anybody: only the view plays. Where the page jumps to, it sees the
    picture that belongs there, and what lies between was not fetched."""
    s3, video = gallery.s3(), webm(400_000)
    s3.put_object(Bucket="shop", Key="film.webm", Body=veiled(video), ContentType="video/webm")
    s3.put_bucket_cors(Bucket="shop", CORSConfiguration={"CORSRules": [
        {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"], "AllowedHeaders": ["*"],
         "ExposeHeaders": ["Content-Range", "ETag"]}]})
    seconds = random.Random(4).sample(range(27), 6)
    with in_ranges(gallery, "film.webm", 3):
        seen = browser.show(SEEK % (link(gallery, "unveiled", "film.webm"), seconds))
    assert seen["duration"] == 27
    for second in seconds:
        got = seen[str(second)]
        assert all(abs(a - b) < 40 for a, b in zip(got, colour(second))), (second, got)
    assert 200 not in statuses(gallery, "film.webm"), "it never needed all of it"
