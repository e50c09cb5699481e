#!/usr/bin/env python3
"""Holds zimage's reader of safetensors files against the library `safetensors`: what zimage accepts, it must accept.

  compare_safetensors.py --accepted build/release/tests/fuzz/zimage_accepted_safetensors FOLDER...

A FOLDER holds whole files, or, where its name is safetensors_header, headers behind one byte that says how many bytes
follow them. Prints what zimage accepts and the library does not; exit code 1 if there is any, 77 if the library is not
installed (CTest shows that as skipped).
"""
import argparse
import pathlib
import struct
import subprocess
import sys
import tempfile

SKIPPED = 77


def whole_file(folder, content):
    if folder.name != "safetensors_header":
        return content
    if not content:
        return b""
    return struct.pack("<Q", len(content) - 1) + content[1:] + bytes(content[0])


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--accepted", required=True, help="the executable zimage_accepted_safetensors")
    options.add_argument("folders", nargs="+", type=pathlib.Path)
    arguments = options.parse_args()
    try:
        from safetensors import SafetensorError, deserialize
    except ImportError:
        print("skipped: no Python package safetensors")
        return SKIPPED
    with tempfile.TemporaryDirectory() as scratch:
        sources, seen = {}, set()
        for folder in arguments.folders:
            for source in sorted(folder.iterdir()):
                content = whole_file(folder, source.read_bytes())
                if content in seen:
                    continue
                seen.add(content)
                path = pathlib.Path(scratch, str(len(sources)))
                path.write_bytes(content)
                sources[str(path)] = source
        done = subprocess.run([arguments.accepted], input="\n".join(sources) + "\n", check=True, capture_output=True,
                              text=True)
        accepted = done.stdout.splitlines()
        wrong = []
        for path in accepted:
            try:
                deserialize(pathlib.Path(path).read_bytes())
            except SafetensorError as error:
                wrong.append(f"{sources[path]}: {error}")
    print("\n".join(wrong[:20] + [f"{len(sources)} files, {len(accepted)} accepted, {len(wrong)} of them only by zimage"]))
    return 1 if wrong or not accepted else 0


if __name__ == "__main__":
    sys.exit(main())
