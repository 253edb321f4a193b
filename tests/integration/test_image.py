# SPDX-License-Identifier: MIT
"""Views of pictures, through a real Object Lambda access point; what comes out is looked at with Pillow."""
import base64
import hashlib
import hmac
import io
import urllib.parse
import zlib

import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat, PngImagePlugin

from kit.raw import get
from kit.server import SANITIZED, Server

CONFIG = '''
bucket "photos" {}
access_point "photos" { bucket = "photos" }
object_lambda "small" { access_point = "photos", transforms = { { "image", payload = [[{"width": 100}]] } } }
object_lambda "plain" { access_point = "photos", transforms = { "image" } }
object_lambda "cut" { access_point = "photos", transforms = { { "image", payload =
  [[{"width": 60, "height": 60, "fit": "fill", "allow_query": ["gravity", "fit"]}]] } } }
object_lambda "modern" { access_point = "photos", transforms = { { "image", payload =
  [[{"width": 80, "sources": ["jpeg", "png", "webp", "avif", "heic"]}]] } } }
object_lambda "named" { access_point = "photos", transforms = { { "image", payload =
  [[{"watermark": {"text": "{userIdentity.userName|nobody}", "size": 60, "opacity": 1, "shadow": 0}}]] } } }
object_lambda "stamped" { access_point = "photos", transforms = { { "image", payload =
  [[{"watermark": {"text": "{xAmzRequestId}", "position": "tile", "rotate": 30, "size": 20}}]] } } }
object_lambda "negotiated" { access_point = "photos", transforms = { { "image", payload =
  [[{"width": 50, "format": "accept"}]] } } }
object_lambda "copies" { access_point = "photos", transforms = { { "image", payload =
  [[{"watermark": {"text": "{userRequest.query.copy|none} {userRequest.url}"}, "sign_key": "00112233445566778899aabbccddeeff"}]] } } }
object_lambda "signed" { access_point = "photos", transforms = { { "image", payload =
  [[{"watermark": {"text": "copy"}, "sign_key": "00112233445566778899aabbccddeeff"}]] } } }
user "ada" { access_key = "ADASKEYFORTESTS1", secret_key = "ada-secret-for-tests-0123456789",
  views = { "named", "small", "stamped" } }
user "bob" { access_key = "BOBSKEYFORTESTS1", secret_key = "bob-secret-for-tests-0123456789",
  views = { "named", "small", "stamped" } }
object_lambda "branded" { access_point = "photos", transforms = { { "image", payload = [[{"width": 100, "format": "png",
  "watermark": {"image_file": "marks/logo.png", "position": "north-west", "offset": [0, 0], "scale": 0.5, "opacity": 1}}]] } } }
object_lambda "unbranded" { access_point = "photos", transforms = { { "image", payload =
  [[{"watermark": {"image_file": "logo.png"}}]] } } }
object_lambda "kept" { access_point = "photos", transforms = { { "image", payload = [[{"strip": false}]] } } }
object_lambda "sized" { access_point = "photos", transforms = { { "image", payload = [[{"width": 100, "format": "png",
  "watermark": {"text": "copy", "size": 12, "opacity": 1, "shadow": 0, "offset": [0, 0]},
  "allow_query": ["width", "dpr"]}]] } } }
object_lambda "vast" { access_point = "photos", transforms = { { "image", payload = [[{"width": 16000, "enlarge": true,
  "format": "png", "watermark": {"text": "copy", "size": 12, "opacity": 1, "shadow": 0, "offset": [0, 0]},
  "allow_query": ["width", "dpr"]}]] } } }
object_lambda "unmarked" { access_point = "photos", transforms = { { "image", payload = [[{"width": 100, "format": "png",
  "allow_query": ["width", "dpr"]}]] } } }
object_lambda "loud" { access_point = "photos", transforms = { { "image", payload =
  [[{"format": "png", "watermark": {"text": "for ada", "size": 2000, "rotate": 20, "shadow": 1, "opacity": 1}}]] } } }
object_lambda "central" { access_point = "photos", transforms = { { "image", payload =
  [[{"format": "png", "watermark": {"text": "HIH", "position": "centre", "size": 40, "shadow": 0, "opacity": 1}}]] } } }
object_lambda "rare" { access_point = "photos", transforms = { { "image", payload =
  [[{"sources": ["avif", "heic", "gif"], "max_frames": 3}]] } } }
'''

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def picture(width=400, height=300, mode="RGB"):
    """Left red, right blue, brighter downwards: every turn and cut shows."""
    image = Image.new("RGB", (width, height))
    image.putdata([((200, y * 255 // height, 30) if x < width // 2 else (30, y * 255 // height, 200))
                   for y in range(height) for x in range(width)])
    return image.convert(mode)


def png_chunk(kind, body):
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def png(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + png_chunk(b"IEND", b"")


def deep():
    """The picture in 16 bits a channel."""
    image = picture()
    header = b"".join(side.to_bytes(4, "big") for side in image.size) + bytes([16, 2, 0, 0, 0])
    rows, pitch = bytes(level for each in image.tobytes() for level in (each, each)), 6 * image.width
    body = b"".join(b"\0" + rows[at:at + pitch] for at in range(0, len(rows), pitch))
    return png(png_chunk(b"IHDR", header), png_chunk(b"IDAT", zlib.compress(body)))


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010E] = "taken at a secret place"
    return tags.tobytes()


def interlaced(image):
    """A PNG in seven passes, the first of which is every eighth pixel of every eighth row. Pillow writes none."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    pixels, (width, height) = image.load(), image.size
    rows = b"".join(b"\0" + b"".join(bytes(pixels[x, y]) for x in range(left, width, across))
                    for left, top, across, down in passes for y in range(top, height, down))
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 1])
    return png(png_chunk(b"IHDR", header), png_chunk(b"IDAT", zlib.compress(rows)))


def originals():
    turned = picture().transpose(Image.Transpose.ROTATE_90)
    see_through = picture(mode="RGBA")
    see_through.putalpha(0)
    return {
        "photo.jpg": encoded(picture(), "JPEG", quality=92),
        "photo.png": encoded(picture(), "PNG"),
        "photo.webp": encoded(picture(), "WEBP", quality=90),
        "progressive.jpg": encoded(picture(), "JPEG", progressive=True),
        "interlaced.png": interlaced(picture()),
        "deep.png": deep(),
        "turned.jpg": encoded(turned, "JPEG", quality=92, exif=exif(6)),
        "grey.jpg": encoded(picture(mode="L"), "JPEG"),
        "palette.png": encoded(picture(mode="P"), "PNG"),
        "cmyk.jpg": encoded(picture(mode="CMYK"), "JPEG"),
        "profile.jpg": encoded(picture(), "JPEG", quality=92, icc_profile=SRGB),
        "clear.png": encoded(see_through, "PNG"),
        "grey-profile.jpg": encoded(picture(mode="L"), "JPEG", icc_profile=SRGB),
    }


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    stored = tmp_path_factory.mktemp("stored")
    (stored / "marks").mkdir()
    (stored / "marks" / "logo.png").write_bytes(encoded(Image.new("RGB", (8, 4), (255, 255, 0)), "PNG"))
    folders = f'transform "image" {{ preload_folders = {{ "/usr/share/fonts/truetype/dejavu", "{stored}" }} }}'
    server = Server(tmp_path_factory.mktemp("photos"), config=CONFIG + folders)
    server.start()
    for key, body in originals().items():
        server.s3().put_object(Bucket="photos", Key=key, Body=body)
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def s3(photos):
    return photos.s3()


def view(server, olap, key, query=""):
    answer = get(server, f"/{olap}--ol-s3/{key}{query}")
    assert answer.status == 200, answer.body
    image = Image.open(io.BytesIO(answer.body))
    assert answer.headers["content-type"] == Image.MIME[image.format]
    image.load()
    return image


def refusal(server, olap, key, query=""):
    answer = get(server, f"/{olap}--ol-s3/{key}{query}")
    return answer.status, answer.body


def difference(image, other):
    """Of the mean levels, in the worst channel."""
    return max(ImageStat.Stat(ImageChops.difference(image.convert("RGB"), other.convert("RGB"))).mean)


@pytest.mark.parametrize("key", sorted(originals()))
def test_each_original_is_made_small(photos, key):
    image = view(photos, "small", key, "?format=png")
    assert image.size == (100, 75)
    if key.startswith("grey"):
        assert difference(image, picture(100, 75, "L")) < 12
    elif key not in ("clear.png", "cmyk.jpg"):
        assert difference(image, picture(100, 75)) < 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_profile_is_gone_by(photos, s3, kind):
    """Of a picture whose profile takes red for green and green for red, red and green come out changed."""
    changed = SRGB.replace(b"rXYZ", b"XYZr").replace(b"gXYZ", b"rXYZ").replace(b"XYZr", b"gXYZ")
    red, green, blue = picture(100, 75).split()
    s3.put_object(Bucket="photos", Key="changed", Body=encoded(picture(), kind, icc_profile=changed))
    image = view(photos, "small", "changed", "?format=png")
    assert difference(image, Image.merge("RGB", (green, red, blue))) < 6


@pytest.mark.parametrize("width", [399, 250, 152, 60, 8])
@pytest.mark.parametrize("key", ["photo.jpg", "grey.jpg", "turned.jpg", "profile.jpg", "progressive.jpg"])
def test_jpegs_are_scaled_as_by_lanczos(photos, key, width):
    whole = ImageOps.exif_transpose(Image.open(io.BytesIO(originals()[key])))
    wanted = whole.resize((width, round(width * 3 / 4)), Image.Resampling.LANCZOS)
    image = view(photos, "small", key, f"?format=png&width={width}")
    assert image.mode == wanted.mode and image.size == wanted.size
    assert difference(image, wanted) < 3


def test_an_image_of_the_preload_folders_is_laid_over(photos, s3):
    image = view(photos, "branded", "photo.jpg")
    assert image.getpixel((2, 2)) == image.getpixel((49, 24)) == (255, 255, 0)
    assert image.getpixel((51, 2))[2] > 100 and image.getpixel((2, 26))[2] < 100
    status, body = refusal(photos, "unbranded", "photo.jpg")
    assert status == 500 and b"InvalidTransformPayload" in body


def test_formats(photos):
    assert view(photos, "small", "photo.jpg").format == "JPEG"
    assert view(photos, "small", "photo.png").format == "PNG"
    assert view(photos, "small", "photo.png", "?format=webp").format == "WEBP"
    assert view(photos, "small", "photo.webp", "?format=jpeg").format == "JPEG"


def test_avif_and_heic_are_written_and_read_where_allowed(photos, s3):
    for name, brand in (("avif", b"avif"), ("heic", b"heic")):
        answer = get(photos, f"/small--ol-s3/photo.jpg?format={name}")
        assert (answer.status, answer.headers["content-type"]) == (200, f"image/{name}")
        assert answer.body[4:12] == b"ftyp" + brand
        s3.put_object(Bucket="photos", Key=f"again.{name}", Body=answer.body)
        assert difference(view(photos, "modern", f"again.{name}", "?format=png"), picture(80, 60)) < 12
        assert refusal(photos, "small", f"again.{name}")[0] == 400


def test_what_is_cut_out(photos):
    left = ImageStat.Stat(view(photos, "cut", "photo.png", "?gravity=west").convert("RGB")).mean
    right = ImageStat.Stat(view(photos, "cut", "photo.png", "?gravity=east").convert("RGB")).mean
    assert view(photos, "cut", "photo.png").size == (60, 60)
    assert left[0] > left[2] + 40 and right[2] > right[0] + 40
    assert view(photos, "cut", "photo.png", "?gravity=smart").size == (60, 60)
    assert view(photos, "cut", "photo.png", "?fit=fit").size == (60, 45)
    corner = view(photos, "cut", "photo.png", "?fit=crop&gravity=north-west").convert("RGB")
    assert corner.size == (60, 60) and corner.getpixel((0, 0))[1] < 10


def test_the_query_changes_only_what_it_may(photos):
    assert view(photos, "small", "photo.png", "?width=50&fit=force").size == (50, 38)
    assert view(photos, "small", "photo.png", "?quality=1&enlarge=true&max_pixels=1").size == (100, 75)
    assert view(photos, "cut", "photo.png", "?width=10").size == (60, 60)
    status, body = refusal(photos, "small", "photo.png", "?width=0")
    assert status == 400 and b"width must be a whole number from 1 to 16383" in body


def test_exif_turns_the_picture_and_stays_behind(photos, s3):
    image = view(photos, "plain", "turned.jpg")
    assert image.size == (400, 300) and difference(image, picture()) < 6
    assert not image.getexif()
    body = s3.get_object(Bucket="plain--ol-s3", Key="turned.jpg")["Body"].read()
    assert b"secret place" not in body and b"Exif" not in body
    kept = view(photos, "kept", "turned.jpg")
    assert "secret place" in kept.getexif()[0x010E] and kept.getexif().get(0x0112, 1) == 1
    small = view(photos, "kept", "turned.jpg", "?width=100")
    assert small.size == (100, 75) and "secret place" in small.getexif()[0x010E]


# ---- what a file says beside its picture ----


def segment(number, body):
    return b"\xff" + bytes([0xe0 + number]) + (len(body) + 2).to_bytes(2, "big") + body


def thumbnailed(image):
    """EXIF's second directory is the thumbnail's: a JPEG whose place and length it tells."""
    entries = [(0x0103, 3, 6), (0x0201, 4, 80), (0x0202, 4, len(image))]
    second = b"".join(tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little")
                      + value.to_bytes(4, "little") for tag, kind, value in entries)
    title = (0x010E).to_bytes(2, "little") + (2).to_bytes(2, "little") + (4).to_bytes(4, "little") + b"sea\0"
    head = b"II*\0" + (8).to_bytes(4, "little") + (1).to_bytes(2, "little") + title + (26).to_bytes(4, "little")
    return b"Exif\0\0" + (head + (3).to_bytes(2, "little") + second + bytes(4)).ljust(80, b"\0") + image


def test_metadata_stays_behind(photos, s3):
    tags = Image.Exif()
    tags[0x010E] = "SECRET title"
    tags[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET</x:xmpmeta>"
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0c\x1c\x02\x78\0\x06SECRET\0"
    body = encoded(picture(), "JPEG", exif=tags.tobytes(), icc_profile=SRGB, comment="SECRET")
    body = body[:2] + segment(1, xmp) + segment(13, iptc) + body[2:]
    s3.put_object(Bucket="photos", Key="talkative.jpg", Body=body)
    s3.put_object(Bucket="photos", Key="talkative.webp", Body=encoded(
        picture(), "WEBP", exif=tags.tobytes(), icc_profile=SRGB, xmp=xmp))
    for key in ("talkative.jpg", "talkative.webp"):
        for name in ("jpeg", "png", "webp", "avif"):
            answer = get(photos, f"/small--ol-s3/{key}?format={name}")
            assert answer.status == 200
            for said in (b"SECRET", b"GPS", b"Photoshop", b"xmp", b"ICC_PROFILE", b"iCCP", b"ICCP", b"sRGB built-in"):
                assert said not in answer.body, (key, name, said)
    assert b"SECRET" in get(photos, "/kept--ol-s3/talkative.jpg?format=webp").body


@pytest.mark.parametrize("where", ["exif", "xmp", "photoshop"])
def test_no_picture_of_the_original_is_kept(photos, s3, where):
    small = encoded(Image.new("RGB", (16, 12), (9, 200, 9)), "JPEG")
    in_xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><xmpGImg:image>/9j/4AAQSkZJRg</xmpGImg:image></x:xmpmeta>"
    in_photoshop = b"Photoshop 3.0\x008BIM\x04\x0c\0\0" + (28 + len(small)).to_bytes(4, "big") + bytes(28) + small
    body = encoded(picture(), "JPEG")
    said = {"exif": segment(1, thumbnailed(small)), "xmp": segment(1, in_xmp), "photoshop": segment(13, in_photoshop)}
    s3.put_object(Bucket="photos", Key="preview.jpg", Body=body[:2] + said[where] + body[2:])
    for name in ("jpeg", "png", "webp", "avif"):
        answer = get(photos, f"/kept--ol-s3/preview.jpg?format={name}")
        assert answer.status == 200
        assert small not in answer.body and b"/9j/" not in answer.body
        assert answer.body.count(b"\xff\xd8\xff") == (name == "jpeg")
    if where == "exif":
        assert view(photos, "kept", "preview.jpg").getexif()[0x010E] == "sea"


@pytest.mark.parametrize("where", ["hexadecimal", "base64"])
def test_no_picture_of_the_original_is_kept_in_texts(photos, s3, where):
    small = encoded(Image.new("RGB", (16, 12), (9, 200, 9)), "JPEG")
    tags = (b"Exif\0\0" + b"II*\0" + bytes(24) + small).hex()
    # The lines end within the first bytes of the picture, too.
    said = {"hexadecimal": f"\nexif\n{len(tags) // 2:8}\n" + "\n".join(tags[at:at + 70] for at in range(0, len(tags), 70)),
            "base64": base64.b64encode(small).decode()}
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Raw profile type exif", said[where])
    texts.add_text("Title", "sea")
    s3.put_object(Bucket="photos", Key="preview.png", Body=encoded(picture(), "PNG", pnginfo=texts))
    for name in ("jpeg", "png", "webp", "avif"):
        assert get(photos, f"/kept--ol-s3/preview.png?format={name}").status == 200
    assert view(photos, "kept", "preview.png").text == {"Title": "sea"}


def test_transparency(photos):
    assert view(photos, "small", "clear.png").getpixel((50, 40))[3] == 0
    assert view(photos, "small", "clear.png", "?format=jpeg").getpixel((50, 40)) == (255, 255, 255)


def test_what_is_transparent_stays_so_for_whom_webp_is_too_new(photos, s3):
    clear = picture(mode="RGBA")
    clear.putalpha(0)
    s3.put_object(Bucket="photos", Key="clear.webp", Body=encoded(clear, "WEBP", lossless=True))
    image = view(photos, "negotiated", "clear.webp")
    assert image.format == "PNG" and image.getpixel((20, 20))[3] == 0
    assert view(photos, "negotiated", "photo.webp").format == "JPEG"


def test_a_view_behaves_like_an_object(photos, s3):
    whole = s3.get_object(Bucket="small--ol-s3", Key="photo.jpg")
    body = whole["Body"].read()
    head = s3.head_object(Bucket="small--ol-s3", Key="photo.jpg")
    assert head["ContentLength"] == len(body) and head["ETag"] == whole["ETag"]
    part = s3.get_object(Bucket="small--ol-s3", Key="photo.jpg", Range="bytes=100-199")
    assert part["Body"].read() == body[100:200]


@pytest.mark.parametrize("name", ["avif", "heic", "gif"])
def test_truncated_is_never_a_picture_of_a_rare_format(photos, s3, name):
    body = encoded(picture(), "GIF")
    if name != "gif":  # and a last box that no decoder misses
        body = get(photos, f"/plain--ol-s3/photo.jpg?format={name}").body + (20).to_bytes(4, "big") + b"free" + bytes(12)
    s3.put_object(Bucket="photos", Key="rare", Body=body)
    assert refusal(photos, "rare", "rare")[0] == 200
    for kept in (len(body) - 1, len(body) - 3, len(body) // 2, 40):
        s3.put_object(Bucket="photos", Key="rare", Body=body[:kept])
        status, answer = refusal(photos, "rare", "rare")
        assert status == 400 and b"<Code>InvalidImage</Code>" in answer, kept


@pytest.mark.parametrize("key", ["photo.jpg", "photo.png", "photo.webp", "progressive.jpg", "interlaced.png"])
def test_truncated_is_never_a_picture(photos, s3, key):
    body = originals()[key]
    for kept in (len(body) - 3, len(body) // 2, 40):
        s3.put_object(Bucket="photos", Key="short", Body=body[:kept])
        for olap in ("small", "cut"):
            status, answer = refusal(photos, olap, "short")
            assert status == 400 and b"<Code>InvalidImage</Code>" in answer, (key, kept, olap)


# ---- watermarks ----


PEOPLE = {"ada": ("ADASKEYFORTESTS1", "ada-secret-for-tests-0123456789"),
          "bob": ("BOBSKEYFORTESTS1", "bob-secret-for-tests-0123456789")}


def seen_by(server, who, olap):
    access_key, secret_key = PEOPLE[who]
    answer = get(server, f"/{olap}--ol-s3/photo.png", access_key=access_key, secret_key=secret_key)
    assert answer.status == 200, answer.body
    return answer


def test_each_caller_gets_a_picture_with_their_name(photos):
    pictures = {who: Image.open(io.BytesIO(seen_by(photos, who, "named").body)) for who in PEOPLE}
    plain = view(photos, "plain", "photo.png")
    for image in pictures.values():
        changed = ImageChops.difference(image.convert("RGB"), plain.convert("RGB")).getbbox()
        assert changed[0] > 100 and changed[1] > 200 and changed[2] <= 395 and changed[3] <= 297
    names = ImageChops.difference(pictures["ada"].convert("RGB"), pictures["bob"].convert("RGB"))
    assert names.getbbox()
    assert seen_by(photos, "ada", "named").headers["etag"] != seen_by(photos, "bob", "named").headers["etag"]
    assert seen_by(photos, "ada", "named").body == seen_by(photos, "ada", "named").body


def test_a_mark_is_all_in_the_picture_and_in_its_place(photos):
    plain = view(photos, "plain", "photo.png").convert("RGB")

    def place(olap):
        return ImageChops.difference(view(photos, olap, "photo.png").convert("RGB"), plain).getbbox()

    left, top, right, bottom = place("loud")
    assert 0 < left < 40 and 0 < top and 360 < right < 400 and bottom < 300
    left, top, right, bottom = place("central")
    assert abs(left + right - 400) <= 3 and abs(top + bottom - 300) <= 3


def test_what_names_nobody_is_one_view_for_all(photos):
    views = [seen_by(photos, who, "small") for who in PEOPLE]
    assert views[0].headers["etag"] == views[1].headers["etag"] and views[0].body == views[1].body


def test_what_names_the_request_is_never_the_same(photos):
    views = [seen_by(photos, "ada", "stamped") for _ in range(2)]
    assert views[0].body != views[1].body and "etag" not in views[0].headers


def test_the_format_that_a_browser_asks_for(photos):
    for accept, kind in (("image/avif,image/webp,*/*", "image/avif"), ("image/webp", "image/webp"),
                         ("*/*", "image/png")):
        answer = get(photos, "/negotiated--ol-s3/photo.png", headers={"Accept": accept})
        assert answer.headers["content-type"] == kind
        assert "accept" in answer.headers["vary"].lower()
    assert "accept" not in get(photos, "/small--ol-s3/photo.png").headers.get("vary", "").lower()


def marked_area(photos, query, olap="sized"):
    changed = ImageChops.difference(view(photos, olap, "photo.png", query).convert("RGB"),
                                    view(photos, "unmarked", "photo.png", query).convert("RGB")).getbbox()
    return changed[2] - changed[0]


def test_no_query_makes_a_mark_small(photos):
    """Measured in pixels, it would stay as small in a larger picture, or become smaller with dpr."""
    usual = marked_area(photos, "")
    assert marked_area(photos, "?dpr=0.1&width=1000") >= usual
    assert marked_area(photos, "?width=400") >= 3.5 * usual
    assert marked_area(photos, "?dpr=2") >= 1.8 * usual
    assert marked_area(photos, "?width=50&dpr=0.5") > 20
    # Its payload alone makes a picture that is too large.
    assert marked_area(photos, "?dpr=0.1&width=1000", "vast") >= usual


# ---- signed queries ----


def signed(path, key=bytes.fromhex("00112233445566778899aabbccddeeff"), **parameters):
    query = urllib.parse.urlencode(sorted(parameters.items()), quote_via=urllib.parse.quote)
    text = f"/{urllib.parse.quote(path, safe='/~')}?{query}"
    return f"?{query}&sig={hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}"


def test_a_signed_query_changes_what_others_cannot(photos, s3):
    s3.put_object(Bucket="photos", Key="a b/größe.png", Body=originals()["photo.png"])
    key = "a b/größe.png"
    path = urllib.parse.quote(key)
    plain, marked = view(photos, "plain", path), view(photos, "signed", path)
    assert difference(plain, marked) > 0
    assert difference(view(photos, "signed", path, signed(key, watermark="none")), plain) == 0
    other = view(photos, "signed", path, signed(key, watermark_text="Zoë & co", fit="fit"))
    assert difference(other, plain) > 0 and difference(other, marked) > 0
    for query in ("?watermark=none", "?watermark_text=x", "?watermark=none&watermark_text="):
        assert difference(view(photos, "signed", path, query), marked) == 0


def test_a_mark_shows_nothing_of_an_unsigned_query(photos):
    usual = view(photos, "copies", "photo.png")
    assert difference(view(photos, "copies", "photo.png", "?copy=mine"), usual) == 0
    assert difference(view(photos, "copies", "photo.png", signed("photo.png", copy="mine")), usual) > 0


@pytest.mark.parametrize("query", [
    "?watermark=none&sig=", "?watermark=none&sig=" + "0" * 64,
    signed("photo.png", key=bytes(16), watermark="none"), signed("other.png", watermark="none"),
    signed("photo.png", watermark="none") + "0", signed("photo.png", watermark="none") + "&width=5",
    signed("photo.png", watermark="none").replace("none", "none2")])
def test_a_forged_signature_is_refused(photos, query):
    status, body = refusal(photos, "signed", "photo.png", query)
    assert status == 403 and b"signature of the query is wrong" in body


# ---- what is refused ----


def png_bomb(side):
    header = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress(bytes(1 << 20), 9) * 20
    return png(png_chunk(b"IHDR", header), png_chunk(b"IDAT", rows))


def with_text(kind, head):
    """A small picture with 64 MiB of text, in as many KiB."""
    body = encoded(picture(8, 8), "PNG")
    return body[:33] + png_chunk(kind, head + zlib.compress(bytes(64 << 20), 9)) + body[33:]


def bombs():
    webp = encoded(picture(64, 64), "WEBP")
    sides = webp.index(b"\x9d\x01\x2a") + 3
    found = {
        "PNG": png_bomb(60000), "zTXt": with_text(b"zTXt", b"a\0\0"), "iTXt": with_text(b"iTXt", b"a\0\1\0\0\0"),
        "iCCP": with_text(b"iCCP", b"a\0\0"), "texts": encoded(picture(8, 8), "PNG")[:33]
        + png_chunk(b"tEXt", b"a\0b") * 3000 + encoded(picture(8, 8), "PNG")[33:]}
    if not SANITIZED:  # which takes a host's bound of memory away
        found["WebP"] = webp[:sides] + (7000).to_bytes(2, "little") * 2 + webp[sides + 4:]
    return found


@pytest.mark.parametrize("name", sorted(bombs()))
def test_bombs(photos, s3, name):
    s3.put_object(Bucket="photos", Key="bomb", Body=bombs()[name])
    status, body = refusal(photos, "small", "bomb")
    assert status == 400 and b"<Code>ImageTooLarge</Code>" in body


def test_animations_are_read_where_they_may_be(photos, s3):
    frames = [picture(40, 30).rotate(90 * turn) for turn in range(4)]
    for count, status in ((3, 200), (4, 400)):
        body = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:count], duration=50)
        s3.put_object(Bucket="photos", Key="moving.gif", Body=body)
        assert refusal(photos, "rare", "moving.gif")[0] == status
    assert b"more frames than this view reads" in refusal(photos, "rare", "moving.gif")[1]
    assert refusal(photos, "plain", "moving.gif")[0] == 400


@pytest.mark.parametrize("body", [
    b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    b"%PDF-1.4\n1 0 obj\n<< >>\n", b"%!PS\n(x) show\n", b"push graphic-context\nimage over 0,0 0,0 'x'\n",
    b"II*\0" + bytes(60), b"BM" + bytes(60), b"#?RADIANCE\n", b"P6 1 1 255 abc", b"v f" + bytes(64), b"\0" * 100])
def test_other_formats_are_refused(photos, s3, body):
    s3.put_object(Bucket="photos", Key="other", Body=body)
    status, answer = refusal(photos, "plain", "other")
    assert status == 400 and b"<Code>InvalidImage</Code>" in answer
    assert b"no picture that this view reads (JPEG, PNG, WebP)" in answer or body[:1] == b"\0"


def test_of_polyglots_only_the_picture_comes_out(photos, s3):
    for key in ("photo.jpg", "photo.png", "photo.webp"):
        s3.put_object(Bucket="photos", Key="polyglot", Body=originals()[key] + b"<script>alert(1)</script>PK\3\4")
        body = s3.get_object(Bucket="plain--ol-s3", Key="polyglot")["Body"].read()
        assert b"script" not in body and b"PK\3\4" not in body
