"""The macros that pages cite numbers and tables with; an unknown name fails the build."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis.decisions import Judgement
from analysis.drawing import diagrams, tables
from analysis.facts.prices import prices
from analysis.facts.scenarios import scenario
from analysis.facts.today import today
from analysis.pages import (
    bill,
    decisions,
    emulated,
    frontmatter,
    gameday,
    glossary,
    incident,
    infrastructure,
    links,
    load,
    migration,
    model,
    nights,
    postmortem,
    proofs,
    records,
    reference,
    rehearsals,
    season,
    source,
    stated,
    storage,
)
from analysis.site import navigation

_SOURCE_LINE = re.compile(r"(?P<path>[\w./-]+\.[a-z]+):(?P<line>\d+)")


def define_env(env: Any) -> None:
    """Registers the macros with mkdocs-macros, which calls this once per build."""
    docs = Path(env.conf["docs_dir"])
    root = Path(env.conf["config_file_path"]).resolve().parent

    def here() -> str:
        return str(env.page.file.src_uri)

    def contents(folder: str) -> Markup:
        """One line for each page and sub-folder of a folder: its title and description."""
        return section_list(docs, folder, here())

    def glossary_list() -> Markup:
        """The glossary."""
        return glossary.listing(docs / "reference" / "glossary.toml")

    def source_files() -> Markup:
        """Every source file that is shown, by folder."""
        return source_list(root, here())

    def cited(path: str, line: int) -> Markup:
        """A link to a line of a source file."""
        return source_link(root, here(), path, line)

    def line_of(path: str, text: str) -> Markup:
        """A link to the only line of a source file that holds a text; it moves with the line."""
        return source_link(root, here(), path, source.line_of(root, path, text))

    def notebook_list() -> Markup:
        """One line for each notebook: its title and first paragraph."""
        return book_list(root, here())

    def price_book_name() -> Markup:
        """Region and date of the price book."""
        book = prices()
        return tables.inline(f"{book.region}, {book.as_of}")

    def price_table() -> Markup:
        """The price book."""
        return reference.price_tables(prices())

    def assumption_tables() -> Markup:
        """The assumptions of every scenario."""
        parts = []
        for path in sorted((root / "terraform" / "scenarios").glob("*.toml")):
            found = scenario(path)
            parts.append(Markup("\n\n## {} {{#scenario-{}}}\n\n").format(tables.inline(found.title), path.stem))
            parts.append(reference.assumption_table(found))
        return Markup("\n").join(parts)

    def decision_log(folder: str) -> Markup:
        """The decision records of a folder."""
        return decisions.ledger(root, docs, folder, here())

    def runbook_list(folder: str) -> Markup:
        """The runbooks of a folder."""
        return records.runbook_table(docs, folder, here())

    def action_list() -> Markup:
        """The actions in the front matter of the page that calls this."""
        found = records.actions(env.page.meta, here(), partial(postmortem.done, root))
        closers = {action.closed_by: closed_by(root, docs, here(), action.closed_by) for action in found}
        return records.action_table(found, today(), closers)

    def stack(name: str) -> model.Model:
        return model.model(root, name)

    def stack_title(name: str) -> Markup:
        """What a stack is called."""
        return tables.inline(stack(name).about.title)

    def attribute(name: str, address: str, argument: str) -> Markup:
        """The value of an argument, with the line on which it stands."""
        value, where, default = infrastructure.attribute(stack(name), address, argument)
        cited_line = infrastructure.citation(stack(name), where, here()) or ""
        word = "default, " if default else ""
        return Markup("<code>{}</code> ({}{})").format(tables.inline(infrastructure.shown(value)), word, cited_line)

    def inventory(name: str) -> Markup:
        """Every resource of a stack."""
        return infrastructure.inventory(stack(name), here())

    def variables(name: str) -> Markup:
        """The variables of a stack."""
        return infrastructure.variables(stack(name), here())

    def outputs(name: str) -> Markup:
        """The outputs of a stack."""
        return infrastructure.outputs(stack(name), here())

    def unresolved(name: str) -> Markup:
        """What could not be resolved in a stack."""
        return infrastructure.diagnostics(stack(name), here())

    def validation(name: str) -> Markup:
        """What the real Terraform says of a stack."""
        return infrastructure.validation(stack(name))

    def alarms(name: str, folder: str) -> Markup:
        """The alarms of a stack; `folder` holds the runbooks they name."""
        books = {
            Path(page.path).stem: tables.link(links.relative(here(), page.path), page.title)
            for page in frontmatter.folder(docs, folder)
        }
        return infrastructure.alarms(stack(name), here(), books)

    def value(name: str, address: str, argument: str = "") -> str:
        """A value of a stack as one would type it into a command; `var.tasks` stands for a variable."""
        return infrastructure.plain(stack(name), address, argument)

    def runbook_alarms(name: str) -> Markup:
        """The alarms that the runbook at hand answers, from its front matter, and where its commands are typed."""
        found = env.page.meta.get("alarms") or []
        told = infrastructure.alarms_named(stack(name), here(), found) if found else Markup("")
        return Markup("{}\n<p>{}</p>").format(told, records.where_to_type(stack(name).architecture.region))

    def cost_totals(*names: str) -> Markup:
        """The monthly totals of stacks."""
        return bill.totals({stack(name).about.title: stack(name).estimate for name in names})

    def cost_by_service(*names: str) -> Markup:
        """The monthly cost of stacks by service."""
        return bill.by_service([(stack(name).about.title, stack(name).estimate) for name in names])

    def cost_by_confidence(*names: str) -> Markup:
        """The monthly cost of stacks by the confidence of the prices."""
        return bill.by_confidence([(stack(name).about.title, stack(name).estimate) for name in names])

    def cost_lines(name: str) -> Markup:
        """The bill of a stack line by line."""
        return bill.lines(stack(name), stack(name).estimate, here())

    def cost_unpriced(name: str) -> Markup:
        """What has no price in a stack."""
        return bill.unpriced(stack(name), stack(name).estimate)

    def cost_free(name: str) -> Markup:
        """What is free in a stack."""
        return bill.free(stack(name), stack(name).estimate)

    def diagram(name: str) -> Markup:
        """A stack drawn from its resolved model; every box leads to the page about it, or to its line."""
        found = stack(name)
        drawing = diagrams.draw(
            found.architecture,
            title=found.about.title,
            monthly_usd=diagrams.monthly_usd(found.estimate),
            page=lambda address: infrastructure.address_page(found, address, here()),
        )
        return Markup(drawing.html())  # noqa: S704 (its texts are escaped where it is made)

    def stations(name: str) -> Markup:
        """The stations of a request."""
        return load.stations(stack(name), here())

    def capacity_inputs(name: str) -> Markup:
        """What the stations' figures rest on."""
        return load.inputs(stack(name), here())

    def connection_budgets(*names: str) -> Markup:
        """The connection budgets of stacks."""
        return load.connections([stack(name) for name in names], here())

    def freshness(*names: str) -> Markup:
        """How old updates are in stacks."""
        return load.freshness([stack(name) for name in names])

    def claim(name: str) -> Markup:
        """The figure of a claim, linked to how it is computed; it fails the build when it has left its band."""
        return stated.claim(root, here(), name)

    def claim_table() -> Markup:
        """Every claim with its formula, inputs and band."""
        return stated.claim_table(root, docs, here())

    def option_table() -> Markup:
        """The options of the decision record at hand, computed."""
        return decisions.option_table(root, record())

    def record() -> Judgement:
        return decisions.judgement(root, docs / here())

    def decided() -> Markup:
        """State, day and roles of the decision record at hand."""
        return decisions.decided(record())

    def weighed() -> Markup:
        """What the decision record at hand is worth, and what would turn it."""
        return decisions.weighed(record())

    def affected() -> Markup:
        """The resources that the decision record at hand shapes, with their lines."""
        return decisions.affected(root, here(), record())

    def flaws(name: str, mended: str) -> Markup:
        """The marked flaws of a stack; what closes each in the stack `mended` stands in the page's front matter by its id."""
        closed = {
            flaw: [
                closed_by(root, docs, here(), f"{mended} {closer}" if closer.count(" ") == 1 else closer)
                for closer in (closers if isinstance(closers, list) else [closers])
            ]
            for flaw, closers in (env.page.meta.get("closed") or {}).items()
        }
        return incident.flaws(stack(name), here(), closed)

    def action_state() -> Markup:
        """How many of the page's actions are done and how many are not."""
        return records.action_state(records.actions(env.page.meta, here(), partial(postmortem.done, root)), today())

    def how_many(folder: str) -> str:
        """The number of pages in a folder, its index not counted."""
        return str(len(frontmatter.folder(docs, folder)))

    def how_many_notebooks() -> str:
        """The number of notebooks."""
        return str(len(navigation.notebooks(root / "notebooks")))

    def buckets(name: str) -> Markup:
        """The buckets of a stack: who may do what, how long objects stay."""
        return storage.buckets(stack(name), here())

    def proof_summary(name: str) -> Markup:
        """What the rules about behaviour say of a stack, in numbers."""
        return proofs.summary(stack(name))

    def proofs_that_hold(name: str) -> str:
        """The number of statements that hold of a stack."""
        return str(len(proofs.report(stack(name)).holding))

    def proof_findings(name: str) -> Markup:
        """What fails in a stack."""
        return proofs.findings(stack(name), here())

    def proof_waivers(name: str) -> Markup:
        """What fails in a stack and is borne."""
        return proofs.waived(stack(name), here())

    def proof_statements(name: str) -> Markup:
        """What holds in a stack, with its arithmetic."""
        return proofs.holding(stack(name), here())

    def proof_rules() -> Markup:
        """Every rule about behaviour."""
        return proofs.rules()

    def planted_faults() -> Markup:
        """What the rules and checkov find of the planted faults."""
        return proofs.planted(docs / "reference" / "planted_faults.json")

    def migration_stages(name: str) -> Markup:
        """The stages of the migration to a stack, one row each."""
        return migration.stages(root, name)

    def migration_stage(name: str, one: str) -> Markup:
        """A stage of the migration to a stack: changes, risks, steps, way back."""
        return migration.stage(root, name, one)

    def migration_applied(name: str) -> Markup:
        """What applying the stages to a stack on the emulated AWS showed."""
        return migration.applied(root, name)

    def migration_meanwhile(name: str) -> Markup:
        """The values that stand in place of the target's for a while."""
        return migration.meanwhile(root, name)

    for macro in (
        migration_stages, migration_stage, migration_applied, migration_meanwhile,
        proof_summary, proofs_that_hold, proof_findings, proof_waivers, proof_statements, proof_rules, planted_faults,
        flaws, action_state, buckets, how_many, how_many_notebooks,
        claim, claim_table, option_table, affected, decided, weighed,
        stack_title, attribute, inventory, variables, outputs, unresolved, validation, alarms, value, runbook_alarms,
        cost_totals, cost_by_service,
        cost_by_confidence, cost_lines, cost_unpriced, cost_free, diagram, stations, capacity_inputs, connection_budgets,
        freshness,
        contents, glossary_list, source_files, cited, line_of, notebook_list, price_book_name, price_table, assumption_tables,
        decision_log, runbook_list, action_list, reference.limit_table, reference.instance_table, reference.runtime_table,
        *postmortem.macros(root, here),
        *nights.macros(root),
        *season.macros(root),
        *emulated.macros(root),
        *gameday.macros(root),
        *rehearsals.macros(root, here),
    ):  # fmt: skip
        env.macro(macro)


def section_list(docs: Path, folder: str, page: str) -> Markup:
    """The pages and sub-folders of a folder, in the order of the navigation, each with its description."""
    entries = frontmatter.folder(docs, folder)
    for child in (docs / folder).iterdir():
        if navigation.shown(child):
            entries.append(frontmatter.read(child / "index.md", f"{folder}/{child.name}/index.md"))
    ordered = sorted((entry for entry in entries if entry.path != page), key=lambda entry: (entry.order, entry.title))
    return _rows((links.relative(page, entry.path), entry.title, entry.description) for entry in ordered)


def book_list(root: Path, page: str) -> Markup:
    """The notebooks, each with its description."""
    books = navigation.notebooks(root / "notebooks")
    return _rows((links.relative(page, book.uri), book.title, book.description) for book in books)


def _rows(entries: Iterable[tuple[str, str, str]]) -> Markup:
    items = [
        Markup("<li><span>{}</span><span>{}</span></li>").format(tables.link(href, title), description)
        for href, title, description in entries
    ]
    return Markup('<ul class="g-rows">{}</ul>').format(Markup("").join(items))


def source_list(root: Path, page: str) -> Markup:
    """The source files by folder, each with the number of its lines and a link to its page."""
    rows = []
    for path in source.files(root):
        folder, _, name = path.rpartition("/")
        lines = (root / path).read_text(encoding="utf-8").count("\n")
        rows.append([folder, tables.link(links.relative(page, source.uri(path)), name), f"{lines:,}"])
    return tables.table(
        [tables.Column("Folder", "code"), tables.Column("File", "code"), tables.Column("Lines", "number")],
        rows,
        label="Source files",
    )


def source_link(root: Path, page: str, path: str, line: int) -> Markup:
    """A link to a line of a source file, named by file and line. Raises ValueError where there is no such line."""
    if path not in source.files(root):
        raise ValueError(f"{page}: {path} is not a source file that the site shows")
    if not 1 <= line <= source.rendered(root, path)[1]:
        raise ValueError(f"{page}: {path} has no line {line}")
    name = f"{path.rpartition('/')[2]}:{line}"
    return tables.link(links.relative(page, source.uri(path), source.anchor(line)), tables.inline(name), "g-src")


def closed_by(root: Path, docs: Path, page: str, text: str) -> tables.Cell:
    """What closes an action, as a link.

    It names an argument (`stack address argument`, shown with its value), a source line (`file.tf:12`, or `file.tf#text` for the
    first line with that text), or a page, from the folder of the page that lists the action.

    Raises ValueError where it is none of them, LookupError where the stack has no such argument.
    """
    if not text:
        return None
    if text.count(" ") == 2:
        name, address, argument = text.split(" ")
        found = model.model(root, name)
        value, where, _ = infrastructure.attribute(found, address, argument)
        shown = tables.code(f"{argument} = {infrastructure.shown(value)}")
        return Markup("{} {}").format(shown, infrastructure.citation(found, where, page) or "")
    file, _, wanted = text.partition("#")
    if wanted:
        lines = (root / file).read_text(encoding="utf-8").splitlines() if file in source.files(root) else []
        number = next((number for number, line in enumerate(lines, 1) if wanted in line), None)
        if number is None:
            raise ValueError(f"{page}: closed_by names {text}, but {file} has no line with {wanted!r}")
        return Markup("{} {}").format(tables.code(wanted), source_link(root, page, file, number))
    match = _SOURCE_LINE.fullmatch(text)
    if match:
        return source_link(root, page, match["path"], int(match["line"]))
    path = (docs / page).parent / text
    if not path.is_file():
        raise ValueError(f"{page}: closed_by names {text}, which is neither a source line nor a page")
    target = path.resolve().relative_to(docs.resolve()).as_posix()
    return tables.link(links.relative(page, target), frontmatter.read(path, target).title)
