"""One workshop for the session, and the verdicts on its unchanged stacks."""

import pytest
from workshop import Workshop


@pytest.fixture(scope="session")
def workshop(tmp_path_factory):
    return Workshop(tmp_path_factory.mktemp("proofs") / "terraform")


@pytest.fixture(scope="session")
def good(workshop):
    return workshop.prove("good")


@pytest.fixture(scope="session")
def buzzer(workshop):
    return workshop.prove()


@pytest.fixture(scope="session")
def baseline(workshop):
    return workshop.prove("stacks/buzzer_baseline")
