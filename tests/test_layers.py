"""Data flows one way: a module imports only from layers below its own."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "analysis"

LAYERS = {
    "units": 0,
    "files": 0,
    "documents": 0,
    "scratch": 0,
    "sandbox": 0,
    "architecture": 0,
    "emulator": 1,
    "facts": 1,
    "frontmatter": 1,
    "terraform": 2,
    "evidence": 2,
    "wiring": 2,
    "runbooks": 2,
    "alarms": 2,
    "network": 3,
    "demand": 4,
    "rehearsal": 3,
    "validation": 3,
    "cost": 5,
    "capacity": 5,
    "proofs": 7,
    "migration": 7,
    "night": 6,
    "premortem": 6,
    "countdown": 8,
    "studies": 7,
    "season": 8,
    "loadtest": 8,
    "claims": 8,
    "decisions": 8,
    "incidents": 8,
    "horizons": 9,
    "ledger": 9,
    "drawing": 8,
    "pages": 10,
    "notebooks": 11,
    "site": 12,
    "commands": 13,
    "__main__": 14,
}


def layer_of(path: Path, package: Path = PACKAGE) -> str:
    return path.relative_to(package).parts[0].removesuffix(".py")


def imported_layers(source: str, package: tuple[str, ...] = ()) -> set[str]:
    """The first name below `analysis` of everything a module of `package` imports, relative imports included."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                parts = ("analysis", *package)[: 1 + len(package) - (node.level - 1)]
                module = ".".join((*parts, node.module or "")).rstrip(".")
            else:
                module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "analysis" else [module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("analysis.")}
    return found


def violations(layer: str, imports: set[str]) -> set[str]:
    return {other for other in imports if other != layer and LAYERS[other] >= LAYERS[layer]}


def faults(package: Path) -> list[str]:
    """Each import of a package's modules that does not point downwards, as a sentence."""
    found = []
    for path in sorted(package.rglob("*.py")):
        parents = path.relative_to(package).parts[:-1]
        imports = imported_layers(path.read_text(encoding="utf-8"), parents)
        upwards = imports if path == package / "__init__.py" else violations(layer_of(path, package), imports)
        found += [f"{path.relative_to(package.parent)} imports {name}" for name in sorted(upwards)]
    return found


def test_a_module_imports_only_from_lower_layers():
    assert faults(PACKAGE) == []


def test_an_import_upwards_is_named_with_its_file(tmp_path):
    package = tmp_path / "analysis"
    (package / "cost").mkdir(parents=True)
    (package / "__init__.py").write_text("from analysis import units\n")
    (package / "cost" / "lines.py").write_text("from ..pages import charts\nfrom analysis import units\n")
    assert faults(package) == ["analysis/__init__.py imports units", "analysis/cost/lines.py imports pages"]


def test_the_rule_notices_an_import_that_points_upwards():
    assert violations("cost", imported_layers("from analysis.pages import charts")) == {"pages"}
    assert violations("cost", imported_layers("from analysis import capacity, units")) == {"capacity"}
    assert violations("cost", imported_layers("from ..capacity import x", package=("cost",))) == {"capacity"}
    assert not violations("cost", imported_layers("from analysis.units import Quantity"))
