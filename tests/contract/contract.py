"""All that a system must promise: `class TestMine(Contract)`, with the hooks of `hooks`."""

from __future__ import annotations

from tests.contract.batch_contract import BatchContract
from tests.contract.beside_contract import BesideContract
from tests.contract.edit_contract import EditContract
from tests.contract.hooks import CHAIN, Foreign, settled
from tests.contract.restore_contract import RestoreContract
from tests.contract.system_contract import SystemContract
from tests.contract.watch_contract import WatchContract

__all__ = ["CHAIN", "Contract", "Foreign", "settled"]


class Contract(
    SystemContract, EditContract, BatchContract, RestoreContract, BesideContract, WatchContract
):
    """Inherit it and implement what is abstract in `ContractHooks`."""
