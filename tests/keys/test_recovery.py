from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import InvalidRecoveryCode
from objstore.keys.domain_key import DomainKey
from objstore.keys.recovery import decode_recovery_code, encode_recovery_code
from objstore.objects.kinds import Domain

GOLDEN = json.loads((Path(__file__).parent.parent / "golden/secrets/keys.json").read_text(encoding="utf-8"))
KEY = DomainKey(Domain(bytes(range(16))), 5, bytes(range(100, 132)))
CODE = encode_recovery_code(KEY)


@pytest.mark.parametrize("case", GOLDEN, ids=[str(case["epoch"]) for case in GOLDEN])
def test_recovery_codes_are_the_golden_ones(case: dict[str, str | int]) -> None:
    key = DomainKey(Domain(bytes.fromhex(str(case["domain"]))), int(case["epoch"]), bytes.fromhex(str(case["key"])))
    assert encode_recovery_code(key) == case["recovery_code"]
    assert decode_recovery_code(str(case["recovery_code"])).root == key.root


@settings(deadline=None, max_examples=60)
@given(st.binary(min_size=16, max_size=16), st.integers(1, (1 << 32) - 1), st.binary(min_size=32, max_size=32))
def test_a_code_gives_the_key_back(domain: bytes, epoch: int, root: bytes) -> None:
    key = DomainKey(Domain(domain), epoch, root)
    found = decode_recovery_code(encode_recovery_code(key))
    assert (found.name, found.root) == (key.name, key.root)


def test_a_code_may_be_typed_as_people_type() -> None:
    typed = CODE.lower().replace("-", " ").replace("0", "o").replace("1", "l") + "\n"
    assert decode_recovery_code("osk1" + typed[4:]).root == KEY.root
    assert decode_recovery_code(CODE.replace("-", "")).root == KEY.root


def test_every_slip_of_one_character_and_every_swap_of_two_is_found() -> None:
    letters = CODE.replace("-", "")
    chance = random.Random(3)
    for at in range(4, len(letters)):
        other = chance.choice([letter for letter in "0123456789ABCDEFGHJKMNPQRSTVWXYZ" if letter != letters[at]])
        with pytest.raises(InvalidRecoveryCode):
            decode_recovery_code(letters[:at] + other + letters[at + 1 :])
        if at + 1 < len(letters) and letters[at] != letters[at + 1]:
            with pytest.raises(InvalidRecoveryCode):
                decode_recovery_code(letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :])


@pytest.mark.parametrize(
    "text", ["", "OSK1", "OSK2-" + CODE[5:], CODE + "0", CODE[:-1], CODE[:-1] + "U", CODE[:-1] + "é"]
)
def test_what_is_no_code_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidRecoveryCode) as caught:
        decode_recovery_code(text)
    assert CODE[5:15] not in str(caught.value)
