# SPDX-License-Identifier: MIT
"""What is typed: the help of every command, and a command line that is not understood, which costs nothing
but a sentence and the exit code 2."""
import re
import socket
import subprocess

import pytest

from kit.server import OBJLENS


def run(*arguments, cwd=None, stdin=b""):
    done = subprocess.run([OBJLENS, *arguments], cwd=cwd, input=stdin, capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def options_of(command):
    """{name: what stands for its value, or ""} from the command's help."""
    text = run("help", command)[1].partition("Options:\n")[2]
    found = re.findall(r"^  --([\w-]+)(?: (\S+))?(?:  | *$)", text, re.M)
    return {name: value for name, value in found if name != "help"}


COMMANDS = ["serve", "run", "test", "bench", "new", "plugin", "check", "explain", "presign", "decrypt", "encrypt", "keys",
            "version", "help"]


def refused(arguments, sentence, command, cwd):
    code, out, err = run(*arguments, cwd=cwd)
    assert code == 2 and out == "", (arguments, out, err)
    assert err == f"objlens: {sentence}\nTry 'objlens help {command}'.\n", arguments
    assert list(cwd.iterdir()) == [], "nothing is left behind"


def test_every_command_is_in_the_overview():
    assert re.findall(r"^  (\w+) +\S", run("help")[1].partition("Commands:\n")[2], re.M) == COMMANDS
    code, out, err = run()
    assert (code, out) == (2, "") and err == run("help")[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_everything_in_either_way(command):
    code, out, err = run("help", command)
    assert (code, err) == (0, "") and out.startswith(f"Usage: objlens {command}")
    assert (0, out, "") == run(command, "--help") == run(command, "-h")
    summary = re.search(rf"^  {command} +(.*)$", run("help")[1], re.M).group(1)
    assert out.split("\n")[2] == summary
    for line in out.split("\n"):
        assert line == line.rstrip()


@pytest.mark.parametrize("command", COMMANDS)
def test_options_that_are_not_understood(command, tmp_path):
    refused([command, "--no-such-option"], "unknown option --no-such-option", command, tmp_path)
    refused([command, "-Z"], "unknown option -Z", command, tmp_path)
    for name, value in options_of(command).items():
        if value:
            refused([command, f"--{name}"], f"--{name} needs a value: --{name} {value}", command, tmp_path)
        else:
            refused([command, f"--{name}=x"], f"--{name} takes no value", command, tmp_path)
            refused([command, f"--{name}", f"--{name}"], f"--{name} is given twice", command, tmp_path)
        refused([command, f"--{name[:-1]}"], f"unknown option --{name[:-1]}; did you mean --{name}?", command,
                tmp_path)


@pytest.mark.parametrize("command", COMMANDS)
def test_arguments_that_are_missing_or_too_many(command, tmp_path):
    operands = re.match(rf"Usage: objlens {command} ?(.*) \[options\]", run("help", command)[1]).group(1)
    names = operands.split()
    most, least = len(names), sum(not name.startswith("[") for name in names)
    refused([command, *["it"] * most, "more"], 'unexpected argument "more"', command, tmp_path)
    for count in range(least):
        refused([command, *["it"] * count], f"an argument is missing: objlens {command} {operands}", command, tmp_path)


@pytest.mark.parametrize("arguments, sentence", [
    (["run", "x.lua", "--limit", "cpu=1"], 'there is no limit "cpu"'),
    (["run", "x.lua", "--limit", "cpu_ms"], "a limit is written KEY=VALUE"),
    (["run", "x.lua", "--chunk", "1"], "--chunk must be a multiple of 4 KiB, up to 4 MiB"),
    (["run", "x.lua", "--verify-ranges", "0"], "--verify-ranges must be a whole number between 1 and"),
    (["run", "x.lua", "--verify-ranges", "1", "--seed", "-1"], "--seed must be a whole number between 0 and"),
    (["run", "x.lua", "--seed", "7"], "--seed goes with --verify-ranges alone"),
    (["run", "x.lua", "--diff", "--seed", "7"], "--seed goes with --verify-ranges alone"),
    (["run", "x.lua", "--head", "--diff"], "only one of --head, --list, --request, --verify-ranges and --diff"),
    (["run", "x.lua", "--headers", "--list"], "--headers goes with a body alone"),
    (["test", ".", "--splits", "many"], "--splits must be a whole number between 0 and"),
    (["test", ".", "--limit", "cpu=1"], 'there is no limit "cpu"'),
    (["test", ".", "--watch", "--update"], "--watch goes neither with --update nor with --junit"),
    (["test", ".", "--watch", "--junit", "x"], "--watch goes neither with --update nor with --junit"),
    (["bench", "x.lua", "file", "--seconds", "0"], "--seconds must be a whole number between 1 and"),
    (["new", "cobol", "mask"], '"cobol" is neither lua nor c'),
    (["new", "lua", "../mask"], '"../mask" '),
    (["plugin", "shine", "x.so"], '"shine" is not check'),
    (["plugin", "check", "x.so", "--sha256", "12"], "--sha256 is 64 hexadecimal digits"),
    (["plugin", "check", "x.so", "--key", "absent.pem"], "absent.pem: No such file"),
    (["serve", "--loops", "0"], "--loops must be a whole number between 1 and"),
    (["serve", "c.lua", "--data", "x"], "--data does not go with a configuration file"),
])
def test_values_that_are_not_understood(arguments, sentence, tmp_path):
    code, out, err = run(*arguments, cwd=tmp_path)
    assert (code, out) == (2, "") and err.startswith(f"objlens: {sentence}"), err
    assert err.endswith(f"Try 'objlens help {arguments[0]}'.\n") and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments, sentence", [
    (["run", "absent.lua"], "absent.lua: does not exist"),
    (["run", "liness"], 'no transform "liness" ships with objlens; did you mean "lines"?'),
    (["test", "absent"], "absent: cannot be read as a folder"),
    (["bench", "absent.lua", "absent"], "absent: No such file"),
    (["check", "absent.lua"], "absent.lua: does not exist"),
    (["serve", "absent.lua"], "absent.lua: does not exist"),
])
def test_what_is_understood_but_not_there_is_another_code(arguments, sentence, tmp_path):
    code, out, err = run(*arguments, cwd=tmp_path)
    assert (code, out) == (1, "") and f"{sentence}" in err, err


def test_an_address_that_is_taken(tmp_path):
    """What had begun to start is taken down again: a sanitized build says more if it is not."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = run("serve", "--listen", f"127.0.0.1:{port}", "--data", "data", "--loops", "2", cwd=tmp_path)
    assert (code, out) == (1, "")
    assert err.endswith(f"objlens: error: cannot start: cannot listen on 127.0.0.1 port {port}: Address already in use\n"), err
