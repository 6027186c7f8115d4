"""Writes docs/reference/planted_faults.json: for each planted fault, the rules that newly fail and what checkov newly finds.

    .venv/bin/python tests/proofs/compare.py PATH_OF_CHECKOV [--new]

With `--new` checkov is asked about the faults that are new; what the same version found in the others is kept.

checkov brings 290 MB of packages and is not in the lock: install it anywhere else. It is run as its user would run it, on a copy
of the stack, without its platform. Some ten seconds a fault and core.
"""

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from mutations import MUTATIONS
from rich.progress import track
from workshop import Workshop

RECORD = Path(__file__).parents[2] / "docs" / "reference" / "planted_faults.json"
GOOD_STACKS = ("stacks/buzzer", "good")
UNCHANGED_RUNS = 12
"""checkov 3.3.30 resolves one of its graph checks in some runs and not in others; what comes and goes by itself is no finding."""


def checkov_findings(checkov, directory):
    """What checkov fails in a directory: pairs of check and resource."""
    command = [
        checkov,
        "--directory",
        directory,
        "--framework",
        "terraform",
        "--compact",
        "--quiet",
        "--output",
        "json",
    ]
    quiet = {**os.environ, "BC_SKIP_MAPPING": "TRUE", "CHECKOV_RUN_SCA_PACKAGE_SCAN": "FALSE", "LOG_LEVEL": "CRITICAL"}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet, timeout=600)
    if ran.returncode not in {0, 1}:
        sys.exit(f"checkov ended with {ran.returncode}: {ran.stderr.strip()[-400:]}")
    result = json.loads(ran.stdout)
    assert not result.get("summary", {}).get("parsing_errors"), directory
    failed = result.get("results", {}).get("failed_checks", [])
    return {(check["check_id"], check["resource"]) for check in failed}


def new_rules(workshop, mutation, before):
    """The ids of the rules that fail with the fault and not without it."""
    with workshop.changed(mutation.file, mutation.old, mutation.new):
        found = {finding.rule.id for finding in workshop.prove(mutation.stack).unwaived}
    return sorted(found - before[mutation.stack])


def unchanged_findings(checkov, directory):
    """What checkov fails in a directory in any of several runs, and the checks that did not fail in all of them."""
    runs = [checkov_findings(checkov, directory) for _ in range(UNCHANGED_RUNS)]
    ever = set.union(*runs)
    return ever, sorted({check for check, _ in ever - set.intersection(*runs)})


def new_checks(checkov, workshop, mutation, before):
    """The ids of checkov's checks that fail somewhere with the fault and never did there without it."""
    with workshop.changed(mutation.file, mutation.old, mutation.new):
        found = checkov_findings(checkov, workshop.root / mutation.stack)
    return sorted({check for check, _ in found - before[mutation.stack]})


def main(checkov, *, new=False):
    """Runs both over the corpus and writes the record; with `new` it keeps what this version of checkov found before."""
    version = subprocess.run([checkov, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    old = json.loads(RECORD.read_text(encoding="utf-8")) if new else {"faults": []}
    if new and old["checkov"] != version:
        sys.exit(f"the record is of checkov {old['checkov']}, this is {version}; run it without --new")
    kept = {(fault["rule"], fault["fault"]): fault["checkov"] for fault in old["faults"]}
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(cores) as pool:
        shops = [Workshop(Path(scratch) / str(number) / "terraform") for number in range(cores)]
        free = SimpleQueue()
        for shop in shops:
            free.put(shop)
        ours = {stack: {f.rule.id for f in shops[0].prove(stack).unwaived} for stack in GOOD_STACKS}
        unchanged = {stack: unchanged_findings(checkov, shops[0].root / stack) for stack in GOOD_STACKS}
        theirs = {stack: ever for stack, (ever, _) in unchanged.items()}

        def compared(mutation):
            shop = free.get()
            try:
                checks = kept.get((mutation.rule, mutation.fault))
                checks = new_checks(checkov, shop, mutation, theirs) if checks is None else checks
                rules = new_rules(shop, mutation, ours)
            finally:
                free.put(shop)
            return {"rule": mutation.rule, "fault": mutation.fault, "rules": rules, "checkov": checks}

        faults = list(track(pool.map(compared, MUTATIONS), "planted faults", total=len(MUTATIONS)))
    record = {
        "checkov": version,
        "unstable": sorted({check for _, checks in unchanged.values() for check in checks}),
        "good": {stack: {"rules": len(ours[stack]), "checkov": len(theirs[stack])} for stack in GOOD_STACKS},
        "faults": faults,
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(RECORD)  # noqa: T201 (says where the result lies)


if __name__ == "__main__":
    main(sys.argv[1], new="--new" in sys.argv[2:])
