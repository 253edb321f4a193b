# SPDX-License-Identifier: MIT
"""A photograph of 12 million pixels made 800 wide with a text on it, through an access point, against npm's sharp
in a process of its own: CPU time a picture, both warm. How like a Lanczos reference they are, without the text,
and how fast a picture that would decompress to much more is refused."""
import io
import os
import pathlib
import shutil
import subprocess
import time
import zlib

from gauge.machine import SERVER_CORE, cpu_seconds, median, pinned
from gauge.peers import Objlens
from gauge.table import print_fact, print_row
from kit.raw import get

SIDES, WIDTH, QUALITY, PICTURES = (4000, 3000), 800, 80, 20
PEAK_MIB_GOAL, REFUSAL_MS_GOAL, REFUSALS = 100, 100, 20
MARK = '"watermark": {"text": "for {userIdentity.userName|a guest}", "opacity": 0.4}'
CONFIG = f'''
bucket "bench"
access_point "bench" {{ bucket = "bench" }}
object_lambda "marked" {{ access_point = "bench", cache = false, transforms = {{ {{ "image", payload =
  [[{{"width": {WIDTH}, "quality": {QUALITY}, {MARK}}}]] }} }} }}
object_lambda "plain" {{ access_point = "bench", cache = false, transforms = {{ {{ "image", payload =
  [[{{"width": {WIDTH}, "quality": {QUALITY}}}]] }} }} }}
'''

# The text is drawn once and not for each picture, which is kind to it. Each line asks for so many pictures.
SHARP = """
const sharp = require('sharp'), fs = require('fs');
const [original, width, quality, plain] = process.argv.slice(1);
sharp.concurrency(1); sharp.cache(false);
const bytes = fs.readFileSync(original);
const svg = Buffer.from('<svg width="300" height="50"><text x="8" y="36" font-size="30" fill="white" ' +
  'fill-opacity="0.4" font-family="DejaVu Sans">for a guest</text></svg>');
const small = () => sharp(bytes).resize(Number(width));
(async () => {
  const mark = await sharp(svg).png().toBuffer();
  fs.writeFileSync(plain, await small().jpeg({quality: Number(quality)}).toBuffer());
  for await (const line of require('readline').createInterface({input: process.stdin})) {
    const before = process.cpuUsage();
    for (let i = 0; i < Number(line); i++)
      await small().composite([{input: mark, gravity: 'southeast'}]).jpeg({quality: Number(quality)}).toBuffer();
    const spent = process.cpuUsage(before);
    console.log((spent.user + spent.system) / 1e6);
  }
})();
"""


def photograph():
    """Slow waves, edges and a sensor's noise, from a fixed seed."""
    import numpy
    from PIL import Image
    rng = numpy.random.default_rng(7)
    y, x = numpy.mgrid[0:SIDES[1], 0:SIDES[0]].astype(numpy.float32)
    levels = [128 + 60 * numpy.sin(x / (90 + 40 * c) + y / 300) + 40 * ((x // 173 + y // 131) % 2)
              + rng.normal(0, 6, x.shape) for c in range(3)]
    image = Image.fromarray(numpy.stack(levels, axis=2).clip(0, 255).astype(numpy.uint8))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()


def likeness(picture, reference):
    """SSIM of the brightness, in windows of 8x8."""
    import numpy
    a, b = (numpy.asarray(one.convert("L"), dtype=numpy.float64) for one in (picture, reference))

    def means(values):
        sums = numpy.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        return (sums[8:, 8:] - sums[:-8, 8:] - sums[8:, :-8] + sums[:-8, :-8]) / 64

    of_a, of_b, least, less = means(a), means(b), (0.01 * 255) ** 2, (0.03 * 255) ** 2
    spread_a, spread_b = means(a * a) - of_a ** 2, means(b * b) - of_b ** 2
    together = means(a * b) - of_a * of_b
    return float((((2 * of_a * of_b + least) * (2 * together + less))
                  / ((of_a ** 2 + of_b ** 2 + least) * (spread_a + spread_b + less))).mean())


def peak_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Sharp:
    """None of it where npm or sharp cannot be had: `process` is then None."""

    def __init__(self, folder, original):
        self.folder, self.plain, self.process = folder, folder / "sharp.jpg", None
        if not shutil.which("npm"):
            return
        done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, "sharp"],
                              capture_output=True, check=False)
        if done.returncode != 0:
            return
        env = dict(os.environ, NODE_PATH=f"{folder}/node_modules")
        self.process = subprocess.Popen(
            pinned(SERVER_CORE, ["node", "-e", SHARP, original, WIDTH, QUALITY, self.plain]), env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def seconds(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline()) / count

    def stop(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()


def fetch(server, path, status=200):
    answer = get(server, path)
    assert answer.status == status, answer.body
    return answer.body


def seconds(server, count):
    """Of the server and its hosts, a picture."""
    before = cpu_seconds(server.pid)
    for _ in range(count):
        fetch(server, "/marked--ol-s3/photo")
    return (cpu_seconds(server.pid) - before) / count


def bomb():
    """A PNG in order of 20000x20000 grey pixels, in less than half a megabyte."""
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    side, packer = 20000, zlib.compressobj(9)
    rows = b"".join([*(packer.compress(bytes(side + 1)) for _ in range(side)), packer.flush()])
    head = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def compare(bench, server, sharp):
    ours, theirs = [], []
    for count, keeps in [(PICTURES // 4, False)] + [(PICTURES, True)] * bench.rounds:
        for measure, all in ((lambda n: seconds(server, n), ours), (sharp.seconds if sharp.process else None, theirs)):
            if measure:
                spent = measure(count) * 1000
                all += [spent] if keeps else []
    shown = f"{median(ours):.0f} ms [{min(ours):.0f}-{max(ours):.0f}]"
    name = "4000x3000 JPEG to 800 px with a text"
    if not theirs:
        print_fact(name, f"{shown} of CPU; npm's sharp is not to be had here")
        return
    print_row(name, "npm's sharp", median(theirs) / median(ours), 1.0,
              f"   [{shown} : {median(theirs):.0f} ms [{min(theirs):.0f}-{max(theirs):.0f}] of CPU]")


def run(bench):
    from PIL import Image
    folder = bench.folder / "images"
    folder.mkdir(mode=0o755)
    original = folder / "photo.jpg"
    original.write_bytes(photograph())
    server, sharp = Objlens(folder / "server", config=CONFIG, loops=1), Sharp(folder, original)
    server.start()
    try:
        server.s3().put_object(Bucket="bench", Key="photo", Body=original.read_bytes())
        server.s3().put_object(Bucket="bench", Key="bomb", Body=bomb())
        compare(bench, server, sharp)
        peak = max(map(peak_mib, server.hosts()))
        print_fact("peak memory of the host", f"{peak:.0f} MiB, goal under {PEAK_MIB_GOAL}", peak < PEAK_MIB_GOAL)
        if sharp.process:
            print_fact("peak memory of node with sharp", f"{peak_mib(sharp.process.pid):.0f} MiB")
        reference = Image.open(original).convert("RGB").resize((WIDTH, WIDTH * SIDES[1] // SIDES[0]), Image.LANCZOS)
        likenesses = {"objlens": Image.open(io.BytesIO(fetch(server, "/plain--ol-s3/photo")))}
        if sharp.process:
            likenesses["sharp"] = Image.open(sharp.plain)
        print_fact("SSIM, without the text, against Lanczos",
                   ", ".join(f"{name} {likeness(one, reference):.4f}" for name, one in likenesses.items()))
        refusals(server)
    finally:
        server.stop()
        sharp.stop()


def refusals(server):
    taken = []
    for _ in range(REFUSALS):
        begin = time.perf_counter()
        fetch(server, "/marked--ol-s3/bomb", status=400)
        taken.append((time.perf_counter() - begin) * 1000)
    print_fact("a PNG of 400 million pixels refused",
               f"in {median(taken):.1f} ms, at most {max(taken):.1f}, goal {REFUSAL_MS_GOAL}", max(taken) < REFUSAL_MS_GOAL)
