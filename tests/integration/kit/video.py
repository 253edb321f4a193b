# SPDX-License-Identifier: MIT
"""A WebM video that any browser plays, made without an encoder: one second is one cluster with one
VP8 key frame of a plain colour, and a Void element that makes the file as large as a test wants."""
import base64
import struct

# 27 key frames of 16x16 pixels, each behind a byte that says its length: the red, green and blue
# of frame i are the digits of i in base 3, as 0, 128 or 255.
FRAMES = """
GDABAJ0BKhAAEAACgEIlpAADcAD++dBAAChwAQCdASoQABAAAoBCJaACdAFAAAD++Hyz/zNH/pN/2G8gMXCcPgAALJABAJ0B
KhAAEAACgEIloAJ0ugADmAD+9uYH/vYL/3YL/3YL/Zj67xaSkAAALLABAJ0BKhAAEAACgEIloAJ0ugAEMAAA/u+ax/wG6+Lb
xv/kGPJT0NZrgAAAKJABAJ0BKhAAEAACgEIloAJ0ugADmAD+7QcuRkNujn/zYH7efbzwsAAu0AEAnQEqEAAQAAKAQiWgAnS6
AfgAA7AA/ubO3/qDPlofLQ/YU/+jD7vxf3CgADAQAgCdASoQABAAAoBCJaACdLoB+AH4AAPIAP7hR3/6nBg58/KI/9uzTGP3
9yYAAAAskAEAnQEqEAAQAAKAQiWgAnS6AAOYAP7rB/67xaUa/+6ev+7zf/bzf7CgAAAu0AEAnQEqEAAQAAKAQiWgAnS6AfgA
A7AA/u69n/4H5dOGPD/74E+8CfeBP9tgACiQAQCdASoQABAAAoBCJaACdLoAA5gA/vVYv15T4m2/+Zo/Sb6TdzAALLABAJ0B
KhAAEAACgEIloAJ0ugAEZoAA/vJmr+4Mz6u2lf/G8eBXkux0AAAAMLABAJ0BKhAAEAACgEIloAJ0ugAEZoAA/vBsr/9pZ/9S
z/6ln+eh/4IK5mXswAAAAChwAQCdASoQABAAAoBCJaACdAFAAAD+34A/82B/7ef+CPQCU25XAAAAGFABAJ0BKhAAEAACgEIl
pAAEdAAA5EAAACpwAQCdASoQABAAAoBCJaACdAAAAAD8UvWKm5P/M0f+k3/YbyAxcJw+AAAwsAEAnQEqEAAQAAKAQiWgAnS6
AAQwAAD+7+5j/2tD/1aH/q0P6YH/hWs9bo0RAAAALLABAJ0BKhAAEAACgEIloAJ0ugAFAgAA/vEpL/gN18W3jf/IMeSnoazX
AAAAKJABAJ0BKhAAEAACgEIloAJ0ugADmAD+9G0G7D5ao7/5sD9vPt54WAAu0AEAnQEqEAAQAAKAQiWgAnS6AfgAA7AA/u92
1/4VbhiGar/72C+7Bfdgv9bAACyQAQCdASoQABAAAoBCJaACdLoAA5gA/uy9jkUixlb/7nA/7sn/9sn/qQAAADAQAgCdASoQ
ABAAAoBCJaACdLoB+AH4AAPIAP7l+j/6gtDXy/Gi/9tDOqEv9oAAAAAu0AEAnQEqEAAQAAKAQiWgAnS6AfgAA7AA/uJGv/U4
/Mr+ZX+1d/9CTsHB/tAAACiQAQCdASoQABAAAoBCJaACdLoAA5gA/uu3rrynxNt/8zR+k30m7mAALLABAJ0BKhAAEAACgEIl
oAJ0ugAEZoAA/u7p3/cGZ9XbSv/jePAryXY6AAAALJABAJ0BKhAAEAACgEIloAJ0ugADmAD+9c+//vgT/3gT/3gT/eL5FIsX
gAAAKHABAJ0BKhAAEAACgEIloAJ0AUAAAP739H//Ngf+3n/gj0AlNuVwAAAYMAEAnQEqEAAQAAKAQiWkAANwAP75WEAA
"""


def frames():
    data, found = base64.b64decode(FRAMES), []
    while data:
        found.append(data[1:1 + data[0]])
        data = data[1 + data[0]:]
    return found


def colour(second):
    """What the picture of this second is, as (red, green, blue)."""
    return tuple((0, 128, 255)[second // digit % 3] for digit in (9, 3, 1))


def element(identifier, *parts):
    """An EBML element; its size is always written in eight bytes."""
    body = b"".join(parts)
    return bytes.fromhex(identifier) + (1 << 56 | len(body)).to_bytes(8, "big") + body


def number(identifier, value):
    return element(identifier, value.to_bytes(4, "big"))


def cluster(second, frame, void_bytes):
    block = b"\x81" + struct.pack(">hB", 0, 0x80) + frame  # track 1, a key frame
    return element("1F43B675", number("E7", second * 1000), element("A3", block),
                   element("EC", bytes(void_bytes)))


def cues(offsets):
    return element("1C53BB6B", *(
        element("BB", number("B3", second * 1000),
                element("B7", number("F7", 1), number("F1", offset)))
        for second, offset in enumerate(offsets)))


def webm(second_bytes):
    """27 seconds, each of about second_bytes."""
    head = element("1A45DFA3", number("4286", 1), number("42F7", 1), number("42F2", 4),
                   number("42F3", 8), element("4282", b"webm"), number("4287", 2), number("4285", 2))
    info = element("1549A966", number("2AD7B1", 1000000), element("4D80", b"objlens"),
                   element("5741", b"objlens"), element("4489", struct.pack(">d", 27000.0)))
    tracks = element("1654AE6B", element("AE", number("D7", 1), number("73C5", 1), number("83", 1),
                     number("9C", 0), element("86", b"V_VP8"),
                     element("E0", number("B0", 16), number("BA", 16))))
    clusters = [cluster(second, frame, second_bytes) for second, frame in enumerate(frames())]
    offset, offsets = len(info + tracks + cues([0] * len(clusters))), []
    for one in clusters:
        offsets.append(offset)
        offset += len(one)
    return head + element("18538067", info, tracks, cues(offsets), *clusters)
