"""Says with whom the contract is not checked here."""

from __future__ import annotations

import pytest


def test_the_contract_is_checked_with(absent: str, reason: str) -> None:
    pytest.skip(f"{absent}: {reason}")
