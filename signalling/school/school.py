"""All services of the school, put together."""

from mediaserver.clock import Clock
from signalling.school.attendance import Attendance
from signalling.school.calendars import Calendars
from signalling.school.call_states import CallStates
from signalling.school.codes import Codes
from signalling.school.consents import Consents
from signalling.school.context import Context
from signalling.school.elsewhere import Elsewhere
from signalling.school.entry import Entrances
from signalling.school.families import Families
from signalling.school.groups import Groups
from signalling.school.invitations import Invitations
from signalling.school.journal import Journal
from signalling.school.lessons import Lessons
from signalling.school.oidc import OpenId
from signalling.school.organisations import Organisations
from signalling.school.passes import Passes
from signalling.school.passwords import Argon2Passwords, Passwords
from signalling.school.people import People
from signalling.school.retention import Retention
from signalling.school.roles import Roles
from signalling.school.roster import RosterImport
from signalling.school.screen_uses import ScreenUses
from signalling.school.sessions import Sessions
from signalling.school.settings import SchoolSettings
from signalling.school.staff import Staff
from signalling.store import Database


class School:
    """`key`: of this installation (`link.key`)."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        key: bytes,
        settings: SchoolSettings,
        passwords: Passwords | None = None,
    ) -> None:
        self.context = Context(database, clock, passwords or Argon2Passwords(), Codes(key), settings)
        self.events = self.context.events
        self.roles = Roles(self.context)
        self.sessions = Sessions(self.context)
        self.people = People(self.context, self.roles, self.sessions)
        self.organisations = Organisations(self.context, self.people, self.roles, self.sessions)
        self.openid = OpenId(self.context, self.people, self.sessions)
        self.elsewhere = Elsewhere(self.context)
        self.staff = Staff(self.context, self.people, self.roles, self.sessions)
        self.groups = Groups(self.context)
        self.families = Families(self.context)
        self.lessons = Lessons(self.context)
        self.attendance = Attendance(self.context, self.lessons)
        self.invitations = Invitations(self.context, self.families, self.lessons)
        self.roles.endings.append(self.invitations.revoke_of)
        self.passes = Passes(self.context, self.lessons)
        self.roles.endings.append(self.passes.revoke_of)
        self.entrances = Entrances(self.context, self.lessons, self.invitations)
        self.calendars = Calendars(self.context, self.lessons, self.invitations)
        self.consents = Consents(self.context, self.families)
        self.retention = Retention(self.context, self.families, self.sessions)
        self.roster = RosterImport(self.context, self.families)
        self.journal = Journal(self.context)
        self.screen_uses = ScreenUses(self.context)
        self.call_states = CallStates(self.context)
