"""The real Terraform: where it and the AWS provider are found, and how it is run without touching the checkout or AWS.

A run takes place in a `Workspace`: a temporary tree in which the directory is a copy and everything around it a link, so that
`../../modules` resolves as usual while the lock file, the data directory and the override file below never reach the original.
What a configuration tells Terraform to start or fetch is refused before Terraform sees it (`executed`), unless it is trusted.
Terraform itself runs behind a wall of the kernel's (`sandbox`), where it may start its providers and write its own directory.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import platformdirs

from analysis import evidence, files
from analysis.architecture import Diagnostic, Location
from analysis.sandbox import Confinement
from analysis.validation import executed

REGISTRY = "registry.terraform.io"
AWS = f"{REGISTRY}/hashicorp/aws"

# Where the Filesystem Hierarchy Standard 3.0 puts add-on software (3.13), data of services (3.17) and local shared data (4.9.3).
ADD_ON_DIRECTORIES = (Path("/opt"), Path("/srv"), Path("/usr/local/share"))

# The discard port of this machine: a call to AWS is refused at once instead of leaving the machine.
DISCARD = 9
NOWHERE = f"http://127.0.0.1:{DISCARD}"

# What `terraform init` and a run leave behind, and what is no part of a configuration.
NOT_CONFIGURATION = frozenset({".git", ".terraform", "terraform.tfstate.d", "node_modules", ".venv", "__pycache__"})

CONFIGURATION_SUFFIXES = (".tf", ".tf.json")
TEST_SUFFIX = ".tftest.hcl"
OVERRIDE_FILE = "zz_offline_override.tf"
GIVEN_VARIABLES = "given.tfvars.json"
MAX_INPUT_BYTES = 200_000_000
MAX_INPUT_FILES = 20_000


class TerraformError(Exception):
    """Terraform, or the provider, cannot do what was asked; the message says why and what to do about it.

    `diagnostics` holds what Terraform itself reported, with files relative to the directory.
    """

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)


class RefusedError(TerraformError):
    """What was asked would start a program of the stack's, or fetch something; the message names it and where it stands."""


class TerraformMissingError(TerraformError):
    """The Terraform binary is not on PATH."""


@dataclass(frozen=True, slots=True)
class ProviderSource:
    """Where providers come from: the user's CLI configuration, an implied mirror, a mirror found on disk, or the registry."""

    origin: Literal["configuration", "implied mirror", "mirror", "registry"]
    path: Path | None = None

    def __str__(self) -> str:
        return f"{self.origin} {self.path}" if self.path else "the registry, by terraform init"

    def cli_configuration(self, cache: Path, *, downloads: bool) -> str:
        """The text of a CLI configuration file that installs providers from here, and looks nothing up without `downloads`."""
        if self.origin == "configuration" and self.path:
            text = self.path.read_text(encoding="utf-8")
            return text if downloads else _without_network(text)
        mirror = self.path or cache  # what was fetched once lies in the cache as in a mirror
        if not downloads:
            return f"provider_installation {{\n  filesystem_mirror {{\n    path = {json.dumps(str(mirror))}\n  }}\n}}\n"
        if self.path is None:
            return f"plugin_cache_dir = {json.dumps(str(cache))}\n"
        held = json.dumps(sorted(_provider_names(self.path)))
        return (
            "provider_installation {\n"
            f"  filesystem_mirror {{\n    path    = {json.dumps(str(self.path))}\n    include = {held}\n  }}\n"
            f"  direct {{\n    exclude = {held}\n  }}\n}}\n"
        )

    def programs(self, cache: Path) -> tuple[Path, ...]:
        """The directories in which providers lie, whose programs Terraform starts."""
        if self.origin == "configuration" and self.path:
            named = re.findall(r'"((?:/|~/)[^"]*)"', self.path.read_text(encoding="utf-8"))
            return tuple(Path(name).expanduser() for name in named)
        return (self.path or cache,)


@dataclass(frozen=True, slots=True)
class Terraform:
    """The binary that was found, its version, and where it takes providers from."""

    binary: Path
    version: str
    providers: ProviderSource


@dataclass(frozen=True, slots=True)
class Completed:
    """A finished command: its exit status, what it printed, and how long it took."""

    status: int
    stdout: str
    stderr: str
    seconds: float


def find(environ: Mapping[str, str] = os.environ, directory: Path | None = None) -> Terraform | None:
    """Terraform from PATH with its source of providers; None where there is no binary.

    `directory` is the one to be read: `terraform.d/plugins` beside the configuration is one of the implied mirrors.
    """
    binary = shutil.which("terraform", path=environ.get("PATH"))
    if binary is None:
        return None
    version = _version(binary, Path(binary).stat().st_mtime_ns)
    return Terraform(Path(binary), version, provider_source(environ, directory)) if version else None


def wanted(purpose: str, environ: Mapping[str, str] = os.environ, directory: Path | None = None) -> Terraform:
    """What `find` finds; raises TerraformMissingError, which says for what (`to plan with it`), where there is none."""
    terraform = find(environ, directory)
    if terraform is None:
        raise TerraformMissingError(f"terraform is not on PATH; install Terraform 1.7 or later {purpose}")
    return terraform


def provider_source(
    environ: Mapping[str, str],
    directory: Path | None = None,
    add_on: Sequence[Path] = ADD_ON_DIRECTORIES,
) -> ProviderSource:
    """Where the AWS provider is taken from, searched in the order in which Terraform itself would look, then on this machine.

    A CLI configuration file that is named but does not exist counts as none:
    https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
    """
    configuration = _cli_configuration(environ)
    if configuration is not None:
        return ProviderSource("configuration", configuration)
    for mirror in _implied_mirrors(environ, directory):
        if (mirror / AWS).is_dir():
            return ProviderSource("implied mirror", mirror)
    for parent in add_on:
        for candidate in (parent, *_subdirectories(parent)):
            if (candidate / AWS).is_dir():
                return ProviderSource("mirror", candidate)
    return ProviderSource("registry")


def _cli_configuration(environ: Mapping[str, str]) -> Path | None:
    """The user's CLI configuration if it exists and says where providers come from."""
    named = environ.get("TF_CLI_CONFIG_FILE") or environ.get("TERRAFORM_CONFIG")
    home = Path(environ["HOME"]) if environ.get("HOME") else None
    path = Path(named) if named else home / ".terraformrc" if home else None
    try:
        text = path.read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError):
        return None
    return path if re.search(r"^\s*provider_installation\b", text, re.MULTILINE) else None


def _implied_mirrors(environ: Mapping[str, str], directory: Path | None) -> Iterator[Path]:
    if directory is not None:
        yield directory / "terraform.d" / "plugins"
    home = Path(environ["HOME"]) if environ.get("HOME") else None
    if home:
        yield home / ".terraform.d" / "plugins"
    data_home = environ.get("XDG_DATA_HOME") or (str(home / ".local" / "share") if home else "")
    data_dirs = environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    for base in (data_home, *data_dirs.split(":")):
        if base:
            yield Path(base) / "terraform" / "plugins"


def _subdirectories(parent: Path) -> list[Path]:
    try:
        return sorted(child for child in parent.iterdir() if child.is_dir())
    except OSError:
        return []


def _without_network(text: str) -> str:
    """A CLI configuration without the blocks by which providers come over the network."""
    while match := re.search(r"^[ \t]*(?:direct|network_mirror)[ \t]*\{", text, re.MULTILINE):
        text = text[: match.start()] + text[_closing_brace(text, match.end()) + 1 :]
    return text


def _provider_names(mirror: Path) -> Iterator[str]:
    """`host/namespace/type` of everything in a mirror."""
    for directory in mirror.glob("*/*/*"):
        if directory.is_dir() and "." in directory.parts[-3]:
            yield "/".join(directory.parts[-3:])


@lru_cache(maxsize=8)
def _version(binary: str, _changed_ns: int) -> str:
    with tempfile.TemporaryDirectory(prefix="gameday-") as scratch:
        (Path(scratch) / "cli.tfrc").touch()
        environ = {"PATH": os.defpath, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": str(Path(scratch) / "cli.tfrc")}
        try:
            done = run([binary, "version", "-json"], cwd=Path(scratch), environ=environ, timeout_s=30)
            return str(json.loads(done.stdout)["terraform_version"])
        except (TerraformError, ValueError, KeyError, OSError):
            return ""


def run(argv: Sequence[str], *, cwd: Path, environ: Mapping[str, str], timeout_s: float) -> Completed:
    """The outcome of a command that runs in its own process group.

    However this ends, no process of the group is left behind: Terraform starts its providers as children.
    Raises TerraformError when the time is over.
    """
    started = time.monotonic()
    with subprocess.Popen(  # noqa: S603 - the argument vector is ours, no shell reads it
        list(argv),
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except BaseException as error:
            end_group(process)
            if isinstance(error, subprocess.TimeoutExpired):
                what = " ".join([Path(argv[0]).name, *argv[1:2]])
                raise TerraformError(f"{what} was ended after {timeout_s:g} s without an answer") from None
            raise
    return Completed(process.returncode, stdout, stderr, time.monotonic() - started)


def end_group(process: subprocess.Popen[str]) -> None:
    """Ends a process that leads its own group, and whatever is left of the group."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(timeout=3)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
    # The leader has gone at the first signal, a provider may not have.
    process.wait()


class Workspace:
    """A context in which Terraform runs on a copy of a directory, with no credentials and no way to AWS.

    Use as `with Workspace(directory, terraform) as workspace`. Raises TerraformError for what is no directory of Terraform. With
    `trust` Terraform runs whatever the directory says, without a wall; with `downloads`, or GAMEDAY_DOWNLOADS=1 in the
    environment, `init` may fetch providers and modules.
    """

    def __init__(
        self,
        directory: Path,
        terraform: Terraform,
        environ: Mapping[str, str] = os.environ,
        *,
        trust: bool = False,
        downloads: bool = False,
    ) -> None:
        self.directory = configuration_directory(directory)
        self.terraform = terraform
        self.trust = trust
        self.downloads = downloads or environ.get("GAMEDAY_DOWNLOADS") == "1"
        self._inherited = environ
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Workspace:
        self._scratch = tempfile.TemporaryDirectory(prefix="gameday-", ignore_cleanup_errors=True)
        scratch = Path(self._scratch.name)
        self.scratch = scratch
        self.executed = executed.executed(self.directory)
        self.copy = copied_tree(self.directory, scratch / "tree")
        if not self.trust:
            without_tests(self.copy, self.executed.refused_tests)
        (self.copy / OVERRIDE_FILE).write_text(offline_override(self.directory, scratch / "state"), encoding="utf-8")
        cache = plugin_cache()
        if self.terraform.providers.origin == "registry":
            cache.mkdir(parents=True, exist_ok=True)
        cli = scratch / "cli.tfrc"
        cli.write_text(self.terraform.providers.cli_configuration(cache, downloads=self.downloads), encoding="utf-8")
        (scratch / "tmp").mkdir()
        self.environ = offline_environment(self._inherited, cli=cli, data=scratch / "data")
        return self

    def confined(self, argv: Sequence[str], ports: Sequence[int] = ()) -> list[str]:
        """A Terraform command line behind the wall that this machine offers; as it is where the directory is trusted."""
        return list(argv) if self.trust else self.confinement(ports).argv(argv)

    def confinement(self, ports: Sequence[int] = ()) -> Confinement:
        """What Terraform may do: write its own directory, start its providers, and connect to `ports` of this machine."""
        binary = self.terraform.binary.resolve()
        cache = plugin_cache()
        providers = (*self.terraform.providers.programs(cache), self.scratch / "data" / "providers")
        with binary.open("rb") as file:
            start = file.read(4096)
        # A script, or one that needs a loader, starts other programs to run itself; then starting is not bounded.
        bounded = start.startswith(b"\x7fELF") and b"/ld-" not in start
        return Confinement(
            (self.scratch,),
            executable=(binary, *providers) if bounded else None,
            ports=(
                DISCARD,
                *ports,
            ),  # where nobody listens a call is refused at once; a call that may not be made is tried again
            network=bool(ports),
        )

    def require(self, moment: executed.Moment) -> None:
        """Nothing where Terraform may go as far as that. Raises RefusedError."""
        require(self.executed, moment, trust=self.trust, downloads=self.downloads)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._scratch is not None:
            self._scratch.cleanup()

    def run(self, *arguments: str, timeout_s: float = 300) -> Completed:
        """What `terraform ARGUMENTS` did in the copy."""
        argv = [str(self.terraform.binary), *arguments]
        return run(self.confined(argv), cwd=self.copy, environ=self.environ, timeout_s=timeout_s)

    def init(self, timeout_s: float = 300, *arguments: str) -> Completed:
        """Modules and providers, installed; the backend is replaced by a local one in the temporary tree.

        Raises RefusedError where that would fetch a module and the user has not allowed it.
        """
        self.require("init")
        argv = [str(self.terraform.binary), "init", "-input=false", "-no-color", *arguments]
        if not self.downloads:
            return run(self.confined(argv), cwd=self.copy, environ=self.environ, timeout_s=timeout_s)
        done = run(argv, cwd=self.copy, environ=self.environ, timeout_s=timeout_s)
        self.executed = executed.executed(self.directory, self._installed())
        return done

    def _installed(self) -> list[Path]:
        """The modules that `init` has fetched."""
        try:
            manifest = json.loads(files.read_text(self.scratch / "data" / "modules" / "modules.json"))
            return [self.copy / entry["Dir"] for entry in manifest["Modules"]]
        except (OSError, ValueError, KeyError, TypeError):
            return []


def require(found: executed.Found, moment: executed.Moment, *, trust: bool, downloads: bool) -> None:
    """Nothing where Terraform may go as far as that. Raises RefusedError that names what it would start or fetch."""
    items = [item for item in found.at(moment) if not (downloads and item.moment == "init")]
    if trust or not items:
        return
    shown = "; ".join(str(item) for item in items[:5]) + (f" and {len(items) - 5} more" if len(items) > 5 else "")
    option = "--allow-downloads" if all(item.moment == "init" for item in items) else "--trust"
    raise RefusedError(f"not run, since Terraform would do what the stack says: {shown}; {option} lets it")


def versions(workspace: Workspace) -> dict[str, str]:
    """Terraform's version and that of each provider an initialised workspace has, by name without the registry."""
    done = workspace.run("version", "-json", timeout_s=30)
    try:
        selected = json.loads(done.stdout).get("provider_selections", {})
    except ValueError:
        selected = {}
    names = {name.removeprefix(f"{REGISTRY}/"): version for name, version in sorted(selected.items())}
    return {"terraform": workspace.terraform.version, **names}


def plugin_cache() -> Path:
    """Where providers that came from the registry are kept between runs."""
    return platformdirs.user_cache_path("gameday") / "terraform-plugins"


NOT_INHERITED = ("AWS_", "TF_", "TERRAFORM_", "LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES")
"""How names begin that no run inherits."""


def offline_environment(inherited: Mapping[str, str], *, cli: Path, data: Path) -> dict[str, str]:
    """The environment of a run: nothing of the user's AWS_* and TF_*, no library put in front of others, an AWS out of reach."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(NOT_INHERITED)}
    return kept | {
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": NOWHERE,
        "AWS_MAX_ATTEMPTS": "1",
        # For a configuration that names no region; the resolved model assumes the same one.
        "AWS_REGION": "us-east-1",
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": str(cli),
        "TF_DATA_DIR": str(data),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "TMPDIR": str(data.parent / "tmp"),
        # The lock file of a copy is thrown away with it, so the cache may fill it in from this platform alone.
        "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1",
    }


def configuration_directory(directory: Path) -> Path:
    """The directory, resolved; raises TerraformError if it is none or holds no Terraform."""
    if not directory.exists():
        raise TerraformError(f"{directory} does not exist; give a directory that holds Terraform files")
    if not directory.is_dir():
        raise TerraformError(f"{directory} is a file; give the directory that holds it")
    if not configuration_files(directory):
        raise TerraformError(f"{directory} holds no .tf or .tf.json file; give the directory of a root module")
    return directory.resolve()


def configuration_files(directory: Path) -> list[Path]:
    """The files of one module, in the order of their names."""
    return sorted(path for path in directory.iterdir() if path.name.endswith(CONFIGURATION_SUFFIXES) and path.is_file())


_PROVIDER = re.compile(r'^[ \t]*provider[ \t]+"?aws"?[ \t]*\{', re.MULTILINE)
_ALIAS = re.compile(r'^\s*alias\s*=\s*"([^"]+)"', re.MULTILINE)


def offline_override(directory: Path, state: Path) -> str:
    """An override file with which every AWS provider block of the directory plans without asking AWS anything.

    `dynamic` without a case takes an `assume_role` block away, which would ask STS.
    """
    settings = (
        '  access_key                  = "offline"\n'
        '  secret_key                  = "offline"\n'
        "  max_retries                 = 1\n"
        "  skip_credentials_validation = true\n"
        "  skip_metadata_api_check     = true\n"
        "  skip_region_validation      = true\n"
        "  skip_requesting_account_id  = true\n"
    )
    without_role = '  dynamic "assume_role" {\n    for_each = []\n    content {}\n  }\n'
    blocks = [f'terraform {{\n  backend "local" {{\n    path = {json.dumps(str(state))}\n  }}\n}}\n']
    for alias, assumes_role in sorted(_aws_provider_blocks(directory).items()):
        name = f'  alias = "{alias}"\n' if alias else ""
        blocks.append(f'provider "aws" {{\n{name}{settings}{without_role if assumes_role else ""}}}\n')
    return "\n".join(blocks)


def _aws_provider_blocks(directory: Path) -> dict[str, bool]:
    """Alias (empty for the default one) to whether the block assumes a role. The default one is always there in Terraform."""
    found: dict[str, bool] = {"": False}
    for path in configuration_files(directory):
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.name.endswith(".json"):
            for block in _json_provider_blocks(text):
                found[str(block.get("alias", ""))] = "assume_role" in block
            continue
        for match in _PROVIDER.finditer(text):
            body = text[match.end() : _closing_brace(text, match.end())]
            alias = _ALIAS.search(body)
            found[alias[1] if alias else ""] = bool(re.search(r"^\s*assume_role\s*\{", body, re.MULTILINE))
    return found


def _json_provider_blocks(text: str) -> list[dict[str, Any]]:
    try:
        blocks = json.loads(text).get("provider", {}).get("aws", [])
    except (ValueError, AttributeError):
        return []
    return [block for block in (blocks if isinstance(blocks, list) else [blocks]) if isinstance(block, dict)]


def _closing_brace(text: str, start: int) -> int:
    depth = 1
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return len(text)


_RELATIVE = re.compile(r'(\bsource\s*=\s*)?"(?:\$\{path\.(?:module|root|cwd)\}/)?(\.\.?(?:/[^"$%*?{]*)?)(?=["$%*?{])')
"""A relative path in quotes, and whether it stands as a `source`."""


def reached(directory: Path) -> tuple[Path, ...]:
    """The directory, and what its text or that of a module it uses names outside of it by a relative path.

    Files and directories, resolved, sorted, none twice. Read from the text alone, so that it works on what does not parse: a
    path may be meant from its own file, from the module, or from the directory in which Terraform is run. The source of a module
    is meant from its own file alone (an example's `../..` is the module that it shows), save in a test, which runs elsewhere.
    """
    found = {directory}
    queue = [directory]
    while queue:
        here = queue.pop()
        for path in _texts(here):
            text = path.read_text(encoding="utf-8", errors="replace")
            for match in _RELATIVE.finditer(text):
                own = bool(match[1]) and not path.name.endswith(TEST_SUFFIX) and (path.parent / match[2]).is_dir()
                for base in (path.parent,) if own else {here, path.parent, directory}:
                    target = (base / match[2]).resolve()
                    if target in found or not target.exists() or target.is_relative_to(directory):
                        continue
                    found.add(target)
                    if target.is_dir() and not directory.is_relative_to(target):
                        queue.append(target)
    return tuple(sorted(found))


def _texts(directory: Path) -> Iterator[Path]:
    suffixes = (*CONFIGURATION_SUFFIXES, TEST_SUFFIX, ".tfmock.hcl")
    return (path for path in files_below((directory,)) or () if path.name.endswith(suffixes))


def files_below(roots: Iterable[Path]) -> list[Path] | None:
    """Every file below the roots that may be part of a configuration, sorted; None if there are too many to be looked at."""
    found: set[Path] = set()
    size = 0
    for root in roots:
        if root.is_file():
            found.add(root)
            continue
        for parent, directories, names in os.walk(root):
            directories[:] = [name for name in directories if name not in NOT_CONFIGURATION]
            for name in names:
                path = Path(parent) / name
                if ".tfstate" in name or name.endswith(evidence.SUFFIX) or not path.is_file():
                    continue
                found.add(path)
                size += path.stat().st_size
            if len(found) > MAX_INPUT_FILES or size > MAX_INPUT_BYTES:
                return None
    return sorted(found)


def copied_tree(directory: Path, target: Path) -> Path:
    """A copy of the directory below `target`, amid links to what stands around the original as far up as its text reaches."""
    root = Path(os.path.commonpath([directory, *reached(directory)]))
    original, copy = root, target
    copy.mkdir(parents=True)
    for part in directory.relative_to(root).parts:
        for entry in original.iterdir():
            if entry.name != part and entry != target.parent:
                (copy / entry.name).symlink_to(entry)
        original, copy = original / part, copy / part
        copy.mkdir()
    for entry in original.iterdir():
        if entry.name in NOT_CONFIGURATION or ".tfstate" in entry.name:
            continue
        if entry.is_dir():
            (copy / entry.name).symlink_to(entry)
        elif entry.is_file():
            shutil.copyfile(entry, copy / entry.name)
    return copy


def without_tests(copy: Path, names: Iterable[str]) -> None:
    """Takes test files out of a copied directory; `tests` becomes a directory of its own, with links to the others in it."""
    for name in names:
        path = copy / name
        if path.parent.is_symlink():
            original = path.parent.resolve()
            path.parent.unlink()
            path.parent.mkdir()
            for entry in original.iterdir():
                (path.parent / entry.name).symlink_to(entry)
        path.unlink()


def diagnostics(reports: Iterable[Any]) -> tuple[Diagnostic, ...]:
    """Terraform's own diagnostics (the objects in its JSON output) as ours; what speaks of the override file is left out."""
    found = []
    for report in reports:
        place = report.get("range") or {}
        file = str(place.get("filename", "")).removeprefix("./")
        if Path(file).name in {OVERRIDE_FILE, GIVEN_VARIABLES}:  # ours, not the reader's
            file, place = "", {}
        start = place.get("start") or {}
        detail = " ".join(str(report.get("detail", "")).split())
        message = ": ".join(part for part in (str(report.get("summary", "")).rstrip(".:"), detail) if part)
        address = report.get("address")
        if address and address not in message:
            message = f"{address}: {message}"
        severity: Literal["error", "warning"] = "warning" if report.get("severity") == "warning" else "error"
        found.append(Diagnostic(severity, message, Location(file or ".", start.get("line", 1), start.get("column", 1))))
    return tuple(found)


def streamed(output: str) -> Iterator[dict[str, Any]]:
    """The objects of Terraform's line-by-line JSON output (`plan -json`, `test -json`); other lines are passed over."""
    for line in output.splitlines():
        if line.startswith("{"):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                yield value


def sentence(output: str) -> str:
    """The first error of Terraform's text output on one line, without its box."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    lines = [line.strip("│╷╵ \t") for line in plain.splitlines()]
    preamble = "Error: Terraform encountered problems during initiali"  # says only that another error follows
    starts = (index for index, line in enumerate(lines) if line.startswith("Error:") and not line.startswith(preamble))
    start = next(starts, None)
    if start is None:
        return " ".join(line for line in lines if line)[-500:] or "Terraform gave no reason"
    text: list[str] = []
    for line in lines[start:]:
        if text and line.startswith(("Error:", "Warning:")):
            break
        text.append(line)
    return " ".join(" ".join(text).removeprefix("Error:").split())
