"""Wall clock: stages end when their seconds are spent, and the log says when things happened."""
from __future__ import annotations

import time
from collections.abc import Iterator


class Clock:
    def __init__(self, log_file: str, started: float):
        self.file, self.started = open(log_file, "a", encoding="utf-8"), started

    def elapsed(self) -> float:
        return time.time() - self.started

    def log(self, text: str) -> None:
        line = f"[{self.elapsed():6.1f}] {text}"
        print(line, flush=True)
        print(line, file=self.file, flush=True)

    def steps(self, seconds: float, name: str) -> Iterator[tuple[int, float]]:
        """(step, share of the time spent) until the time is up; the first steps, which compile, count too."""
        start, step = time.time(), 0
        if seconds <= 0:
            return
        while (done := (time.time() - start) / seconds) < 1:
            yield step, done
            step += 1
        self.log(f"{name}: {step} steps in {time.time() - start:.1f} s")
