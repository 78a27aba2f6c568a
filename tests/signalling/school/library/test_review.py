"""Verified by somebody else, withdrawn, expired; a changed byte drops the badge."""

import random
from datetime import timedelta

import pytest

from signalling.library.sealing.manifest import SealBroken
from signalling.school.errors import Conflict, Denied, NotFound
from signalling.school.library.showing import NotShown
from signalling.school.words import ContentState, PreparationState, Programme, Role
from tests.signalling.school.library.shelf import Shelf


async def test_from_a_draft_to_the_badge(shelf: Shelf) -> None:
    content = await shelf.ready()
    submitted = await shelf.library.review.submit(shelf.anna, content)
    assert submitted.state is ContentState.SUBMITTED
    view = await shelf.library.review.verify(shelf.maria, content, submitted.content.revision)
    assert view.state is ContentState.VERIFIED and view.has_badge(shelf.kindergarten.school.context.now())
    assert view.names[shelf.maria.person] == "Maria"
    seal = await shelf.library.material.public_seal(content)
    told = seal.manifest.metadata
    assert told["title"] == "Осенний лес" and told["verified"] is True and told["organisation"] == "Поляна"
    assert told["verified_by"] == "methodologist" and told["basis"] == "протокол 3"
    assert seal.key == shelf.library.keys.entries()[0].id
    actions = await shelf.kindergarten.actions()
    assert actions[-4:] == ["content_uploaded", "content_prepared", "content_submitted", "content_verified"]


async def test_nobody_verifies_what_they_had_a_hand_in(shelf: Shelf) -> None:
    content = await shelf.ready()
    await shelf.library.contents.change(shelf.maria, content, shelf.data_of("x"))
    submitted = await shelf.library.review.submit(shelf.head, content)
    for author in (shelf.maria, shelf.head):
        with pytest.raises(Denied) as refused:
            await shelf.library.review.verify(author, content, submitted.content.revision)
        assert refused.value.code == "OWN_CONTENT"
    with pytest.raises(Denied) as refused:
        await shelf.library.review.verify(shelf.anna, content, submitted.content.revision)
    assert refused.value.code == "DENIED"
    another = await shelf.kindergarten.add("mila", Role.METHODOLOGIST)
    await shelf.library.review.verify(another, content, submitted.content.revision)


async def test_what_was_looked_at_is_what_is_verified(shelf: Shelf) -> None:
    content = await shelf.ready()
    looked_at = (await shelf.library.review.submit(shelf.anna, content)).content.revision
    await shelf.library.review.give_back(shelf.anna, content, None)
    await shelf.library.contents.change(shelf.anna, content, shelf.data_of("Something else"))
    await shelf.library.review.submit(shelf.anna, content)
    with pytest.raises(Conflict):
        await shelf.library.review.verify(shelf.maria, content, looked_at)


async def test_given_back_with_a_remark(shelf: Shelf) -> None:
    content = await shelf.ready()
    await shelf.library.review.submit(shelf.anna, content)
    with pytest.raises(Denied):
        await shelf.library.review.give_back(shelf.anna, content, "better so")
    view = await shelf.library.review.give_back(shelf.maria, content, "too long")
    assert (view.state, view.content.remark) == ("draft", "too long")
    assert (await shelf.library.review.submit(shelf.anna, content)).content.remark is None


async def test_what_cannot_be_submitted(shelf: Shelf) -> None:
    draft = (await shelf.draft()).content.id
    with pytest.raises(Conflict) as refused:
        await shelf.library.review.submit(shelf.anna, draft)
    assert refused.value.code == "NOT_READY"
    incomplete = await shelf.ready(basis=" ")
    with pytest.raises(Conflict) as refused:
        await shelf.library.review.submit(shelf.anna, incomplete)
    assert refused.value.code == "INCOMPLETE"


async def test_withdrawn(shelf: Shelf) -> None:
    content = await shelf.verified()
    with pytest.raises(Denied):
        await shelf.library.review.withdraw(shelf.anna, content, "x")
    view = await shelf.library.review.withdraw(shelf.head, content, "wrong licence")
    assert (view.state, view.content.remark) == ("withdrawn", "wrong licence")
    assert shelf.ended() == [content]
    with pytest.raises(NotFound):
        await shelf.library.material.public_seal(content)
    revised = await shelf.library.review.revise(shelf.anna, content)
    assert revised.state is ContentState.DRAFT and revised.preparation is PreparationState.READY


async def test_expired(shelf: Shelf) -> None:
    until = shelf.kindergarten.school.context.now() + timedelta(days=1)
    content = await shelf.verified(valid_until=until)
    await shelf.library.review.expire()
    assert (await shelf.get(content)).state is ContentState.VERIFIED
    shelf.clock.advance(86_400)
    now = shelf.kindergarten.school.context.now()
    assert not (await shelf.get(content)).has_badge(now)
    await shelf.library.review.expire()
    assert (await shelf.get(content)).state is ContentState.EXPIRED and shelf.ended() == [content]
    over = await shelf.ready(valid_until=until)
    submitted = await shelf.library.review.submit(shelf.anna, over)
    with pytest.raises(Conflict) as refused:
        await shelf.library.review.verify(shelf.maria, over, submitted.content.revision)
    assert refused.value.code == "VALIDITY_OVER"


async def test_files_that_were_changed_are_not_sealed(shelf: Shelf) -> None:
    content = await shelf.ready()
    submitted = await shelf.library.review.submit(shelf.anna, content)
    path = shelf.folder(content) / "video-0.prtp"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Conflict) as refused:
        await shelf.library.review.verify(shelf.maria, content, submitted.content.revision)
    assert refused.value.code == "FILES_CHANGED"
    assert (await shelf.get(content)).state is ContentState.SUBMITTED


@pytest.mark.parametrize("name", ["video-0.prtp", "source", "seal.json"])
async def test_a_changed_byte_drops_the_badge(shelf: Shelf, name: str) -> None:
    content = await shelf.verified()
    checked = await shelf.library.review.check_seal(shelf.anna, content)
    assert checked.content.seal_broken_at is None and shelf.ended() == []
    path = shelf.folder(content) / name
    data = bytearray(path.read_bytes())
    data[random.Random(7).randrange(len(data))] ^= 1
    path.write_bytes(data)
    view = await shelf.library.review.check_seal(shelf.anna, content)
    assert view.content.seal_broken_at is not None
    assert not view.has_badge(shelf.kindergarten.school.context.now())
    assert shelf.ended() == [content]
    with pytest.raises(NotFound):
        await shelf.library.material.public_seal(content)
    with pytest.raises(NotShown, match="seal_broken"):
        await shelf.library.showing.open(content, shelf.kindergarten.organisation, Programme.BASIC)
    await shelf.library.review.check_seal(shelf.anna, content)
    assert (await shelf.kindergarten.actions()).count("content_seal_broken") == 1
    # Only a new file, and a new look at it, brings the badge back.
    await shelf.library.review.withdraw(shelf.maria, content, "changed on disk")
    assert (await shelf.library.review.revise(shelf.anna, content)).preparation is PreparationState.NONE
    await shelf.upload(content)
    await shelf.library.preparations.step()
    again = await shelf.library.review.submit(shelf.anna, content)
    view = await shelf.library.review.verify(shelf.maria, content, again.content.revision)
    assert view.has_badge(shelf.kindergarten.school.context.now())


async def test_a_key_that_was_revoked_vouches_for_nothing(shelf: Shelf) -> None:
    content = await shelf.verified()
    context = shelf.kindergarten.school.context
    shelf.library.keys.revoke(shelf.library.keys.entries()[0].id, context.now())
    with pytest.raises(SealBroken):
        await shelf.library.showing.open(content, shelf.kindergarten.organisation, Programme.BASIC)
    other = await shelf.ready()
    assert (await shelf.get(other)).preparation is PreparationState.FAILED  # nobody can sign


GATE = {
    # state: what a lesson of basic, additional, parents says to content of the programme basic
    "draft": ("not_verified", "not_verified", None),
    "submitted": ("not_verified", "not_verified", None),
    "verified": (None, "wrong_programme", None),
    "withdrawn": ("withdrawn", "withdrawn", "withdrawn"),
    "expired": ("expired", "expired", "expired"),
}


@pytest.mark.parametrize("state", GATE)
async def test_the_gate(shelf: Shelf, state: str) -> None:
    until = shelf.kindergarten.school.context.now() + timedelta(days=1)
    content = await (
        shelf.ready(valid_until=until)
        if state in ("draft", "submitted")
        else shelf.verified(valid_until=until)
    )
    if state == "submitted":
        await shelf.library.review.submit(shelf.anna, content)
    if state == "withdrawn":
        await shelf.library.review.withdraw(shelf.maria, content, "x")
    if state == "expired":
        shelf.clock.advance(86_401)
    showing, organisation = shelf.library.showing, shelf.kindergarten.organisation
    for programme, refusal in zip(Programme, GATE[state], strict=True):
        listed = await showing.allowed(organisation, programme, "лес")
        assert [view.content.id for view in listed] == ([] if refusal else [content])
        if refusal is None:
            view, film = await showing.open(content, organisation, programme)
            assert film.seconds == 3 and film.second(1).records
            assert showing.is_verified(view) == (state == "verified")
        else:
            with pytest.raises(NotShown, match=refusal):
                await showing.open(content, organisation, programme)
        with pytest.raises(NotShown, match="unknown"):
            await showing.open(content, "elsewhere", programme)


async def test_what_is_not_ready_is_not_shown(shelf: Shelf) -> None:
    content = (await shelf.draft()).content.id
    organisation = shelf.kindergarten.organisation
    with pytest.raises(NotShown, match="not_ready"):
        await shelf.library.showing.open(content, organisation, Programme.PARENTS)
    with pytest.raises(NotShown, match="unknown"):
        await shelf.library.showing.open("0" * 32, organisation, Programme.PARENTS)
