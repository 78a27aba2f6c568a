from pathlib import Path

import pytest

from tests.signalling.school.kindergarten import Kindergarten
from tests.signalling.school.library.shelf import Shelf


@pytest.fixture
async def shelf(kindergarten: Kindergarten, tmp_path: Path) -> Shelf:
    return await Shelf(kindergarten, tmp_path / "data").start()
