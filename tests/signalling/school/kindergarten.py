"""A kindergarten for tests: its services on a database, a clock that a test moves, and people of every role."""

from dataclasses import dataclass, field

from sqlalchemy import select

from signalling.school import School, SchoolSettings
from signalling.school.actors import actor_of
from signalling.school.door import Actor
from signalling.school.events import SchoolEvent
from signalling.school.people import NewPerson
from signalling.school.sessions import Known
from signalling.school.words import Role
from signalling.store import Database
from signalling.store.tables import AuditEntry, Membership
from tests.mediaserver.room_fakes import FakeClock

PASSWORD = "Correct horse 1"
ADDRESS = "192.0.2.1"


class QuickPasswords:
    """Nothing to wait for; how real ones are made is tested on its own."""

    async def hash(self, password: str) -> str:
        return password[::-1]

    async def verify(self, password: str, known: str | None) -> bool:
        return known == password[::-1]


@dataclass
class Kindergarten:
    """`start` makes the organisation with its head."""

    database: Database
    settings: SchoolSettings = field(default_factory=SchoolSettings)
    clock: FakeClock = field(default_factory=FakeClock)
    organisation: str = ""
    heard: list[SchoolEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.school = School(self.database, self.clock, b"k" * 32, self.settings, QuickPasswords())
        self.school.events.listen(self.heard.append)
        self.people: dict[str, str] = {}

    async def start(self) -> "Kindergarten":
        code = self.school.organisations.setup_code
        token = await self.school.organisations.set_up(code, "Поляна", "Europe/Moscow", person("head"), "")
        self.people["head"] = (await self.known(token)).person.id
        (made,) = await self.school.organisations.all()
        self.organisation = made.id
        return self

    async def known(self, token: str) -> Known:
        found = await self.school.sessions.resolve(token)
        assert found is not None
        return found

    async def actor(self, name: str) -> Actor:
        async with self.database.read() as session:
            return await actor_of(session, self.people[name])

    async def add(self, name: str, *roles: Role, confirmed: bool = True) -> Actor:
        """Somebody new, who asked for roles and got them."""
        for role in roles:
            if name not in self.people:
                await self.school.people.register(person(name), self.organisation, role, ADDRESS)
                self.people[name] = (await self.school.people.find(f"{name}@example.org")).id
            else:
                await self.school.roles.request(self.people[name], self.organisation, role)
        if confirmed:
            for membership in await self.memberships(name):
                await self.school.roles.confirm(await self.actor("head"), membership.id)
        return await self.actor(name)

    async def memberships(self, name: str) -> list[Membership]:
        query = select(Membership).where(Membership.person_id == self.people[name])
        async with self.database.read() as session:
            return list(await session.scalars(query.order_by(Membership.requested_at, Membership.role)))

    async def sign_in(self, name: str, password: str = PASSWORD, address: str = ADDRESS) -> str:
        return await self.school.people.sign_in(f"{name}@example.org", password, address, "a browser")

    async def actions(self) -> list[str]:
        """What the audit log says, in order."""
        async with self.database.read() as session:
            return list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)))


def person(name: str) -> NewPerson:
    return NewPerson(name.title(), f"{name}@example.org", PASSWORD)
