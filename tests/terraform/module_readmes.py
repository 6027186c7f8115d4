"""READMEs of the Terraform modules in the form of terraform-docs, written between its two marks.

`python tests/terraform/module_readmes.py` writes what is stale; `test_module_readmes.py` says what is. Above the marks stands
what a person wrote: what the module is for and how it is used.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from analysis import files
from analysis.terraform import tree
from analysis.terraform.syntax import parse

MODULES: Final = Path(__file__).parents[2] / "terraform" / "modules"
BEGIN: Final = "<!-- BEGIN_TF_DOCS -->"
END: Final = "<!-- END_TF_DOCS -->"
REGISTRY: Final = "https://registry.terraform.io/providers/{}/latest/docs"
PUBLISHERS: Final = {"cloudflare": "cloudflare"}
"""Whose provider it is, by the first part of its resources' types; HashiCorp's where it is not named."""


def module_directories(root: Path = MODULES) -> list[Path]:
    """Every module below `root`, presets among them; neither examples nor tests."""
    return sorted(
        path
        for path in {file.parent for file in root.rglob("*.tf")}
        if not {"examples", "tests", ".terraform"} & set(path.relative_to(root).parts)
    )


def generated(directory: Path) -> str:
    """The tables of one module: requirements, providers, modules, resources, inputs and outputs, each sorted by name.

    Raises `ValueError` where a file does not parse, or a variable or output has no description.
    """
    blocks: list[tuple[tree.Block, str]] = []
    for file in sorted(directory.glob("*.tf")):
        text = files.read_text(file)
        body, diagnostics = parse(text, str(file))
        if diagnostics:
            raise ValueError("\n".join(map(str, diagnostics)))
        blocks += [(block, text) for block in body.blocks]
    sections = (
        ("Requirements", ("Name", "Version"), requirements(blocks)),
        ("Providers", ("Name", "Version"), [row for row in requirements(blocks) if "terraform" not in row[0]]),
        ("Modules", ("Name", "Source"), modules(blocks)),
        ("Resources", ("Name", "Type"), resources(blocks)),
        ("Inputs", ("Name", "Description", "Type", "Default", "Required"), inputs(blocks)),
        ("Outputs", ("Name", "Description"), outputs(blocks)),
    )
    return "\n\n".join(
        f"## {title}\n\n" + (table(heads, sorted(rows)) if rows else f"No {title.lower()}.")
        for title, heads, rows in sections
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table as terraform-docs writes it."""
    lines = [heads, [":------:" if head == "Required" else "-" * (len(head) + 2) for head in heads]]
    return "\n".join(
        [
            "| " + " | ".join(lines[0]) + " |",
            "|" + "|".join(lines[1]) + "|",
            *("| " + " | ".join(row) + " |" for row in rows),
        ]
    )


def requirements(blocks: Sequence[tuple[tree.Block, str]]) -> list[tuple[str, str]]:
    """Terraform's version and each provider's, as the `terraform` block demands them."""
    rows = []
    for block, text in of_type(blocks, "terraform"):
        version = argument(block, "required_version", text)
        if version:
            rows.append(
                ('<a name="requirement_terraform"></a> [terraform](#requirement\\_terraform)', version.strip('"'))
            )
        for inner in block.body.blocks:
            for each in inner.body.arguments if inner.type == "required_providers" else ():
                constraint = re.search(r'version\s*=\s*"([^"]+)"', argument(inner, each.name, text))
                anchor = escaped(f"requirement_{each.name}")
                rows.append(
                    (
                        f'<a name="requirement_{each.name}"></a> [{each.name}](#{anchor})',
                        constraint[1] if constraint else "n/a",
                    )
                )
    return [(name, version.replace("<", "&lt;").replace(">", "&gt;")) for name, version in rows]


def modules(blocks: Sequence[tuple[tree.Block, str]]) -> list[tuple[str, str]]:
    """Modules that are called, with their source."""
    return [
        (
            f'<a name="module_{name}"></a> [{escaped(name)}](#module\\_{escaped(name)})',
            argument(block, "source", text).strip('"'),
        )
        for block, text in of_type(blocks, "module")
        for name in block.labels
    ]


def resources(blocks: Sequence[tuple[tree.Block, str]]) -> list[tuple[str, str]]:
    """Resources and data sources, each a link to the provider's page about its type."""
    kinds = {"resource": ("resources", "resource"), "data": ("data-sources", "data source")}
    rows = []
    for kind, (folder, shown) in kinds.items():
        for block, _ in of_type(blocks, kind):
            provider, _, name = block.labels[0].partition("_")
            source = f"{PUBLISHERS.get(provider, 'hashicorp')}/{provider}"
            page = f"{REGISTRY.format(source)}/{folder}/{name}"
            rows.append((f"[{block.labels[0]}.{block.labels[1]}]({page})", shown))
    return rows


def inputs(blocks: Sequence[tuple[tree.Block, str]]) -> list[tuple[str, str, str, str, str]]:
    """Variables with description, type, default and whether a value must be given."""
    rows = []
    for block, text in of_type(blocks, "variable"):
        name = block.labels[0]
        default = argument(block, "default", text)
        rows.append(
            (
                f'<a name="input_{name}"></a> [{escaped(name)}](#input\\_{escaped(name)})',
                description(block, text),
                cell(argument(block, "type", text) or "any"),
                cell(default) if default else "n/a",
                "no" if default else "yes",
            )
        )
    return rows


def outputs(blocks: Sequence[tuple[tree.Block, str]]) -> list[tuple[str, str]]:
    """Outputs with description."""
    return [
        (f'<a name="output_{name}"></a> [{escaped(name)}](#output\\_{escaped(name)})', description(block, text))
        for block, text in of_type(blocks, "output")
        for name in block.labels
    ]


def of_type(blocks: Sequence[tuple[tree.Block, str]], kind: str) -> Iterator[tuple[tree.Block, str]]:
    """Blocks of one kind, each with the text of its file."""
    return ((block, text) for block, text in blocks if block.type == kind)


def description(block: tree.Block, text: str) -> str:
    """What a variable or output says of itself, in one line of Markdown. Raises `ValueError` where it says nothing."""
    source = argument(block, "description", text)
    heredoc = re.fullmatch(r"<<-?(\w+)\n(.*)\n\s*\1", source, re.DOTALL)
    plain = (
        " ".join(line.strip() for line in heredoc[2].split("\n"))
        if heredoc
        else source.strip('"').replace('\\"', '"').replace("\\\\", "\\")
    )
    if not plain:
        raise ValueError(f"{block.type} {' '.join(block.labels)}: it has no description")
    return plain.replace("|", "\\|").replace("<", "&lt;")


def argument(block: tree.Block, name: str, text: str) -> str:
    """The source of an argument's value up to the next argument or block, without comments; empty where the block has none."""
    starts = sorted([each.line for each in (*block.body.arguments, *block.body.blocks)] + [block.end_line])
    lines = text.split("\n")
    for each in block.body.arguments:
        if each.name == name:
            end = next((line for line in starts if line > each.line), block.end_line)
            taken = lines[each.line - 1 : max(end - 1, each.line)]
            taken[0] = (
                taken[0].split("=", 1)[1].removesuffix("}")
                if block.end_line == each.line
                else taken[0].split("=", 1)[1]
            )
            while len(taken) > 1 and (not taken[-1].strip() or taken[-1].lstrip().startswith("#")):
                taken.pop()
            return "\n".join(taken).strip()
    return ""


def cell(source: str) -> str:
    """Source in a cell: a line as code, more of them preformatted."""
    if "\n" not in source:
        return f"`{source.replace('|', chr(92) + '|')}`"
    lines = source.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;").split("\n")
    depth = min((len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()), default=0)
    return "<pre>" + "<br/>".join([lines[0], *(line[depth:] for line in lines[1:])]) + "</pre>"


def escaped(name: str) -> str:
    """A name in a Markdown link, as terraform-docs escapes it."""
    return name.replace("_", "\\_")


def readme(directory: Path) -> str:
    """The README as it should be: what a person wrote, then the tables. Raises `ValueError` where no person wrote anything."""
    path = directory / "README.md"
    if not path.is_file():
        raise ValueError(f"{path}: write a title and a sentence on what the module is for, then run module_readmes.py")
    written = files.read_text(path).split(BEGIN)[0].rstrip()
    return f"{written}\n\n{BEGIN}\n{generated(directory)}\n{END}\n"


def stale(root: Path = MODULES) -> list[str]:
    """What is wrong with the READMEs below `root`, each with what to do; empty where all are true."""
    faults = []
    for directory in module_directories(root):
        try:
            wanted = readme(directory)
        except ValueError as error:
            faults.append(str(error))
            continue
        if files.read_text(directory / "README.md") != wanted:
            faults.append(
                f"{directory / 'README.md'}: it is not what the module is; run python tests/terraform/module_readmes.py"
            )
    return faults


def main() -> int:
    """Writes every README that is stale."""
    for directory in module_directories():
        try:
            files.write(directory / "README.md", readme(directory))
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
