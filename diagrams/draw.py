"""The stacks drawn from their Terraform into out/: `python diagrams/draw.py [STACK...]`; without a name, all of them."""

import difflib
import sys
from pathlib import Path

from analysis.drawing import diagrams
from analysis.studies import study

ROOT = Path(__file__).resolve().parents[1]


def main(names: list[str], root: Path = ROOT) -> int:
    """Draws the stacks of these names; 2 where there is no stack of one of them."""
    stacks = {path.parent.name: path.parent for path in sorted(root.glob("terraform/stacks/*/gameday.toml"))}
    for name in names:
        if name not in stacks:
            near = difflib.get_close_matches(name, stacks, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            sys.stderr.write(f"there is no stack {name!r}{hint or '.'} There are {', '.join(stacks) or 'none'}.\n")
            return 2
    for name in dict.fromkeys(names or stacks):
        one = study(stacks[name])
        drawn = diagrams.draw(one.architecture, title=one.title, monthly_usd=diagrams.monthly_usd(one.bill))
        path = diagrams.write(drawn, root / "out" / f"{name}.svg")
        sys.stdout.write(f"{path}: {drawn.statement}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
