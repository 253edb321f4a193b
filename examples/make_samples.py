#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the sample data of the quickstart: made up from a seed, the same every time.

    make_samples.py DIR [--seed N] [--orders N] [--books N] [--lines N]

orders.csv holds e-mails, payment cards and US social security numbers that pass their
checks and belong to nobody (test ranges); catalog.xml a catalogue of books; app.log the
log of an imaginary service with addresses in it.
"""
import argparse
import pathlib
import random

FIRST = "Ada Grace Linus Edsger Barbara Donald Radia Ken Frances Dennis Margaret Niklaus".split()
LAST = "Lovelace Hopper Moss Dekker Liskov Knuth Perlman Tanaka Allen Rossi Hamilton Weber".split()
DOMAINS = "example.com example.org example.net mail.example.com".split()
ITEMS = "lamp chair notebook kettle bicycle umbrella camera desk".split()
WORDS = "silent river amber engine paper garden winter orbit copper lantern hidden coast".split()


def luhn_digit(digits):
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = digit * 2 if place % 2 == 0 else digit
        total += value - 9 if value > 9 else value
    return (10 - total % 10) % 10


def card(rng):
    digits = [4] + [rng.randrange(10) for _ in range(14)]
    digits.append(luhn_digit(digits))
    text = "".join(map(str, digits))
    return "-".join(text[i:i + 4] for i in range(0, 16, 4)) if rng.random() < 0.3 else text


def ssn(rng):
    area = rng.choice([a for a in range(100, 899) if a != 666])
    return f"{area:03d}-{rng.randrange(1, 100):02d}-{rng.randrange(1, 10000):04d}"


def person(rng):
    first, last = rng.choice(FIRST), rng.choice(LAST)
    mail = f"{first}.{last}{rng.randrange(100)}@{rng.choice(DOMAINS)}".lower()
    return f"{first} {last}", mail


def write_orders(path, rng, count):
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write("order,date,customer,email,card,ssn,item,amount\n")
        for number in range(1, count + 1):
            name, mail = person(rng)
            date = f"2026-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
            out.write(f"A{number:07d},{date},{name},{mail},{card(rng)},{ssn(rng)},"
                      f"{rng.choice(ITEMS)},{rng.randrange(100, 99999) / 100:.2f}\n")


def write_catalog(path, rng, count):
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n<catalog>\n')
        for number in range(1, count + 1):
            title = " ".join(rng.sample(WORDS, 3)).title()
            authors = "".join(f"<author>{person(rng)[0]}</author>"
                              for _ in range(rng.randrange(1, 3)))
            out.write(f'  <book id="bk{number}"><title>{title}</title>{authors}'
                      f'<price currency="EUR">{rng.randrange(500, 9000) / 100:.2f}</price></book>\n')
        out.write("</catalog>\n")


def write_log(path, rng, count):
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for number in range(count):
            seconds = number * 7 % 86400
            stamp = f"2026-11-20T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}Z"
            address = ".".join(str(rng.randrange(1, 255)) for _ in range(4))
            _, mail = person(rng)
            out.write(rng.choice([
                f"{stamp} INFO login user={mail} from={address}\n",
                f"{stamp} INFO checkout order=A{rng.randrange(10 ** 7):07d} ms={rng.randrange(900)}\n",
                f"{stamp} WARN payment retry call=+1 202-555-{rng.randrange(10000):04d} from={address}\n",
            ]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=20261120)
    parser.add_argument("--orders", type=int, default=20000)
    parser.add_argument("--books", type=int, default=8000)
    parser.add_argument("--lines", type=int, default=20000)
    args = parser.parse_args()
    args.dir.mkdir(parents=True, exist_ok=True)
    rng = random.Random(args.seed)
    write_orders(args.dir / "orders.csv", rng, args.orders)
    write_catalog(args.dir / "catalog.xml", rng, args.books)
    write_log(args.dir / "app.log", rng, args.lines)


if __name__ == "__main__":
    main()
