"""Sizes as AWS's arguments write them, and that every reader takes the same ones."""

import pytest

from analysis.wiring.values import cpu_units, memory_mib, number


@pytest.mark.parametrize(
    ("value", "units"), [("256", 256), (512, 512), ("1 vCPU", 1024), (".25vcpu", 256), ("16 VCPU", 16384)]
)
def test_a_processor_is_read_in_units_or_in_vcpus(value, units):
    assert cpu_units(value) == units


@pytest.mark.parametrize(("value", "mib"), [("512", 512), (2048, 2048), ("2 GB", 2048), ("0.5gb", 512), ("512MB", 512)])
def test_memory_is_read_in_mib_or_in_gb(value, mib):
    assert memory_mib(value) == mib


@pytest.mark.parametrize("value", ["", "lots", "1 GHz", "1.2.3 vCPU", "-1 vCPU", None, True, ["256"]])
def test_what_is_no_size_is_none(value):
    assert cpu_units(value) is None
    assert memory_mib(value) is None


def test_a_number_is_read_as_terraform_converts():
    assert (number("4.5"), number(3), number(True), number("four"), number(None)) == (4.5, 3.0, None, None, None)
