// Made of the server's OpenAPI description by `make api-types`. Do not edit.

export interface Acceptance {
  readonly name: string;
  readonly password: string;
  readonly language?: "ru" | "en";
}

export interface Accepted {
  readonly status?: string;
}

export interface AccountChange {
  readonly name?: string | null;
  readonly language?: "ru" | "en" | null;
}

export type AgeBand = "1.5-3" | "3-4" | "4-5" | "5-6" | "6-7";

export interface AuditAnswer {
  readonly number: number;
  readonly at: string;
  readonly actor: string;
  readonly actor_name: string | null;
  readonly action: string;
  readonly target: string;
  readonly target_name: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hash: string;
}

export interface AuditPage {
  readonly entries: readonly AuditAnswer[];
  readonly next: number | null;
}

export interface ChildAnswer {
  readonly id: string;
  readonly first_name: string | null;
  readonly group: string | null;
}

export interface ChildBody {
  readonly id?: string | null;
  readonly first_name?: string | null;
  readonly group?: string | null;
}

export interface CountsAnswer {
  readonly new: number;
  readonly changed: number;
  readonly same: number;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface ErrorAnswer {
  readonly error: ErrorDetail;
}

export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
}

export interface FamilyAnswer {
  readonly id: string;
  readonly organisation: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly children: readonly ChildAnswer[];
  readonly guardians: readonly GuardianAnswer[];
}

export interface FamilyBody {
  readonly name: string;
  readonly groups?: readonly string[];
  readonly children?: readonly ChildBody[];
  readonly guardians?: readonly string[];
}

export interface FamilyList {
  readonly families: readonly FamilyAnswer[];
}

export interface FaultAnswer {
  readonly file: string;
  readonly line: number;
  readonly column: string;
  readonly message: string;
}

export interface GroupAnswer {
  readonly id: string;
  readonly organisation: string;
  readonly name: string;
  readonly age: AgeBand;
  readonly teachers: readonly TeacherAnswer[];
}

export interface GroupChange {
  readonly name?: string | null;
  readonly age?: AgeBand | null;
}

export interface GroupList {
  readonly groups: readonly GroupAnswer[];
}

export interface GuardianAnswer {
  readonly id: string;
  readonly name: string;
}

export interface HeldRole {
  readonly id: string;
  readonly role: Role;
  readonly state: RoleState;
  readonly requested_at: string;
  readonly confirmed_at: string | null;
  readonly revoked_at: string | null;
}

export interface Invite {
  readonly name: string;
  readonly email: string;
  readonly role: Role;
}

export interface Me {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly language: "ru" | "en";
  readonly has_password: boolean;
  readonly roles: readonly RoleAnswer[];
  readonly groups: readonly string[];
  readonly families: readonly string[];
}

export interface MemberAnswer {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly badge: Role | null;
  readonly roles: readonly HeldRole[];
}

export interface Members {
  readonly members: readonly MemberAnswer[];
}

export interface NewGroup {
  readonly name: string;
  readonly age: AgeBand;
}

export interface OrganisationAnswer {
  readonly id: string;
  readonly name: string;
  readonly time_zone: string;
}

export interface OrganisationChange {
  readonly name?: string | null;
  readonly time_zone?: string | null;
}

export interface OrganisationName {
  readonly id: string;
  readonly name: string;
}

export interface PasswordChange {
  readonly old: string;
  readonly new: string;
}

export interface Registration {
  readonly organisation: string;
  readonly role: Role;
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly language?: "ru" | "en";
}

export type Role = "head" | "teacher" | "methodologist" | "operator" | "guardian";

export interface RoleAnswer {
  readonly id: string;
  readonly role: Role;
  readonly state: RoleState;
  readonly organisation: OrganisationAnswer;
}

export type RoleState = "requested" | "confirmed" | "revoked";

export interface RoleWish {
  readonly organisation: string;
  readonly role: Role;
}

export interface RosterAnswer {
  readonly faults: readonly FaultAnswer[];
  readonly fault_count: number;
  readonly groups: CountsAnswer;
  readonly families: CountsAnswer;
  readonly children: CountsAnswer;
  readonly unknown_teachers: readonly string[];
  readonly digest: string;
}

export interface RosterCommit {
  readonly files: Readonly<Record<string, string>>;
  readonly digest: string;
  readonly age?: AgeBand;
}

export interface RosterFiles {
  readonly files: Readonly<Record<string, string>>;
}

export interface SetUp {
  readonly code: string;
  readonly organisation: string;
  readonly time_zone?: string | null;
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly language?: "ru" | "en";
}

export interface Site {
  readonly needs_setup: boolean;
  readonly signed_in: boolean;
  readonly registration: boolean;
  readonly pupils_data: boolean;
  readonly organisations: readonly OrganisationName[];
}

export interface StaffInvitationAnswer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly state: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly link?: string | null;
}

export interface StaffInvitations {
  readonly invitations: readonly StaffInvitationAnswer[];
}

export interface TeacherAnswer {
  readonly id: string;
  readonly name: string;
}

export interface Welcome {
  readonly organisation: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
}

export interface Endpoints {
  /** What this server is, for somebody who has not signed in. */
  readonly "GET /api/site": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: Site;
  };
  /** Make the organisation and its first head, with the code that the console prints. */
  readonly "POST /api/setup": {
    readonly path: null;
    readonly query: null;
    readonly body: SetUp;
    readonly answer: Me;
  };
  /** Make an account that asks for a role; it gives nothing until the head confirms it. */
  readonly "POST /api/registrations": {
    readonly path: null;
    readonly query: null;
    readonly body: Registration;
    readonly answer: Accepted;
  };
  /** Sign in; the answer sets the cookie. */
  readonly "POST /api/session": {
    readonly path: null;
    readonly query: null;
    readonly body: Credentials;
    readonly answer: Me;
  };
  /** Sign out of this browser. */
  readonly "DELETE /api/session": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: null;
  };
  /** Sign out of all browsers, this one too. */
  readonly "DELETE /api/sessions": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: null;
  };
  /** Who is signed in, with roles in every state. */
  readonly "GET /api/me": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: Me;
  };
  /** Change one's own name or language. */
  readonly "PATCH /api/me": {
    readonly path: null;
    readonly query: null;
    readonly body: AccountChange;
    readonly answer: Me;
  };
  /** Change one's own password; all other browsers are signed out. */
  readonly "PUT /api/me/password": {
    readonly path: null;
    readonly query: null;
    readonly body: PasswordChange;
    readonly answer: null;
  };
  /** Ask for one more role. */
  readonly "POST /api/me/roles": {
    readonly path: null;
    readonly query: null;
    readonly body: RoleWish;
    readonly answer: Me;
  };
  /** Change name or time zone of an organisation. */
  readonly "PATCH /api/organisations/{organisation}": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: OrganisationChange;
    readonly answer: null;
  };
  /** The staff with badges; the head also sees requests, revoked roles and addresses. */
  readonly "GET /api/organisations/{organisation}/staff": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: Members;
  };
  /** People who are guardians or ask to be. */
  readonly "GET /api/organisations/{organisation}/guardians": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: Members;
  };
  /** Invitations of staff, newest first. */
  readonly "GET /api/organisations/{organisation}/staff-invitations": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: StaffInvitations;
  };
  /** Invite somebody to the staff; the link is shown this once. */
  readonly "POST /api/organisations/{organisation}/staff-invitations": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: Invite;
    readonly answer: StaffInvitationAnswer;
  };
  /** Take an invitation back. */
  readonly "DELETE /api/staff-invitations/{invitation}": {
    readonly path: {
      readonly invitation: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: null;
  };
  /** What a staff invitation leads to. */
  readonly "GET /api/welcome/{code}": {
    readonly path: {
      readonly code: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: Welcome;
  };
  /** Make the account that a staff invitation is for, and sign in. */
  readonly "POST /api/welcome/{code}": {
    readonly path: {
      readonly code: string;
    };
    readonly query: null;
    readonly body: Acceptance;
    readonly answer: Me;
  };
  /** Take the role of a staff invitation for the account that is signed in. */
  readonly "POST /api/welcome/{code}/role": {
    readonly path: {
      readonly code: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: Me;
  };
  /** Confirm a role that somebody asked for. */
  readonly "POST /api/roles/{role}/confirmation": {
    readonly path: {
      readonly role: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: HeldRole;
  };
  /** Revoke or refuse a role; sessions, links and hosting end at once. */
  readonly "POST /api/roles/{role}/revocation": {
    readonly path: {
      readonly role: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: HeldRole;
  };
  /** Groups that the caller may see, by name. */
  readonly "GET /api/organisations/{organisation}/groups": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: GroupList;
  };
  /** Make a group. */
  readonly "POST /api/organisations/{organisation}/groups": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: NewGroup;
    readonly answer: GroupAnswer;
  };
  /** One group. */
  readonly "GET /api/groups/{group}": {
    readonly path: {
      readonly group: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: GroupAnswer;
  };
  /** Change a group's name or age. */
  readonly "PATCH /api/groups/{group}": {
    readonly path: {
      readonly group: string;
    };
    readonly query: null;
    readonly body: GroupChange;
    readonly answer: GroupAnswer;
  };
  /** Remove a group; its families stay. */
  readonly "DELETE /api/groups/{group}": {
    readonly path: {
      readonly group: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: null;
  };
  /** Let a teacher teach a group. */
  readonly "PUT /api/groups/{group}/teachers/{person}": {
    readonly path: {
      readonly group: string;
      readonly person: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: GroupAnswer;
  };
  /** Take a group away from a teacher. */
  readonly "DELETE /api/groups/{group}/teachers/{person}": {
    readonly path: {
      readonly group: string;
      readonly person: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: GroupAnswer;
  };
  /** Families that the caller may see, by name; of one group or of all. */
  readonly "GET /api/organisations/{organisation}/families": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: {
      readonly group?: string | null;
    };
    readonly body: null;
    readonly answer: FamilyList;
  };
  /** Make a family. */
  readonly "POST /api/organisations/{organisation}/families": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: FamilyBody;
    readonly answer: FamilyAnswer;
  };
  /** One family. */
  readonly "GET /api/families/{family}": {
    readonly path: {
      readonly family: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: FamilyAnswer;
  };
  /** Replace what is known of a family. */
  readonly "PUT /api/families/{family}": {
    readonly path: {
      readonly family: string;
    };
    readonly query: null;
    readonly body: FamilyBody;
    readonly answer: FamilyAnswer;
  };
  /** Remove a family and all of its data. */
  readonly "DELETE /api/families/{family}": {
    readonly path: {
      readonly family: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: null;
  };
  /** Read a roster and say what importing it would do, with every line that is wrong. */
  readonly "POST /api/organisations/{organisation}/roster/preview": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: RosterFiles;
    readonly answer: RosterAnswer;
  };
  /** Import the roster that was previewed. */
  readonly "POST /api/organisations/{organisation}/roster": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: RosterCommit;
    readonly answer: RosterAnswer;
  };
  /** Who did what, newest first. */
  readonly "GET /api/organisations/{organisation}/audit": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: {
      readonly before?: number | null;
      readonly limit?: number;
    };
    readonly body: null;
    readonly answer: AuditPage;
  };
  /** The organisation's whole log as CSV. */
  readonly "GET /api/organisations/{organisation}/audit.csv": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: string;
  };
}
