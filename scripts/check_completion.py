#!/usr/bin/env python3
"""Types lines into a real shell, presses Tab, and holds what comes of it against what should.

Usage: check_completion.py --executable zimage --shell bash|zsh|fish | --manual      Exit code 77: no such program here.
"""
import argparse
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
# What is typed, and the line that Tab makes of it.
COMPLETED = [
    ("zimage gener", "zimage generate"),
    ("zimage generate --dty", "zimage generate --dtype"),
    ("zimage generate --dtype bf", "zimage generate --dtype bf16"),
    ("zimage generate --dtype=bf", "zimage generate --dtype=bf16"),
    ("zimage plan --attention cud", "zimage plan --attention cudnn"),
    ("zimage generate --prompt-file a_fi", "zimage generate --prompt-file a_file.txt"),
    ("zimage generate --model a_fo", "zimage generate --model a_folder"),
    ("zimage batch --format js", "zimage batch --format jsonl"),
    ("zimage completion fi", "zimage completion fish"),
    # Not of this command, and a value that nobody knows.
    ("zimage devices --dty", "zimage devices --dty"),
    ("zimage generate --prompt gener", "zimage generate --prompt gener"),
]


def skip(program):
    print(f"skipped: no {program} here")
    sys.exit(SKIPPED)


class Terminal:
    """A shell on a terminal of its own, in an empty home."""

    def __init__(self, command, folder):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            environment = {"HOME": folder, "ZDOTDIR": folder, "PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C.UTF-8"}
            os.execvpe(command[0], command, environment)

    def send(self, text):
        os.write(self.descriptor, text.encode())

    def read_until(self, text, seconds=20):
        seen, end = "", time.monotonic() + seconds
        while text not in seen and time.monotonic() < end:
            if select.select([self.descriptor], [], [], 0.1)[0]:
                seen += os.read(self.descriptor, 65536).decode(errors="replace")
        if text not in seen:
            raise SystemExit(f"the shell did not say {text!r}: {seen!r}")
        return seen

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.descriptor)


def completed_on_terminal(shell, script, typed, folder):
    """The line as the shell has it after Tab: read back as what `echo` prints of it."""
    command = ["bash", "--norc", "--noprofile", "-i"] if shell == "bash" else ["zsh", "-f", "-i"]
    terminal = Terminal(command, folder)
    set_up = "" if shell == "bash" else "unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; "
    terminal.send(f"{set_up}source {script}; PS1=; echo re''ady\n")
    terminal.read_until("ready\r\n")
    terminal.send(typed + "\t")
    time.sleep(0.3)  # the keys that follow are read by the line editor in any case
    terminal.send("\x01echo 'line: <\x05>'en''d\n")
    seen = terminal.read_until(">end")
    terminal.close()
    return re.findall(r"line: <(.*?)>end", seen)[-1].strip()


def completed_by_fish(script, typed, folder):
    """fish tells its candidates for the last word itself."""
    result = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C '{typed}'"], cwd=folder,
                            capture_output=True, text=True, env={**os.environ, "HOME": str(folder)}, check=True)
    candidates = [line.split("\t")[0] for line in result.stdout.splitlines()]
    start, _, last = typed.rpartition(" ")
    candidates = [candidate for candidate in candidates if candidate.startswith(last)]
    return f"{start} {candidates[0]}" if len(candidates) == 1 else f"{start} {last}" if not candidates else str(candidates)


def check_shell(executable, shell):
    if not shutil.which(shell):
        skip(shell)
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder, "completion." + shell)
        script.write_bytes(subprocess.run([executable, "completion", shell], capture_output=True, check=True).stdout)
        pathlib.Path(folder, "a_file.txt").touch()
        pathlib.Path(folder, "a_folder").mkdir()
        for typed, expected in COMPLETED:
            if shell == "fish":
                line = completed_by_fish(script, typed, folder)
            else:
                line = completed_on_terminal(shell, script, typed, folder)
            if line.rstrip("/ ") != expected:
                failures.append(f"{typed!r}: {line!r}, expected {expected!r}")
    print("\n".join(failures) or f"{len(COMPLETED)} lines completed by {shell}")
    return bool(failures)


def check_manual(executable):
    """Every option of --help has its entry, and neither groff nor mandoc has anything to say."""
    if not shutil.which("groff"):
        skip("groff")
    page = subprocess.run([executable, "completion", "man"], capture_output=True, check=True).stdout
    text = subprocess.run(["groff", "-man", "-ww", "-Tascii", "-P-cbou"], input=page, capture_output=True, check=True)
    failures = text.stderr.decode().splitlines()
    if shutil.which("mandoc"):
        lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=page, capture_output=True, check=False)
        # A date would change the page from build to build.
        failures += [line for line in lint.stdout.decode().splitlines() if "missing date" not in line]
    shown = text.stdout.decode()
    commands = re.findall(r"^   zimage (\w+)$", shown, re.M)
    if "generate" not in commands or "completion" not in commands:
        failures.append(f"the page's commands: {commands}")
    for command in commands:
        told = subprocess.run([executable, command, "--help"], capture_output=True, text=True, check=True).stdout
        section = re.search(rf"^   zimage {command}$(.*?)(?=^   zimage |^\S)", shown, re.M | re.S).group(1)
        section = re.sub(r"-\n +", "-", section)  # lines may end at hyphens
        for option in re.findall(r"^  (--[\w-]+)", told, re.M):
            if not re.search(rf"(?<![\w-]){option}(?![\w-])", section):
                failures.append(f"zimage {command}: {option} is missing")
    print("\n".join(failures) or f"{len(commands)} commands on the page")
    return bool(failures)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--executable", required=True)
    parser.add_argument("--shell", choices=["bash", "zsh", "fish"])
    parser.add_argument("--manual", action="store_true")
    arguments = parser.parse_args()
    return check_manual(arguments.executable) if arguments.manual else check_shell(arguments.executable, arguments.shell)


if __name__ == "__main__":
    sys.exit(main())
