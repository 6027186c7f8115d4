"""Records beside a stack: slow results kept with what they rest on; `gameday records` lists them and makes stale ones again.

A record is a JSON file that is committed. It names each input that its content was computed from, with a digest of that input:

    from analysis import evidence

    rests_on = evidence.basis({"stack buzzer": evidence.resolved(architecture), "scenario": scenario}, models=("night",))
    evidence.write(stack / "nights.json", evidence.Record("nights", today, rests_on, content))

    record = evidence.read(stack / "nights.json", "nights")     # RecordError says what is wrong and what to do; None: no file
    evidence.changed(record, rests_on)                           # ("scenario",): the names of the inputs that are other ones

What may be an input: texts, exact numbers, numbers that a file states, resolved values, and mappings, sequences, sets and frozen
dataclasses of these (`digest.canonical`). What may not, and is refused with TypeError: an array or a number out of numpy, because
its last digits differ by processor, and a path, because it differs by checkout. A text of a file is `path.read_text()` under a
name relative to the stack. Comments and prose about a number (its reason, its source) do not count.

Code is no input either. `models.MODELS` holds a version for each thing that computes; a person raises it when the same inputs
give other results, and `make test-all` fails where results moved beyond a tolerance and no version was raised.

`answers` is the cache for what is not worth a commit: a directory of JSON files by the digest of their inputs.
"""

from analysis.evidence.answers import answer
from analysis.evidence.compare import differing
from analysis.evidence.digest import OPTIONAL, canonical, digest, resolved
from analysis.evidence.models import MODELS
from analysis.evidence.records import SUFFIX, Record, RecordError, basis, beside, changed, dumped, read, stale, write

__all__ = [
    "MODELS",
    "OPTIONAL",
    "SUFFIX",
    "Record",
    "RecordError",
    "answer",
    "basis",
    "beside",
    "canonical",
    "changed",
    "differing",
    "digest",
    "dumped",
    "read",
    "resolved",
    "stale",
    "write",
]
