#!/usr/bin/env python3
"""Kills, starves and resumes what writes pictures and their journal, and compares every file with an undisturbed run's.

Usage: torture.py COMMAND --harness zimage_torture | --executable zimage --model DIR [--jobs N] [--folder DIR] [...]
  kills --count N [--seconds N]
                      SIGKILL at random moments, a resume after each; so many, or what the time allows
  stops               SIGKILL at every system call on files, by strace
  faults [--errors E,E] [--modes once,on]
                      every system call on files fails with ENOSPC, EIO, EMFILE or EINTR, once and from then on
  pieces --preload LIBRARY
                      every write and read moves less than it was asked for
  limits              a limit on the size of files, at every so many bytes
  full                a real file system of 64 KiB (needs user namespaces)
  pairs --count N     two runs in one folder
  model               with --executable: every system call on the model's files fails
  runs --count N      with --executable: as many processes draw the same picture
  self-test           the checks find what they look for
Ends with what was done, or with the first failures and exit code 1; 77: this machine cannot do it.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

SKIPPED = 77
SECONDS = 60  # that a run may take at most
TEMPORARY = re.compile(r"\.zimage-[0-9]+\.tmp")
JOURNAL = "zimage-journal.jsonl"
EXIT_IO = 4
# Calls whose failure ends a run, whatever the error: data could be lost, or nobody knows what is there.
FATAL = ["openat", "write", "fsync", "ftruncate", "flock", "link", "rename", "pread64", "getdents64"]
# A close of what was only read, the removal of a temporary name and a question may also be answered otherwise.
HARMLESS = ["close", "unlink", "newfstatat", "faccessat2"]
CALLS = FATAL + HARMLESS
# An interruption is no failure: these are asked again.
RESTARTED = {"write", "fsync", "ftruncate", "flock", "pread64", "close"}


class Failure(Exception):
    pass


class Run(NamedTuple):
    code: int  # negative: the signal
    messages: str


class Target:
    """A command that fills a folder, and the files that it makes when nothing disturbs it."""

    def __init__(self, command, scratch, env=None):
        self.command = command
        self.scratch = scratch
        self.env = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0", **(env or {})}
        with self.folder() as folder:
            start = time.monotonic()
            run = self.run(folder)
            self.seconds = time.monotonic() - start
            if run.code != 0:
                raise SystemExit(f"undisturbed, it ends with {run.code}: {run.messages}")
            self.files = contents(folder, lambda name: name != JOURNAL)
            journal = pathlib.Path(folder) / JOURNAL
            self.journal = journal.read_bytes() if journal.exists() else b""

    def folder(self):
        return tempfile.TemporaryDirectory(dir=self.scratch)

    def start(self, folder, *more, tracer=(), **options):
        command = [word.replace("{}", folder) for word in self.command]
        return subprocess.Popen([*tracer, *command, *more], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, **options)

    def run(self, folder, **options):
        return ended(self.start(folder, **options))

    def check(self, folder):
        """Nothing torn under a final name, the journal readable and true, whatever happened before."""
        for name, content in contents(folder, lambda name: name != JOURNAL and not TEMPORARY.fullmatch(name)).items():
            if name not in self.files:
                raise Failure(f"a file of a name that is none of ours: {name}")
            if content != self.files[name]:
                raise Failure(f"{name} is not what an undisturbed run makes: {len(content)} bytes")
        for entry in entries(folder)[1:]:
            content = self.files.get(entry["file"])
            if entry["status"] != "done" or content is None:
                raise Failure(f"an entry that no undisturbed run makes: {entry}")
            if hashlib.sha256(content).hexdigest() != entry["sha256"]:
                raise Failure(f"{entry['file']} has another digest in the journal")
            if not os.path.exists(os.path.join(folder, entry["file"])):
                raise Failure(f"{entry['file']} is in the journal and not in the folder")

    def check_complete(self, folder):
        self.check(folder)
        missing = self.files.keys() - set(os.listdir(folder))
        if missing:
            raise Failure(f"missing: {sorted(missing)}")
        unsaid = self.files.keys() - {entry["file"] for entry in entries(folder)[1:]}
        if unsaid:
            raise Failure(f"not in the journal: {sorted(unsaid)}")

    def check_ended(self, folder, run, may_be_silent=False):
        """Either everything is there, or one line says what the system refused."""
        self.check(folder)
        if run.code == 0:
            return self.check_complete(folder)
        if run != Run(EXIT_IO, "") or not may_be_silent:
            expect_one_line(run, (EXIT_IO,), folder)

    def resume(self, folder):
        run = self.run(folder)
        if run.code != 0:
            raise Failure(f"the run after it ends with {run.code}: {run.messages}")
        self.check_complete(folder)


def expect_one_line(run, codes, folder):
    if run.code not in codes:
        raise Failure(f"ended with {run.code}: {run.messages}")
    if not run.messages.startswith("error: ") or run.messages.count("\n") != 1 or folder not in run.messages:
        raise Failure(f"not one line that names the file: {run.messages!r}")


def contents(folder, is_wanted):
    return {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir() if is_wanted(path.name)}


def entries(folder):
    """The whole lines of the journal; a torn last one counts for nothing."""
    path = pathlib.Path(folder) / JOURNAL
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise Failure(f"the journal has a line that is no JSON: {error}")


def ended(process):
    try:
        messages = process.communicate(timeout=SECONDS)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Failure(f"still running after {SECONDS} s")
    return Run(process.returncode, messages)


def half_done(target, folder):
    """A folder as a killed run leaves it: a complete picture, one whose entry is torn, and no other."""
    path = pathlib.Path(folder)
    for entry in [json.loads(line) for line in target.journal.split(b"\n")[1:3]]:
        (path / entry["file"]).write_bytes(target.files[entry["file"]])
    header, first, second, _ = target.journal.split(b"\n", 3)
    (path / JOURNAL).write_bytes(header + b"\n" + first + b"\n" + second[:-20])


# --- by strace -------------------------------------------------------------------------------------------------------

def can_trace():
    command = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"]
    try:
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False


def is_traced(pid):
    with open(f"/proc/{pid}/status") as status:
        return "TracerPid:\t0\n" not in status.read()


def run_injected(target, folder, injection):
    """(the run, whether the fault came about, and in the folder). The tracer comes after the start, so that few calls of
    libraries count; some do, as when the allocator asks the kernel how to give memory back."""
    process = target.start(folder, "wait")
    os.waitpid(process.pid, os.WUNTRACED)
    with tempfile.NamedTemporaryFile(dir=target.scratch) as log:
        tracer = subprocess.Popen(["strace", "-f", "-y", "-qq", "-o", log.name, "-e", "trace=" + injection.partition(":")[0],
                                   "-e", "inject=" + injection, "-p", str(process.pid)], stderr=subprocess.DEVNULL)
        while not is_traced(process.pid) and tracer.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGCONT)
        try:
            run = ended(process)
        finally:
            tracer.wait(timeout=SECONDS)
        lines = [line for line in log.read().decode(errors="replace").splitlines() if "(INJECTED)" in line]
        return run, run.code == -signal.SIGKILL or bool(lines), any(folder in line for line in lines)


STARTS = {"new": lambda target, folder: None, "half-done": half_done}


def at_every_call(target, start, call, fault, when, judge):
    """The number of calls at which the fault was tried: all that a thread makes."""
    for number in range(1, 1000):
        with target.folder() as folder:
            STARTS[start](target, folder)
            run, happened, is_ours = run_injected(target, folder, f"{call}:{fault}:when={number}{when}")
            try:
                if not happened and run.code != 0:
                    raise Failure(f"no fault, and it ended with {run.code}: {run.messages}")
                if happened:
                    judge(folder, run, is_ours)
                target.resume(folder)
            except Failure as failure:
                raise Failure(f"{start} folder, {call} {number}{when} with {fault}: {failure}")
        if not happened:
            return number - 1


def stops(target, options):
    def judge(folder, run, is_ours):
        target.check(folder)

    cases = [(start, call, "signal=KILL", "", judge) for start in STARTS for call in CALLS]
    return every(target, options, cases, "stopped at {} calls")


def faults(target, options):
    refused = set()  # calls that ended a run

    def judge_of(call, error, when):
        def judge(folder, run, is_ours):
            target.check_ended(folder, run, may_be_silent=call == "write")  # the line's own write failed, too
            if run.code != 0:
                refused.add(call)
            if run.code == 0 and is_ours and call in FATAL and error != "EINTR":
                raise Failure("it ended with 0")
            if run.code != 0 and call in RESTARTED and error == "EINTR":
                raise Failure(f"it ended with {run.code}: {run.messages}")
            if call != "unlink" and any(map(TEMPORARY.fullmatch, os.listdir(folder))):
                raise Failure("a temporary file stayed behind")

        return judge

    # Interrupted for ever is a call that hangs; every second time is what still must come to an end.
    when = {"once": lambda error: "", "on": lambda error: "+2" if error == "EINTR" else "+"}
    cases = [(start, call, f"error={error}", when[mode](error), judge_of(call, error, mode))
             for error in options.errors.split(",") for mode in options.modes.split(",")
             for start in STARTS for call in CALLS]
    words = every(target, options, cases, "{} faults")
    if words and options.errors != "EINTR" and "close" not in refused:
        raise Failure("no failed close was told of")
    return words


def every(target, options, cases, words):
    if not can_trace():
        return None
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        counts = list(pool.map(lambda case: at_every_call(target, *case), cases))
    tried = {call for (_, call, *_), count in zip(cases, counts) if count > 0}
    if tried != set(CALLS):
        raise Failure(f"never called: {sorted(set(CALLS) - tried)}")
    return words.format(sum(counts)) + f" of {len(CALLS)} kinds"


# What a model's file is asked for; of these a failed close loses nothing.
MODEL_CALLS = ["openat", "pread64", "newfstatat", "close"]
EXIT_MODEL = 3


def model(target, options):
    if not can_trace():
        return None
    files = [str(path) for path in pathlib.Path(options.model).rglob("*") if path.is_file()]
    cases = [(files, call, fault) for call in MODEL_CALLS for fault in ("error=EIO", "error=EINTR")]
    cases += [(files, "openat", "error=EMFILE"), (files, "pread64", "retval=0")]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        counts = list(pool.map(lambda case: at_every_model_call(target, *case), cases))
    if 0 in counts:
        raise Failure(f"never called: {[cases[i][1:] for i, count in enumerate(counts) if count == 0]}")
    return f"{sum(counts)} faults in {len(files)} files"


def at_every_model_call(target, files, call, fault):
    for number in range(1, 10000):
        with target.folder() as folder, tempfile.NamedTemporaryFile(dir=target.scratch) as log:
            tracer = ["strace", "-f", "-qq", "-o", log.name, "-e", f"trace={call}",
                      "-e", f"inject={call}:{fault}:when={number}", *(word for file in files for word in ("-P", file))]
            run = ended(target.start(folder, tracer=tracer))
            happened = b"(INJECTED)" in log.read()
            may_pass = not happened or fault == "error=EINTR" or call in HARMLESS
            try:
                if contents(folder, lambda name: True) != (target.files if run.code == 0 else {}):
                    raise Failure(f"ended with {run.code} and left {os.listdir(folder)}")
                if run.code == 0 and not may_pass:
                    raise Failure("it ended with 0")
                if run.code != 0 and (not happened or (fault == "error=EINTR" and call in RESTARTED)):
                    raise Failure(f"it ended with {run.code}: {run.messages}")
                if run.code != 0:
                    expect_one_line(run, (EXIT_MODEL, EXIT_IO), os.path.commonpath(files))
            except Failure as failure:
                raise Failure(f"model, {call} {number} with {fault}: {failure}")
        if not happened:
            return number - 1


# --- without -----------------------------------------------------------------------------------------------------

def kills(target, options):
    return in_parallel(options, kill_some, target, "{} kills, {} temporary files left, {} folders completed")


def kill_some(target, count, seed, end):
    moments = random.Random(seed)
    killed = left = completed = 0
    while killed < count and time.monotonic() < end:
        with target.folder() as folder:
            code = None
            while code != 0:
                process = target.start(folder)
                if killed < count and time.monotonic() < end:
                    missing = len(target.files.keys() - set(os.listdir(folder))) / len(target.files)
                    time.sleep(moments.uniform(0, (0.4 + 0.7 * missing) * target.seconds))
                    process.kill()
                code, messages = ended(process)
                if code not in (0, -signal.SIGKILL):
                    raise Failure(f"after {killed} kills, a run ends with {code}: {messages}")
                killed += code != 0
                target.check(folder)
            target.check_complete(folder)
            completed += 1
            left += sum(1 for name in os.listdir(folder) if TEMPORARY.fullmatch(name))
    return killed, left, completed


def pairs(target, options):
    return in_parallel(options, pair_some, target, "{} pairs, {} times one was refused")


def pair_some(target, count, seed, end):
    moments = random.Random(seed)
    refused = done = 0
    while done < count and time.monotonic() < end:
        done += 1
        with target.folder() as folder:
            both = [target.start(folder)]
            time.sleep(moments.uniform(0, target.seconds))
            both.append(target.start(folder))
            runs = [ended(process) for process in both]
            for run in runs:
                target.check_ended(folder, run)
                if run.code == EXIT_IO and "another run is working" not in run.messages and "File exists" not in run.messages:
                    raise Failure(f"refused for another reason: {run.messages}")
            refused += sum(run.code != 0 for run in runs)
            target.resume(folder)
    return done, refused


def in_parallel(options, work, target, words):
    end = time.monotonic() + options.seconds
    share = [options.count // options.jobs + (i < options.count % options.jobs) for i in range(options.jobs)]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        done = list(pool.map(lambda i: work(target, share[i], options.seed + i, end), range(options.jobs)))
    return words.format(*map(sum, zip(*done)))


def pieces(target, options):
    in_pieces = Target(target.command, target.scratch, {"LD_PRELOAD": os.path.abspath(options.preload)})
    if in_pieces.files != target.files:
        raise Failure("in pieces, other files are made")
    with target.folder() as folder:
        half_done(target, folder)
        in_pieces.resume(folder)
    return f"{len(target.files)} files in pieces"


def limits(target, options):
    largest = max(map(len, [*target.files.values(), target.journal]))
    refused = tried = 0
    for limit in range(0, largest + 100, 97):
        with target.folder() as folder:
            run = target.run(folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
            target.check_ended(folder, run)
            if any(map(TEMPORARY.fullmatch, os.listdir(folder))):
                raise Failure(f"with files of at most {limit} bytes, a temporary file stayed behind")
            refused += run.code != 0
            tried += 1
            target.resume(folder)
    if not 0 < refused < tried:
        raise Failure(f"{refused} of {tried} limits were in the way")
    return f"{tried} limits, {refused} in the way"


FULL_DISK = 'mount -t tmpfs -o size=64k none "$1" && shift && { "$@"; code=$?; ls -A "$0"; exit $code; }'


def full(target, options):
    """What the small file system held is gone with its namespace; the run after it starts anew, with more space."""
    with target.folder() as folder:
        probe = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=64k", "none", folder],
                               capture_output=True)
        if probe.returncode != 0:
            return None
        many = [word.replace("{}", folder) for word in target.command[:2]] + ["100"]
        run = subprocess.run(["unshare", "-rm", "sh", "-c", FULL_DISK, folder, folder, *many], text=True,
                             capture_output=True, timeout=SECONDS)
        target_run = Run(run.returncode, run.stderr)
        if target_run.code != EXIT_IO or "No space left on device" not in run.stderr or run.stderr.count("\n") != 1:
            raise Failure(f"on a full disk it ended with {target_run}")
        names = run.stdout.split()
        if any(map(TEMPORARY.fullmatch, names)) or not 3 < len(names) < 100:
            raise Failure(f"on a full disk stayed {names}")
    return f"full after {len(names) - 1} pictures"


def runs(target, options):
    for number in range(options.count):
        with target.folder() as folder:
            run = target.run(folder)
            if run.code != 0 or contents(folder, lambda name: True) != target.files:
                raise Failure(f"run {number} is not as the first: {run}")
    return f"{options.count} runs, each as the first,"


def self_test(target, options):
    name, content = sorted(target.files.items())[0]
    line = target.journal.split(b"\n")[1]

    def must_find(words, change):
        with target.folder() as folder:
            path = pathlib.Path(folder)
            for each, bytes_ in target.files.items():
                (path / each).write_bytes(bytes_)
            (path / JOURNAL).write_bytes(target.journal)
            target.check_complete(folder)
            change(path)
            try:
                target.check_complete(folder)
            except Failure as failure:
                if words in str(failure):
                    return
                raise Failure(f"expected {words!r}, found {failure}")
            raise Failure(f"not found: {words!r}")

    must_find("is not what", lambda path: (path / name).write_bytes(content[:-1]))
    must_find("none of ours", lambda path: (path / "other.png").write_bytes(content))
    must_find("not in the folder", lambda path: (path / name).unlink())
    must_find("not in the journal", lambda path: (path / JOURNAL).write_bytes(target.journal.replace(line + b"\n", b"")))
    must_find("no JSON", lambda path: (path / JOURNAL).write_bytes(target.journal + b'{"torn\n'))
    must_find("another digest",
              lambda path: (path / JOURNAL).write_bytes(target.journal.replace(b'"sha256":"', b'"sha256":"0')))
    return "6 breaches found"


def command_of(options, scratch):
    """What is tortured; {} stands for the folder."""
    if options.harness:
        return [options.harness, "{}", options.items]
    if not options.executable or not options.model or options.command not in ("kills", "pairs", "model", "runs"):
        raise SystemExit("--harness, or kills, pairs, model or runs with --executable and --model")
    words = ["--quiet", "--model", options.model, "--device", "cpu", "--width", "32", "--height", "32", "--steps", "5",
             "--seed", "1"]
    if options.command in ("model", "runs"):
        return [options.executable, "generate", *words, "--prompt", "x", "--out", "{}/x.png"]
    prompts = pathlib.Path(scratch) / "prompts.txt"
    prompts.write_text("".join(f"prompt {i}\n" for i in range(int(options.items))))
    return [options.executable, "batch", *words, "--prompts", str(prompts), "--out-dir", "{}"]


def main():
    commands = {"kills": kills, "stops": stops, "faults": faults, "pieces": pieces, "limits": limits, "full": full,
                "pairs": pairs, "model": model, "runs": runs, "self-test": self_test}
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=commands)
    parser.add_argument("--harness", type=os.path.abspath)
    parser.add_argument("--executable", type=os.path.abspath)
    parser.add_argument("--model", type=os.path.abspath, help="a small checkpoint")
    parser.add_argument("--items", default="3", help="pictures in a folder")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="of the random moments")
    parser.add_argument("--errors", default="ENOSPC,EIO,EMFILE,EINTR")
    parser.add_argument("--modes", default="once,on")
    parser.add_argument("--preload", help="the library zimage_short_io")
    parser.add_argument("--folder", help="where the folders are made (default: in memory, what counts here is the process)")
    options = parser.parse_args()
    in_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    scratch = tempfile.mkdtemp(prefix="zimage-torture-", dir=options.folder or in_memory)
    start = time.monotonic()
    try:
        done = commands[options.command](Target(command_of(options, scratch), scratch), options)
    except Failure as failure:
        print(f"{options.command} --seed {options.seed}: {failure}")
        return 1
    finally:
        shutil.rmtree(scratch)
    if done is None:
        print(f"{options.command}: this machine does not permit it")
        return SKIPPED
    print(f"{options.command}: {done} in {time.monotonic() - start:.0f} s, nothing torn, every folder completed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
