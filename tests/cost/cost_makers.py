"""Architectures built by hand, so that the cost is tested apart from the reading of Terraform."""

from decimal import Decimal

from analysis.architecture import Architecture, Location, Reference, Resource, Unknown
from analysis.demand.usage import Usage


def made(address, **values):
    """A resource at `address`. An `Unknown` (in a list or map too) becomes a reference to the resource it names."""
    path = address.split("[")[0].split(".")
    kind, name = path[-2:]
    references = tuple(
        Reference(attribute, unknown.reference.rpartition(".")[0], unknown.reference.rpartition(".")[2])
        for attribute, value in values.items()
        for unknown in unknowns(value)
        if not unknown.reference.startswith(f"{address}.")  # as a plan writes what the provider fills in itself
    )
    return Resource(address, kind, name, values, Location("main.tf", 10), references)


def unknowns(value):
    if isinstance(value, Unknown):
        return [value]
    if isinstance(value, dict):
        return [found for item in value.values() for found in unknowns(item)]
    if isinstance(value, tuple):
        return [found for item in value for found in unknowns(item)]
    return []


def stack(*resources, region="us-east-1"):
    return Architecture("a_stack", tuple(resources), region=region)


def used(address="", load_hours=None, /, **quantities):
    amounts = {key.replace("__", "."): Decimal(str(value)) for key, value in quantities.items()}
    return Usage("a test", {address: amounts} if address else {}, load_hours or {})
