#!/usr/bin/env python3
"""Holds built binaries against SECURITY.md: position-independent, relocations read-only from the start, no executable
stack, no memory both writable and executable, stack protectors, fortified calls; and nothing that opens a socket.

Usage: check_hardening.py BINARY...    (the executable and the project's own libraries; needs readelf and nm)
       check_hardening.py --self-test --compiler CXX
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

# What a program must call to reach a network: sockets, names of hosts, and libraries that bring both.
NETWORK = re.compile(r"^(socket|socketpair|connect|bind|listen|accept4?|send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg"
                     r"|recvmmsg|getaddrinfo|getnameinfo|gethostby\w+|res_\w*query|curl_\w+|SSL_\w+|uv_\w+connect)$")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def undefined_symbols(path):
    """Names that others must provide, without versions."""
    lines = output_of("nm", "--dynamic", "--undefined-only", str(path)).splitlines()
    return {line.split()[-1].partition("@")[0] for line in lines}


def check_layout(path):
    """The rules of the ELF file itself that it breaks."""
    text = output_of("readelf", "--wide", "--file-header", "--program-headers", "--dynamic", str(path))
    segments = re.findall(r"^  (\w+) +0x\S+ 0x\S+ 0x\S+ 0x\S+ 0x\S+ ([R ][W ][E ])", text, re.M)
    flags = {name: set(bits) - {" "} for name, bits in segments}
    if not re.search(r"Type: +DYN", text):
        yield "is not position-independent"
    if "GNU_RELRO" not in flags:
        yield "has no GNU_RELRO segment"
    if not re.search(r"\(BIND_NOW\)|\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\bNOW\b", text):
        yield "is bound lazily (no BIND_NOW)"
    if "E" in flags.get("GNU_STACK", {"E"}):
        yield "asks for an executable stack"
    if any({"W", "E"} <= set(bits) for _, bits in segments):
        yield "has a segment both writable and executable"
    if "(TEXTREL)" in text:
        yield "relocates its code"
    if re.search(r"\((RPATH|RUNPATH)\).*\[([^\]]*:)?(\.|\./)?[:\]]", text):
        yield "looks for libraries in the working directory"


def check_protector(path):
    if "__stack_chk_fail" not in undefined_symbols(path):
        yield "has no stack protector"


def check_network(path):
    symbols = undefined_symbols(path)
    for name in sorted(filter(NETWORK.match, symbols)):
        yield f"calls {name}: there is no network code"


def check(paths):
    """"FILE: what is wrong" for each breach."""
    breaches = [f"{path}: {rule}" for path in paths
                for rule in (*check_layout(path), *check_network(path), *check_protector(path))]
    fortified = {name for path in paths for name in undefined_symbols(path)
                 if name.startswith("__") and name.endswith("_chk")}
    if not fortified:
        breaches.append("no call is fortified in any of them")
    return breaches


SOURCE = """
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
int main(int count, char** words) {
  char text[64];
  strcpy(text, words[0]);
  printf("%s %d\\n", text, @CALL@);
}
"""
HARD = ["-O2", "-fPIE", "-pie", "-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2",
        "-Wl,-z,relro,-z,now"]
# What is left out or added, and the words of the breach that must be found.
SABOTAGE = [
    (["-no-pie"], "count", "position-independent"),
    (["-Wl,-z,norelro"], "count", "GNU_RELRO"),
    (["-Wl,-z,lazy"], "count", "bound lazily"),
    (["-Wl,-z,execstack"], "count", "executable stack"),
    (["-fno-stack-protector"], "count", "no stack protector"),
    (["-U_FORTIFY_SOURCE"], "count", "no call is fortified"),
    (["-Wl,-rpath,."], "count", "working directory"),
    ([], "socket(count, 0, 0)", "calls socket"),
]


def self_test(compiler):
    with tempfile.TemporaryDirectory() as folder:
        def build(options, call):
            program = pathlib.Path(folder, "program")
            subprocess.run([compiler, "-x", "c++", "-", "-o", str(program), *HARD, *options], check=True, text=True,
                           input=SOURCE.replace("@CALL@", call))
            return check([program])

        assert build([], "count") == [], build([], "count")
        for options, call, words in SABOTAGE:
            found = build(options, call)
            assert any(words in breach for breach in found), (options, call, found)
    print(f"{len(SABOTAGE)} breaches found")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binaries", nargs="*", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--compiler", default="c++")
    options = parser.parse_args()
    if options.self_test:
        return self_test(options.compiler)
    if not options.binaries:
        parser.error("no binaries")
    breaches = check(options.binaries)
    print("\n".join(breaches) or f"{len(options.binaries)} binaries hardened")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
