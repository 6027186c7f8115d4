"""How a test asks an emulated AWS: through boto3, as a program would."""

import boto3
import pytest
from botocore.exceptions import ClientError


def client(emulator, service):
    """A client of one service."""
    return boto3.client(service, **emulator.client_arguments())


def refused(code, call, **arguments):
    """The message of a call that has to be refused with this code."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]
