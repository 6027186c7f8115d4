"""Only the run that started an emulator may use it: other users and a browser's pages reach its address, too."""

import json

import pytest
from in_process import ACCOUNT, Account


@pytest.fixture(scope="module")
def account():
    return Account()


def signed(key, service="sts"):
    return {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20261128/us-east-1/{service}/aws4_request, Signature=x"
    }


def asked(
    account, path="/", method="POST", body=b"Action=GetCallerIdentity&Version=2011-06-15", host="127.0.0.1:1", **headers
):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    return account.http.open(
        path, method=method, data=body, base_url="http://127.0.0.1:1", headers=headers | {"Host": host}
    )


def test_a_call_of_this_run_is_answered(account):
    answer = asked(account, **signed(account.keys.key_id))
    assert answer.status_code == 200
    assert ACCOUNT in answer.text


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/", signed("emulated")),
        ("/", signed("")),
        ("/", {"Authorization": "AWS4-HMAC-SHA256 Credential="}),
        ("/", {"Authorization": "Bearer "}),
        ("/?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE/20261128/us-east-1/sts/aws4_request", {}),
        ("/bucket/key", {}),
        ("/moto-api/reset", {}),
        ("/moto-api/data.json", {}),
        ("/_front/declare", {}),
        ("/_front/fork", {"Authorization": "Bearer wrong"}),
        ("/_front/fork", {"Content-Type": "text/plain"}),
        ("/latest/meta-data/iam/security-credentials/", {}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_whoever_does_not_know_the_keys_is_answered_403(account, path, headers, method):
    before = account.log.read_text()
    assert asked(account, path, method, b"[]", **headers).status_code == 403
    assert account.log.read_text() == before


def test_the_key_of_the_calls_opens_no_control_path_and_the_token_no_call(account):
    assert asked(account, "/_front/declare", body=b"[]", **signed(account.keys.key_id)).status_code == 403
    assert asked(account, "/moto-api/reset", **signed(account.keys.key_id)).status_code == 403
    assert asked(account, Authorization=f"Bearer {account.keys.control}").status_code == 403
    declared = asked(account, "/_front/declare", body=b"[]", Authorization=f"Bearer {account.keys.control}")
    assert (declared.status_code, json.loads(declared.text)) == (200, {"declared": 0})


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "127.0.0.1:2", "evil.example", "[::1]:1", ""])
def test_another_name_of_the_address_is_refused_even_with_the_key(account, host):
    assert asked(account, host=host, **signed(account.keys.key_id)).status_code == 403


def test_a_page_in_a_browser_is_refused_even_with_the_key(account):
    for origin in ("http://127.0.0.1:1", "null", "https://evil.example"):
        assert asked(account, Origin=origin, **signed(account.keys.key_id)).status_code == 403


def test_keys_that_the_emulator_hands_out_are_the_runs_too(account):
    arn = f"arn:aws:iam::{ACCOUNT}:role/shop"
    issued = account.client("sts").assume_role(RoleArn=arn, RoleSessionName="shop")["Credentials"]["AccessKeyId"]
    assert asked(account, **signed(issued)).status_code == 200
    assert asked(account, **signed(issued[:-1])).status_code == 403


def test_two_runs_never_share_a_key():
    first, second = Account().keys, Account().keys
    assert not {first.key_id, first.secret, first.control} & {second.key_id, second.secret, second.control}
    assert first.secret not in repr(first)
