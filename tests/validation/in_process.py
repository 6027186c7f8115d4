"""The front in this process, asked through boto3 without a socket: every request goes to the WSGI application and comes back."""

import io
import os
import tempfile
from pathlib import Path

import boto3
import botocore.config
from botocore.awsrequest import AWSResponse
from werkzeug.test import Client

from analysis.emulator.process import Keys
from analysis.emulator.server import prepare

ACCOUNT, REGION = "123456789012", "us-east-1"


class Body(io.BytesIO):
    def stream(self, **_):
        while chunk := self.read(65536):
            yield chunk


class Account:
    """A front over moto with an empty account; `client` gives boto3's clients, `log` what was answered by whom."""

    def __init__(self):
        prepare()
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "false"  # a thousand policies, read anew for each account
        from moto.moto_api._internal.models import moto_api_backend

        from analysis.emulator.front import Front

        moto_api_backend.reset()
        self.keys = Keys()
        self.log = Path(tempfile.mkdtemp()) / "calls.jsonl"
        self.front = Front(self.log, self.keys)
        self.http = Client(self.front)

    def client(self, service):
        made = boto3.client(
            service,
            endpoint_url="http://127.0.0.1:1",
            region_name=REGION,
            aws_access_key_id=self.keys.key_id,
            aws_secret_access_key=self.keys.secret,
            config=botocore.config.Config(retries={"total_max_attempts": 1}, parameter_validation=True),
        )
        made.meta.events.register("before-send.*", self._answer)
        return made

    def _answer(self, request, **_):
        path = request.url.removeprefix("http://127.0.0.1:1")
        body = request.body.read() if hasattr(request.body, "read") else request.body
        headers = [
            (name, value.decode() if isinstance(value, bytes) else value) for name, value in request.headers.items()
        ]
        answer = self.http.open(
            path, base_url="http://127.0.0.1:1", method=request.method, headers=headers, data=body or b""
        )
        return AWSResponse(request.url, answer.status_code, dict(answer.headers), Body(answer.get_data()))
