"""What the strangers said: a row for each check, and at the end whether all of them agreed."""
import contextlib
import sys


class Report:
    def __init__(self):
        self.failed, self.rows = 0, 0
        print(f"{'check':<44} {'tool':<28} {'count':>7}  verdict", flush=True)

    def row(self, check, tool, count, failures):
        """`failures`: sentences; none when it held. Nothing checked is a failure as well."""
        failures = list(failures) or ([] if count else ["nothing was checked"])
        self.rows += 1
        self.failed += bool(failures)
        verdict = f"FAILED ({len(failures)})" if failures else "good"
        print(f"{check:<44} {tool:<28} {count:>7,}  {verdict}", flush=True)
        for sentence in failures[:20]:
            print(f"    {sentence}"[:600], flush=True)

    @contextlib.contextmanager
    def step(self, name):
        """Whatever breaks off in it is a failed row, and the others are still asked."""
        try:
            yield
        except Exception as error:
            self.row(name, "broken off", 0, [f"{type(error).__name__}: {error}"])

    def note(self, sentence):
        print(f"    {sentence}", flush=True)

    def end(self):
        print(f"\n{self.rows - self.failed} of {self.rows} checks held.", flush=True)
        sys.exit(1 if self.failed else 0)
