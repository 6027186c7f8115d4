"""The WSGI application that stands before moto: it finds out what is asked, who should answer, and writes down who did."""

from __future__ import annotations

import hmac
import io
import json
import re
import tempfile
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

from botocore.exceptions import UnknownServiceError
from botocore.parsers import create_parser
from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import BackendRequest, DomainDispatcherApplication, create_backend_app
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, NotFound

from analysis.emulator import absent, answers, control, edits, incident, patches, services
from analysis.emulator.model import strange
from analysis.emulator.process import ACCOUNT, REGION, Answerer, Keys
from analysis.emulator.rows import AS_MOTO_HAS_IT, BROKE, NOBODY, Asked, AwsError, Document, Edit, Memory

# The name a request is signed for -> botocore's name of the service, where they differ.
# https://docs.aws.amazon.com/general/latest/gr/rande.html
SIGNED_FOR = {
    "monitoring": "cloudwatch",
    "elasticloadbalancing": "elbv2",
    "tagging": "resourcegroupstaggingapi",
    "states": "stepfunctions",
    "email": "sesv2",
    "servicequotas": "service-quotas",
    "cloudcontrolapi": "cloudcontrol",
    "eventbridge": "events",
    "aws-marketplace": "meteringmarketplace",
    "execute-api": "apigatewaymanagementapi",
}

ABSENT = {(row.service, row.operation): row for row in (*absent.ROWS, *incident.ABSENT, *services.ABSENT)}
EDITS: dict[tuple[str, str], list[Edit]] = {}
for _row in (*edits.ROWS, *answers.ROWS):
    EDITS.setdefault((_row.service, _row.operation), []).append(_row)
_HEADER = "HTTP_" + AS_MOTO_HAS_IT.upper().replace("-", "_")
REPEATABLE = 256  # answers kept for a client that asks again; a retry follows within seconds
WHAT_TO_DO = "add a row to analysis/emulator/absent.py"
PATCHED = frozenset((row.service, name) for row in (*patches.ROWS, *services.PATCHES) for name in row.operations)


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class _Request:
    """A call as far as it could be understood.

    Where botocore knows no such service `model` is an empty one; where it knows no such operation that is empty, and named `?`.
    """

    service: str
    model: ServiceModel
    operation: OperationModel
    uri: Document
    request: BackendRequest
    region: str

    @property
    def name(self) -> str:
        return self.operation.name

    @property
    def protocol(self) -> str:
        return determine_request_protocol(self.model, self.request.content_type)


# Calls whose answer hands out keys; a call signed with such a key is the run's, too.
ISSUING = frozenset({
    ("iam", "CreateAccessKey"), ("sts", "AssumeRole"), ("sts", "AssumeRoleWithSAML"), ("sts", "AssumeRoleWithWebIdentity"),
    ("sts", "GetFederationToken"), ("sts", "GetSessionToken"),
})  # fmt: skip
_ISSUED = re.compile(rb"<AccessKeyId>([^<]+)</AccessKeyId>")


class Front:
    """The application. `log` gets one line of JSON for each call; `listen` opens a port of its own for a copy of the process.

    Who does not know `keys` is answered 403, and so is whoever a browser sends: another Host, or any Origin. One call is
    answered at a time: moto's stores are not made for threads, and the wait is in Terraform, not here.
    """

    def __init__(
        self, log: Path, keys: Keys, listen: Callable[[], tuple[str, Callable[[], None]]] | None = None
    ) -> None:
        self._path = log
        self._log = log.open("a", encoding="utf-8")
        self._keys = keys
        self._signers = {keys.key_id}
        self._listen = listen or _deaf
        self._lock = threading.Lock()
        self._memory = Memory()
        self._repeatable: OrderedDict[str, _Answer] = OrderedDict()
        self._declared = control.Declared()
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """As WSGI has it."""
        body = _read(environ)
        started = time.monotonic()
        with self._lock:
            controlled = environ.get("PATH_INFO") in control.PATHS
            if refused := self._refused(environ, controlled=controlled):
                answer = _json(403, {"error": refused})
            elif controlled:
                answer = self._controlled(environ["PATH_INFO"], body)
            if refused or controlled:
                start_response(_status_line(answer.status), answer.headers)
                return [answer.body]
            # A client that gave up waiting sends the call again: what was done is not done twice, and the answer is the same.
            attempt = environ.get("HTTP_AMZ_SDK_INVOCATION_ID", "")
            if attempt in self._repeatable:
                answer = self._repeatable[attempt]
                start_response(_status_line(answer.status), answer.headers)
                return [] if environ.get("REQUEST_METHOD") == "HEAD" else [answer.body]
            asked = _understood(environ)
            answered, answer = self._answered(asked, environ, body)
            if attempt and answer.status < 300:
                self._repeatable[attempt] = answer
                if len(self._repeatable) > REPEATABLE:
                    self._repeatable.popitem(last=False)
            if (asked.service, asked.name) in ISSUING:
                self._signers |= {key.decode() for key in _ISSUED.findall(answer.body)}
            self._write(asked, answered, answer, time.monotonic() - started)
        start_response(_status_line(answer.status), answer.headers)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [answer.body]

    def _refused(self, environ: dict[str, Any], *, controlled: bool) -> str:
        """Why a request is not one of this run's; empty where it is."""
        server = f"{environ.get('SERVER_NAME')}:{environ.get('SERVER_PORT')}"
        if environ.get("HTTP_HOST") != server:
            return f"the emulated AWS is {server} and has no other name"
        if "HTTP_ORIGIN" in environ:
            return "the emulated AWS answers no page of a browser"
        if environ.get("PATH_INFO", "").startswith("/moto-api"):
            return "the emulated AWS has no such path"
        if controlled:
            bearer = environ.get("HTTP_AUTHORIZATION", "").encode()
            return (
                ""
                if hmac.compare_digest(bearer, f"Bearer {self._keys.control}".encode())
                else "this is not your emulator"
            )
        key = _credential(environ).partition("/")[0].encode()
        mine = any(hmac.compare_digest(key, signer.encode()) for signer in self._signers)
        return "" if mine else "the call is not signed with a key of this run"

    def _controlled(self, path: str, body: bytes) -> _Answer:
        """The answer to a request of the rehearsal's own: see `control`."""
        try:
            given = json.loads(body)
            said: Document = {"declared": self._declared.add(given)} if path == control.PATHS[0] else self._copied()
        except (control.DeclarationError, ValueError, KeyError, TypeError, OSError) as error:
            return _json(400, {"error": str(error)})
        return _json(200, said)

    def _copied(self) -> Document:
        """Endpoint, process and directory of a copy of this one; called with the lock, so nobody else is at work."""
        scratch = Path(tempfile.mkdtemp(prefix="copy-", dir=self._path.parent))

        def begin() -> tuple[str, Callable[[], None]]:
            self._lock = threading.Lock()  # this thread holds the old one, and no other thread is left
            self._path = scratch / self._path.name
            self._log = self._path.open("a", encoding="utf-8")
            return self._listen()

        return control.forked(begin) | {"scratch": str(scratch)}

    def _answered(self, request: _Request, environ: dict[str, Any], body: bytes) -> tuple[Answerer, _Answer]:
        key = (request.service, request.name)
        try:
            if _HEADER in environ:
                return "moto", self._by_moto(environ, body)
            if self._declared.watches(*key):
                declared = self._declared.answer(*key, _parameters(request))
                if declared is not None:
                    return "declared", _serialised(request, declared)
            if key in ABSENT:
                return "front", self._absent(request)
            return self._by_moto_or_corrected(request, environ, body)
        except NotImplementedError:
            return "unimplemented", _refusal(
                request, "NotImplemented", f"{request.service} {request.name}: {NOBODY}; {WHAT_TO_DO}", 400
            )
        except HTTPException as error:
            return "moto", _Answer(error.code or 500, list(error.get_headers()), str(error.get_body()).encode())
        except (AwsError, ServiceException) as error:
            return "front" if key in ABSENT else "patched", _refusal(request, error.code, error.message)
        except Exception as error:  # noqa: BLE001 - moto fails in many ways; the SDK would try a 500 again 25 times
            said = f"{request.service} {request.name}: {BROKE} {type(error).__name__}: {error}"
            return "unimplemented", _refusal(request, "InternalFailure", said, 400)

    def _by_moto_or_corrected(
        self, request: _Request, environ: dict[str, Any], body: bytes
    ) -> tuple[Answerer, _Answer]:
        key = (request.service, request.name)
        answer = self._by_moto(environ, body)
        if key in EDITS and answer.status < 300:
            return "patched", self._edited(request, answer)
        return ("patched" if key in PATCHED else "moto"), answer

    def _asked(self, request: _Request) -> Asked:
        return Asked(
            request.service,
            request.name,
            _parameters(request),
            ACCOUNT,
            request.region,
            self._memory.of(ACCOUNT, request.region),
        )

    def _absent(self, request: _Request) -> _Answer:
        asked = self._asked(request)
        return _serialised(request, ABSENT[request.service, request.name].answer(asked))

    def _edited(self, request: _Request, answer: _Answer) -> _Answer:
        parser = create_parser(request.protocol)
        shape = request.operation.output_shape
        raw = {
            "status_code": answer.status,
            "headers": _CaseInsensitive(answer.headers),
            "body": answer.body,
            "context": {"operation_name": request.name},
        }
        document: Document = parser.parse(raw, shape) if shape is not None else {}
        document.pop("ResponseMetadata", None)
        for row in EDITS[request.service, request.name]:
            document = row.edit(self._asked(request), document)
        return _serialised(request, document)

    def _by_moto(self, environ: dict[str, Any], body: bytes) -> _Answer:
        kept: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            kept[:] = [int(status.split(" ", 1)[0]), headers]

        chunks = self._moto(environ | {"wsgi.input": io.BytesIO(body)}, start)
        try:
            content = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        status, headers = kept
        if status in {404, 405} and content.startswith(b"<!doctype html>"):  # Flask's own page: moto has no such path
            raise NotImplementedError
        return _Answer(status, headers, content)

    def _write(self, request: _Request, answered: Answerer, answer: _Answer, seconds: float) -> None:
        line = {
            "service": request.service,
            "operation": request.name,
            "status": answer.status,
            "answered": answered,
            "error": _error_code(answer) if answer.status >= 400 else "",
            "seconds": round(seconds, 4),
        }
        against = _against(request)
        self._log.write(json.dumps(line | {"strange": against} if against else line) + "\n")
        self._log.flush()


def _against(request: _Request) -> str:
    """What AWS's model says against the call, as one text; empty where it says nothing."""
    if request.operation.input_shape is None:
        return ""
    try:
        return "; ".join(strange(request.operation.input_shape, _parameters(request)))
    except Exception as error:  # noqa: BLE001 - a call that cannot be read is strange too
        return f"it cannot be read by the model ({type(error).__name__}: {error})"


def _deaf() -> tuple[str, Callable[[], None]]:
    raise OSError("this emulator does not listen by itself, so it cannot be copied")


def _json(status: int, document: Document) -> _Answer:
    body = json.dumps(document).encode()
    return _Answer(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))], body)


class _CaseInsensitive(dict[str, str]):
    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        super().__init__((name.lower(), value) for name, value in items)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())


def _read(environ: dict[str, Any]) -> bytes:
    """The whole body; afterwards the environment speaks of a body of that length, however it was sent."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = stream.read()
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = io.BytesIO(body)
    return cast(bytes, body)


def _understood(environ: dict[str, Any]) -> _Request:
    request = BackendRequest(environ)
    signed_for, region = _scope(environ)
    service = SIGNED_FOR.get(signed_for, signed_for)
    if service == "s3" and environ.get("PATH_INFO", "").startswith("/v20180820/"):
        service = "s3control"
    if service == "apigateway" and environ.get("PATH_INFO", "").startswith("/v2/"):
        service = "apigatewayv2"
    try:
        model = get_service_model(service)
    except UnknownServiceError:  # moto may still know the path: its own pages, the metadata of an instance
        model = ServiceModel({"metadata": {"protocol": "json"}, "operations": {"?": {}}, "shapes": {}}, service)
        return _Request(service, model, model.operation_model("?"), {}, request, region)
    try:
        operation, uri = get_service_router(service).match(request)
    except (NotFound, NotImplementedError):
        operation, uri = OperationModel({}, model, "?"), {}
    finally:
        environ["wsgi.input"].seek(0)
    return _Request(service, model, operation, uri, request, region)


def _credential(environ: dict[str, Any]) -> str:
    """Key and scope of the signature, of the header or of a signed address: `KEY/20261121/us-east-1/ecs/aws4_request`."""
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    credential = next((part for part in authorization.split() if part.startswith("Credential=")), "")
    presigned = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    return credential.removeprefix("Credential=").rstrip(",") or presigned


def _scope(environ: dict[str, Any]) -> tuple[str, str]:
    """Service and region of a call, from its signature."""
    scope = _credential(environ).split("/")
    return (scope[3].lower(), scope[2]) if len(scope) == 5 else ("?", REGION)


def _parameters(request: _Request) -> Document:
    asked = request.request
    parser = PROTOCOL_PARSERS[request.protocol](request.operation)
    found: Document = parser.parse(
        {
            "method": asked.method,
            "values": asked.values,
            "headers": asked.headers,
            "body": asked.data,
            "url_path": asked.path,
            "url_params": request.uri,
        }
    )
    return found


def _serialised(request: _Request, result: object) -> _Answer:
    serializer = get_serializer_class(request.model.service_name, request.protocol)(request.operation)
    answer = serializer.serialize(result)
    body = answer["body"]
    headers = Headers({name: str(value) for name, value in answer["headers"].items()})
    return _Answer(answer["status_code"], list(headers.items()), body.encode() if isinstance(body, str) else body)


def _refusal(request: _Request, code: str, message: str, status: int | None = None) -> _Answer:
    """An error in the protocol of the service, so that the caller sees a sentence and does not try again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # moto warns of codes that the model does not list, such as these
        answer = _serialised(request, AwsError(code, message))
    return _Answer(status or answer.status, answer.headers, answer.body)


def _error_code(answer: _Answer) -> str:
    text = answer.body[:2000].decode(errors="replace")
    for before, after in (("<Code>", "</Code>"), ('"__type": "', '"'), ('"__type":"', '"')):
        start = text.find(before)
        if start >= 0:
            return text[start + len(before) :].split(after, 1)[0].rsplit("#", 1)[-1]
    return {name.lower(): value for name, value in answer.headers}.get("x-amzn-errortype", "")


def _status_line(status: int) -> str:
    from http import HTTPStatus  # noqa: PLC0415

    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unknown"
