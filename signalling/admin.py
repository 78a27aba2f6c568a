"""`polyana admin` and `polyana audit`: what the head can do, for whoever has the machine."""

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import Awaitable, Callable

from sqlalchemy import select

from mediaserver.clock import SystemClock
from signalling.config import Settings
from signalling.pages.lessons import load_link_key
from signalling.school import School, audit
from signalling.school.errors import Conflict, NotFound, SchoolError
from signalling.school.journal import as_csv
from signalling.school.passwords import MAX_LENGTH, MIN_LENGTH
from signalling.school.people import NewPerson
from signalling.school.words import Role, RoleState
from signalling.store import Database, Session
from signalling.store.tables import Membership, Organisation, Person


def add_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    add_settings: Callable[[argparse.ArgumentParser], None],
) -> None:
    """`admin` and `audit` with their own commands."""
    admin = commands.add_parser("admin", help="people and roles, from the console")
    actions = admin.add_subparsers(dest="action", required=True, metavar="ACTION")
    head = actions.add_parser("head", help="make a head, with account and organisation where there are none")
    head.add_argument("email")
    head.add_argument("--name", default="")
    head.add_argument("--organisation", default="", metavar="NAME")
    reset = actions.add_parser("reset-password", help="set a new password; signs out everywhere")
    reset.add_argument("email")
    listing = actions.add_parser("list", help="people with their roles")
    confirm = actions.add_parser("confirm", help="confirm a role that somebody asked for")
    revoke = actions.add_parser("revoke", help="revoke a role; signs out everywhere")
    for action in (confirm, revoke):
        action.add_argument("email")
        action.add_argument("role", choices=[role.value for role in Role])
        action.add_argument("--organisation", default="", metavar="NAME")
    log = commands.add_parser("audit", help="the audit log")
    actions = log.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser("verify", help="look whether anything in it was changed or is missing")
    export = actions.add_parser("export", help="print it")
    export.add_argument("--format", choices=["jsonl", "csv"], default="jsonl")
    for action in (head, reset, listing, confirm, revoke, verify, export):
        add_settings(action)


def main(settings: Settings, arguments: argparse.Namespace) -> int:
    """Runs one command; the exit status."""
    try:
        return asyncio.run(_run(settings, arguments))
    except (SchoolError, OSError) as error:
        print(f"polyana: {error}", file=sys.stderr)
        return 1


async def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    database = Database(settings.store, settings.data)
    await database.open()
    try:
        school = School(database, SystemClock(), load_link_key(settings.data), settings.school)
        console = Console(school, settings.organisation)
        actions: dict[str, Callable[[argparse.Namespace], Awaitable[int]]] = {
            "head": console.head,
            "reset-password": console.reset_password,
            "list": console.list_people,
            "confirm": console.confirm,
            "revoke": console.revoke,
            "verify": console.verify,
            "export": console.export,
        }
        return await actions[arguments.action](arguments)
    finally:
        await database.close()


class Console:
    """Each method is a command. Raises `SchoolError`."""

    def __init__(self, school: School, organisation: str) -> None:
        self._school, self._default = school, organisation
        self._database = school.context.database

    async def head(self, arguments: argparse.Namespace) -> int:
        """An account that exists keeps its password."""
        school = self._school
        try:
            person: Person | None = await school.people.find(arguments.email)
        except NotFound:
            person = None
        new = NewPerson(arguments.name or arguments.email.partition("@")[0], arguments.email, None)
        hashed = await school.context.passwords.hash(read_password()) if person is None else None
        async with self._database.write() as session:
            organisation = await self._organisation(session, arguments.organisation, make=True)
            if person is None:
                person = await school.people.add(session, new, hashed)
            await school.roles.add(
                session, person.id, organisation.id, Role.HEAD, RoleState.CONFIRMED, audit.CONSOLE
            )
        print(f"{person.email} is a head of {organisation.name}")
        return 0

    async def reset_password(self, arguments: argparse.Namespace) -> int:
        person = await self._school.people.find(arguments.email)
        await self._school.people.reset_password(person.id, read_password())
        print(f"{person.email} has a new password and is signed out everywhere")
        return 0

    async def list_people(self, arguments: argparse.Namespace) -> int:
        query = (
            select(Person, Membership, Organisation)
            .join(Membership, Membership.person_id == Person.id, isouter=True)
            .join(Organisation, Organisation.id == Membership.organisation_id, isouter=True)
            .order_by(Person.email, Organisation.name, Membership.requested_at)
        )
        async with self._database.read() as session:
            for person, membership, organisation in await session.execute(query):
                role = f"{membership.role} ({membership.state}) in {organisation.name}" if membership else ""
                print(f"{person.email}\t{person.name}\t{role}")
        return 0

    async def confirm(self, arguments: argparse.Namespace) -> int:
        membership = await self._membership(arguments, RoleState.REQUESTED)
        await self._school.roles.confirm(None, membership.id)
        print(f"{arguments.email} is confirmed as {arguments.role}")
        return 0

    async def revoke(self, arguments: argparse.Namespace) -> int:
        membership = await self._membership(arguments, RoleState.REQUESTED, RoleState.CONFIRMED)
        await self._school.roles.revoke(None, membership.id)
        print(f"{arguments.email} is no longer {arguments.role}, and signed out everywhere")
        return 0

    async def verify(self, arguments: argparse.Namespace) -> int:
        """1 when the chain breaks."""
        async with self._database.read() as session:
            count, fault = await audit.verify(session)
        if fault is None:
            print(f"{count} entries, all in order")
            return 0
        print(f"entry {fault.number}: {fault.reason}; the {count} before it are in order")
        return 1

    async def export(self, arguments: argparse.Namespace) -> int:
        async with self._database.read() as session:
            entries = [entry async for entry in audit.entries(session)]
        if arguments.format == "csv":
            sys.stdout.write(as_csv(entries))
            return 0
        for entry in entries:
            row = {"number": entry.number, "at": entry.at.isoformat(timespec="microseconds")}
            row |= {"organisation": entry.organisation_id, "actor": entry.actor, "action": entry.action}
            row |= {"target": entry.target, "details": json.loads(entry.details), "hash": entry.hash}
            print(json.dumps(row, ensure_ascii=False))
        return 0

    async def _organisation(self, session: Session, name: str, make: bool = False) -> Organisation:
        found = list(await session.scalars(select(Organisation).order_by(Organisation.name)))
        named = [organisation for organisation in found if organisation.name == name] if name else found
        if len(named) == 1:
            return named[0]
        if make and (name or not found):
            zone = self._school.context.settings.time_zone
            return await self._school.organisations.add(session, name or self._default, zone, audit.CONSOLE)
        if not name and found:
            raise Conflict("there are several organisations: name one with --organisation")
        raise NotFound(f"no organisation is called {name!r}")

    async def _membership(self, arguments: argparse.Namespace, *states: RoleState) -> Membership:
        person = await self._school.people.find(arguments.email)
        async with self._database.read() as session:
            organisation = await self._organisation(session, arguments.organisation)
            found = await session.scalar(
                select(Membership).where(
                    Membership.person_id == person.id,
                    Membership.organisation_id == organisation.id,
                    Membership.role == arguments.role,
                    Membership.state.in_(states),
                )
            )
        if found is None:
            raise NotFound(f"{arguments.email} has no such role that is {' or '.join(states)}")
        return found


def read_password() -> str:
    """From the terminal without showing it, else the first line of what is piped in. Raises `Conflict`."""
    typed = getpass.getpass("New password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not MIN_LENGTH <= len(typed) <= MAX_LENGTH:
        raise Conflict(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    return typed
