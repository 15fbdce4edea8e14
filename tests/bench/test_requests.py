"""The benchmark's requests are what the servers under test expect, and its ids are valid."""

import json

import jwt as pyjwt

from bench.ids import record_id
from bench.scenarios import CreateTicket, JoinGroup, fixed, jwt

SECRET = "a secret for signing tokens, long enough"


def test_ids_count_up_and_carry_their_check_characters() -> None:
    assert record_id("500", 1) == "5005g0000000001AAA"
    assert record_id("500", 36) == "5005g000000000aAAA"
    assert record_id("500", 10) == "5005g000000000AAAQ"  # the last of the third five is upper case
    assert len({record_id("005", number) for number in range(5000)}) == 5000


def test_a_ticket_names_the_user_its_token_is_for() -> None:
    head, _, body = CreateTicket(jwt(SECRET)).request().partition(b"\r\n\r\n")
    token = head.decode().partition("Bearer ")[2].partition("\r\n")[0]
    claims = pyjwt.decode(token, SECRET, algorithms=["HS256"])
    ticket = json.loads(body)
    assert claims["sub"] == ticket["userId"] == "u000001"
    assert set(ticket["caseInfo"]) == {"subject", "desc", "name", "email"}
    assert f"Content-Length: {len(body)}" in head.decode()


def test_each_ticket_has_its_own_key_and_customers_return_only_if_told_to() -> None:
    many, few = CreateTicket(fixed("key")), CreateTicket(fixed("key"), users=2)
    assert len({many.request() for _ in range(10)}) == 10
    users = {json.loads(few.request().partition(b"\r\n\r\n")[2])["userId"] for _ in range(10)}
    assert users == {"u000000", "u000001"}


def test_only_a_fresh_group_is_a_right_answer() -> None:
    tickets = CreateTicket(fixed("key"))
    answer = b'{"ActionStatus":"OK","ErrorCode":0,"GroupId":"5005g0000000001AAA"}'
    assert tickets.accept(200, answer)
    assert not tickets.accept(200, answer), "the same group for another ticket"
    assert not tickets.accept(202, answer.replace(b"1AAA", b"2AAA"))
    assert not tickets.accept(200, answer.replace(b"1AAA", b"3AAA").replace(b":0,", b":10021,"))


def test_agents_join_each_group_once_before_any_pair_comes_again() -> None:
    joins = JoinGroup(fixed("secret"), [record_id("500", number) for number in range(3)])
    assert len({joins.request() for _ in range(200)}) == 3 * 50
