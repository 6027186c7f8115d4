"""Parsed files by the hash of their content, in the user's cache directory.

The tree of a text depends on the text, on python-hcl2's grammar and on this package's syntax modules: these make the key. A file
of the cache is a pickle in which only the tree's own classes can be named, and they can only be built, so a planted file can at
worst hold a wrong tree, never run code. The directory is used only if it belongs to this user and nobody else can write in it.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from types import MethodType
from typing import Any, Final

from analysis import files
from analysis.architecture import Diagnostic, Location
from analysis.terraform import tree
from analysis.terraform.private import VERSION, Parsed, no_collection, private_directory
from analysis.terraform.values import Precise

CHECKSUM_BYTES: Final = 8

NODES: Final = (
    tree.Literal,
    tree.Template,
    tree.TemplateIf,
    tree.TemplateFor,
    tree.Name,
    tree.Attribute,
    tree.Index,
    tree.SplatItem,
    tree.Splat,
    tree.Unary,
    tree.Binary,
    tree.Conditional,
    tree.Call,
    tree.TupleNode,
    tree.ObjectNode,
    tree.DottedKey,
    tree.ForTuple,
    tree.ForObject,
    tree.Argument,
    tree.Block,
    tree.Body,
)


# --- content -------------------------------------------------------------------------------------------------------------------

BUILDERS: Final = {
    (kind.__module__, kind.__qualname__): MethodType(tuple.__new__, kind) for kind in (*NODES, Location, Diagnostic)
} | {
    (Location.__module__, Location.__qualname__): Location,
    (Diagnostic.__module__, Diagnostic.__qualname__): Diagnostic,
    (Precise.__module__, Precise.__qualname__): lambda *ratio: Precise(Fraction(*ratio)),
}
"""What a cached file may call. A node is built from one tuple of its parts, by `tuple` itself: no code of the class runs."""


class _Writer(pickle.Pickler):
    """Writes a node as a call of its class with one tuple."""

    dispatch_table = {  # noqa: RUF012 - the base class reads it as an instance's attribute
        **{kind: (lambda node: (type(node), (tuple(node),))) for kind in NODES},
        Precise: lambda size: (Precise, size.exact.as_integer_ratio()),
        Location: lambda place: (Location, (place.file, place.line, place.column)),
        Diagnostic: lambda found: (Diagnostic, (found.severity, found.message, found.location)),
    }


class _Reader(pickle.Unpickler):
    """Reads what `_Writer` wrote, and refuses to name anything else."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return BUILDERS[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} does not belong into a cached tree") from None


def encoded(parsed: Parsed) -> bytes:
    """The tree and its diagnostics as bytes."""
    buffer = io.BytesIO()
    _Writer(buffer, protocol=5).dump(parsed)
    return checksum(buffer.getvalue()) + buffer.getvalue()


def checksum(content: bytes) -> bytes:
    """What leads an entry, so that a damaged one is seen: eight bytes of the content's hash."""
    return hashlib.blake2b(content, digest_size=CHECKSUM_BYTES).digest()


def decoded(content: bytes) -> Parsed:
    """The inverse of `encoded`. Whatever is wrong with the content: `ValueError`."""
    tree_bytes = content[CHECKSUM_BYTES:]
    if checksum(tree_bytes) != content[:CHECKSUM_BYTES]:
        raise ValueError("not a cached tree")
    try:
        with no_collection():
            body, problems = _Reader(io.BytesIO(tree_bytes)).load()
    except Exception as error:  # a damaged pickle raises anything
        raise ValueError("not a cached tree") from error
    if type(body) is not tree.Body or not all(type(problem) is Diagnostic for problem in problems):
        raise ValueError("not a cached tree")
    return body, problems


def parsed(path: Path, name: str, directory: Path | None = None) -> Parsed:
    """The tree of the `.tf`, `.tfvars` or `.json` file at `path`, from the cache if its content is known there.

    `name` is what diagnostics call the file; `directory` is the cache's, by default one in the user's. A file
    that cannot be read gives an empty tree and a diagnostic.
    """
    try:
        content = files.read_bytes(path)
    except OSError as error:
        return refused(name, f"the file cannot be read: {error.strerror}")
    private = private_directory(directory)
    if private is None:
        return parsed_afresh(content, name)
    digest = hashlib.sha256(f"{VERSION}\0{name}\0".encode("utf-8", "surrogatepass") + content).hexdigest()
    place = private / f"{digest}.tree"
    with suppress(OSError, ValueError):
        return _kept(place)
    result = parsed_afresh(content, name)
    with suppress(OSError, RecursionError):
        files.write_own(place, encoded(result))
    return result


@lru_cache(maxsize=256)
def _kept(place: Path) -> Parsed:
    """The tree in a file of the cache, whose name says of what content it is; a tree never changes, so it is read once."""
    return decoded(files.read_bytes(place, files.RECORD_BYTES))


def parsed_afresh(content: bytes, name: str) -> Parsed:
    """The tree of the content of a file, without the cache."""
    from analysis.terraform import syntax  # noqa: PLC0415 - lark and the grammar are needed only where the cache does not help

    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        return refused(name, "the file is not text in UTF-8", line, column)
    return syntax.parse_json(text, name) if name.endswith(".json") else syntax.parse(text, name)


def refused(name: str, message: str, line: int = 1, column: int = 1) -> Parsed:
    """An empty tree and the reason."""
    return tree.Body((), ()), (Diagnostic("error", message, Location(name, line, column)),)
