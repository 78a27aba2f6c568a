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

export interface AttendanceList {
  readonly rows: readonly Attended[];
}

export interface Attended {
  readonly lesson: string;
  readonly title: string;
  readonly starts_at: string;
  readonly person: string;
  readonly name: string;
  readonly came_at: string;
  readonly left_at: string;
  readonly received_s: number;
  readonly joins: number;
  readonly groups: readonly string[];
}

export interface AuditAnswer {
  readonly number: number;
  readonly at: string;
  readonly actor: string;
  readonly actor_name: string | null;
  readonly action: "registered" | "signed_in" | "sign_in_failed" | "signed_out_everywhere" | "account_changed" | "password_changed" | "identity_linked" | "role_requested" | "role_confirmed" | "role_revoked" | "staff_invited" | "staff_invitation_used" | "staff_invitation_revoked" | "organisation_made" | "organisation_changed" | "group_made" | "group_changed" | "group_removed" | "group_teacher_added" | "group_teacher_removed" | "family_made" | "family_changed" | "family_removed" | "family_exported" | "roster_imported" | "consent_published" | "consent_given" | "consent_withdrawn" | "content_made" | "content_changed" | "content_uploaded" | "content_prepared" | "content_refused" | "content_preparation_failed" | "content_preparation_cancelled" | "content_submitted" | "content_returned" | "content_verified" | "content_withdrawn" | "content_expired" | "content_subtitles_changed" | "content_revised" | "content_removed" | "content_seal_broken" | "lesson_planned" | "lesson_changed" | "lesson_cancelled" | "link_made" | "link_revoked" | "link_devices_forgotten" | "pass_made" | "pass_used" | "pass_revoked" | "link_used_twice" | "link_refused" | "audit_exported" | "call_admit" | "call_admit_all" | "call_admit_expected" | "call_deny" | "call_block" | "call_unblock" | "call_remove" | "call_ban" | "call_set_lock" | "call_panic" | "call_calm" | "call_freeze" | "call_promote" | "call_demote" | "call_make_cohost" | "call_drop_cohost" | "call_set_screen" | "call_extend" | "call_extend_screen" | "call_screen_over" | "call_screen_stopped" | "call_consent_missing" | "call_consent_given" | "call_end" | "call_unattended" | "call_attended" | "call_time_over" | "call_time_stopped" | "call_film_play" | "call_film_pause" | "call_film_seek" | "call_film_stop" | "call_film_stopped" | "call_recording_ask" | "call_recording_started" | "call_recording_paused" | "call_recording_stopped" | "call_recording_failed" | "call_recording_refused" | "call_recording_withdrawn" | "recording_composing_failed" | "recording_downloaded" | "recording_deleted" | "recording_expired";
  readonly target: string;
  readonly target_name: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hash: string;
}

export interface AuditPage {
  readonly entries: readonly AuditAnswer[];
  readonly next: number | null;
}

export interface AuditQuery {
  readonly before?: number | null;
  readonly limit?: number;
  readonly target?: string | null;
}

export interface CalendarLink {
  readonly link: string;
}

export interface CallbackQuery {
  readonly code?: string;
  readonly state?: string;
  readonly error?: string;
}

export interface Cancellation {
  readonly starts_at?: string | null;
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

export interface ConsentAnswer {
  readonly document: string;
  readonly purpose: ConsentPurpose;
  readonly version: number;
  readonly given_at: string;
  readonly withdrawn_at: string | null;
}

export interface ConsentBody {
  readonly document: string;
}

export interface ConsentList {
  readonly consents: readonly ConsentAnswer[];
}

export type ConsentPurpose = "processing" | "recording" | "publication" | "calls";

export interface ContentAnswer {
  readonly id: string;
  readonly organisation: string;
  readonly kind: ContentKind;
  readonly title: string;
  readonly description: string;
  readonly programme: Programme;
  readonly age_mark: 0 | 6 | 12 | 16 | 18;
  readonly age: AgeBand | null;
  readonly licence: string;
  readonly basis: string;
  readonly valid_until: string | null;
  readonly groups: readonly string[];
  readonly state: ContentState;
  readonly badge: boolean;
  readonly revision: number;
  readonly remark: string | null;
  readonly file_name: string | null;
  readonly media_type: string | null;
  readonly size: number | null;
  readonly duration_s: number | null;
  readonly pages: number;
  readonly preparation: PreparationAnswer;
  readonly upload: UploadAnswer | null;
  readonly created_at: string;
  readonly created_by: PersonAnswer | null;
  readonly submitted_at: string | null;
  readonly verified_at: string | null;
  readonly verified_by: PersonAnswer | null;
  readonly ended_at: string | null;
  readonly seal_broken_at: string | null;
  readonly may: readonly ("change" | "verify" | "withdraw")[];
}

export interface ContentBody {
  readonly title: string;
  readonly programme: Programme;
  readonly age_mark: 0 | 6 | 12 | 16 | 18;
  readonly description?: string;
  readonly age?: AgeBand | null;
  readonly licence?: string;
  readonly basis?: string;
  readonly valid_until?: string | null;
  readonly groups?: readonly string[];
}

export type ContentKind = "film" | "sound" | "image" | "document";

export interface ContentList {
  readonly contents: readonly ContentAnswer[];
  readonly total: number;
}

export interface ContentQuery {
  readonly query?: string;
  readonly kind?: ContentKind | null;
  readonly programme?: Programme | null;
  readonly state?: ContentState | null;
  readonly group?: string | null;
  readonly age_mark?: number | null;
  readonly offset?: number;
  readonly limit?: number;
}

export type ContentState = "draft" | "submitted" | "verified" | "withdrawn" | "expired";

export interface CountsAnswer {
  readonly new: number;
  readonly changed: number;
  readonly same: number;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface DocumentAnswer {
  readonly id: string;
  readonly purpose: ConsentPurpose;
  readonly version: number;
  readonly title: string;
  readonly text: string;
  readonly required: boolean;
  readonly without: WithoutConsent;
  readonly published_at: string;
}

export interface DocumentBody {
  readonly purpose: ConsentPurpose;
  readonly title: string;
  readonly text: string;
  readonly required?: boolean;
  readonly without?: WithoutConsent | null;
}

export interface DocumentList {
  readonly documents: readonly DocumentAnswer[];
}

export interface ErrorAnswer {
  readonly error: ErrorDetail;
}

export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
}

export interface EvidenceAnswer {
  readonly time: number;
  readonly picture: string;
}

export type FailureCode = "not_a_film" | "nothing_inside" | "damaged" | "not_pages" | "encrypted" | "too_many_pages" | "no_pictures" | "too_large" | "too_long" | "too_many_pictures" | "too_many_streams" | "too_many_channels" | "too_much_memory" | "too_much_time" | "bad_subtitles" | "stalled" | "crashed" | "disk";

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

export interface FamilyIds {
  readonly families: readonly string[];
}

export interface FamilyList {
  readonly families: readonly FamilyAnswer[];
}

export interface FaultAnswer {
  readonly file: string;
  readonly line: number;
  readonly column: string;
  readonly code: FaultCode;
  readonly values: Readonly<Record<string, string>>;
  readonly message: string;
}

export type FaultCode = "FILE_MISSING" | "COLUMN_MISSING" | "EMPTY" | "REPEATED" | "NO_AGE" | "OTHER_AGE" | "NO_CLASS" | "NO_USER" | "NO_ROLE" | "TOO_MANY_LINES" | "CELLS" | "TOO_LONG" | "CONTROLS" | "NO_CSV";

export interface FindingAnswer {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly start: number;
  readonly end: number;
  readonly value: number | null;
  readonly limit: number;
}

export type FindingCode = "flashes" | "red_flashes" | "black" | "frozen" | "silence" | "clipping" | "too_loud" | "too_quiet" | "true_peak" | "loudness_range" | "no_sound" | "sound_length" | "resolution_low" | "frame_rate_low" | "duration" | "truncated";

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

export interface HostAnswer {
  readonly id: string;
  readonly name: string;
  readonly badge: Role | null;
}

export interface Invite {
  readonly name: string;
  readonly email: string;
  readonly role: Role;
}

export interface JoinBody {
  readonly name?: string | null;
  readonly language?: "ru" | "en";
  readonly data_budget_mb?: number | null;
}

export interface JoinLesson {
  readonly starts_at?: string | null;
  readonly data_budget_mb?: number | null;
}

export interface JournalOf {
  readonly after: string;
  readonly before: string;
  readonly group?: string | null;
}

export interface LessonAnswer {
  readonly id: string;
  readonly organisation: string;
  readonly title: string;
  readonly kind: LessonKind;
  readonly programme: Programme;
  readonly starts_at: string;
  readonly minutes: number;
  readonly age: AgeBand | null;
  readonly groups: readonly string[];
  readonly family: string | null;
  readonly host: HostAnswer | null;
  readonly time_zone: string;
  readonly recurrence: Recurrence | null;
  readonly exceptions: readonly string[];
  readonly mode: string;
  readonly lobby: string;
  readonly reach: string;
  readonly content: string;
  readonly recording: boolean;
  readonly cancelled: boolean;
  readonly limit_minutes: number | null;
  readonly too_long: boolean;
}

export interface LessonBody {
  readonly title: string;
  readonly kind: LessonKind;
  readonly programme: Programme;
  readonly starts_at: string;
  readonly minutes: number;
  readonly age?: AgeBand | null;
  readonly groups?: readonly string[];
  readonly family?: string | null;
  readonly host?: string | null;
  readonly time_zone?: string | null;
  readonly recurrence?: Recurrence | null;
  readonly mode?: "meeting" | "webinar" | "consultation" | null;
  readonly lobby?: "off" | "guests" | "all";
  readonly reach?: "everyone" | "hosts";
  readonly content?: string;
  readonly recording?: boolean;
}

export type LessonKind = "lesson" | "consultation" | "working_meeting" | "pedagogical_council" | "parent_meeting" | "event";

export interface LibraryAnswer {
  readonly used: number;
  readonly quota: number;
  readonly max_file: number;
}

export interface LinkAnswer {
  readonly id: string;
  readonly name: string;
  readonly family: string | null;
  readonly lesson: string | null;
  readonly link: string;
  readonly qr: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly max_devices: number | null;
  readonly devices: number;
  readonly alert_at: string | null;
}

export interface LinkBody {
  readonly expires_at?: string | null;
  readonly max_devices?: number | null;
}

export interface LinkList {
  readonly links: readonly LinkAnswer[];
}

export interface LinkedLesson {
  readonly title: string;
  readonly organisation: string;
  readonly host: string | null;
  readonly badge?: Role | null;
  readonly starts_at?: string | null;
  readonly ends_at?: string | null;
  readonly time_zone?: string | null;
  readonly kind?: LessonKind | null;
  readonly mode?: string;
  readonly state?: "before" | "live" | "after" | "cancelled";
  readonly opens_at?: string | null;
  readonly family?: string | null;
  readonly without_consent?: WithoutConsent;
  readonly content?: string;
  readonly participants: number;
}

export interface LoudnessAnswer {
  readonly integrated: number | null;
  readonly range: number | null;
  readonly true_peak: number | null;
  readonly correction: number;
}

export interface Manifest {
  readonly version?: 1;
  readonly content: string;
  readonly metadata: Readonly<Record<string, string | number | boolean | null>>;
  readonly source: SealedSource;
  readonly renditions: readonly SealedRendition[];
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

export interface Norms {
  readonly lesson: number;
  readonly film?: Screen | null;
  readonly board?: Screen | null;
  readonly panel?: Screen | null;
  readonly tablet?: Screen | null;
  readonly computer?: Screen | null;
}

export interface NormsAnswer {
  readonly norms: Readonly<Record<string, Norms>>;
}

export interface OccurrenceAnswer {
  readonly lesson: LessonAnswer;
  readonly starts_at: string;
  readonly ends_at: string;
  readonly state: "before" | "live" | "after" | "cancelled";
  readonly room: string;
  readonly participants: number;
}

export interface OfGroup {
  readonly group?: string | null;
}

export interface OfTime {
  readonly starts_at?: string | null;
}

export interface OrganisationAnswer {
  readonly id: string;
  readonly name: string;
  readonly time_zone: string;
  readonly recording: boolean;
}

export interface OrganisationChange {
  readonly name?: string | null;
  readonly time_zone?: string | null;
  readonly recording?: boolean | null;
}

export interface OrganisationName {
  readonly id: string;
  readonly name: string;
}

export interface PassAnswer {
  readonly id: string;
  readonly kind: PassKind;
  readonly name: string;
  readonly url: string;
  readonly token: string;
  readonly playlist: string;
  readonly qr: string;
  readonly created_at: string;
  readonly used_at: string | null;
}

export interface PassBody {
  readonly kind: PassKind;
  readonly name: string;
}

export type PassKind = "camera" | "wall" | "audience";

export interface PassList {
  readonly passes: readonly PassAnswer[];
}

export interface PasswordChange {
  readonly old: string;
  readonly new: string;
}

export interface PersonAnswer {
  readonly id: string;
  readonly name: string;
}

export interface PreparationAnswer {
  readonly state: PreparationState;
  readonly step: string | null;
  readonly done: number | null;
  readonly failure: FailureCode | null;
}

export type PreparationState = "none" | "queued" | "running" | "ready" | "refused" | "failed" | "cancelled";

export interface PresentAnswer {
  readonly person: string;
  readonly name: string;
  readonly here: boolean;
  readonly came_at: string;
  readonly left_at: string;
  readonly received_s: number;
  readonly joins: number;
}

export interface PresentList {
  readonly rows: readonly PresentAnswer[];
}

export type Programme = "basic" | "additional" | "parents";

export interface ProviderName {
  readonly id: string;
  readonly name: string;
}

export interface PublicKey {
  readonly id: string;
  readonly public: string;
  readonly made: string;
  readonly revoked: string | null;
}

export interface PublicKeys {
  readonly keys: readonly PublicKey[];
}

export interface Purpose {
  readonly purpose: ConsentPurpose;
}

export interface Range {
  readonly after: string;
  readonly before: string;
}

export interface RecordedBy {
  readonly id: string;
  readonly name: string;
}

export interface RecordingAnswer {
  readonly id: string;
  readonly lesson: string;
  readonly title: string;
  readonly starts_at: string;
  readonly state: RecordingState;
  readonly done: number | null;
  readonly failure: FailureCode | null;
  readonly started_at: string;
  readonly started_by: RecordedBy | null;
  readonly ended_at: string | null;
  readonly duration_s: number | null;
  readonly size: number | null;
  readonly expires_at: string;
  readonly removed_at: string | null;
  readonly removed_by: RecordedBy | null;
  readonly consents: readonly RecordingConsentAnswer[];
  readonly may: readonly "remove"[];
}

export interface RecordingConsentAnswer {
  readonly at: string;
  readonly person: string;
  readonly name: string;
  readonly agreed: boolean;
}

export interface RecordingList {
  readonly recordings: readonly RecordingAnswer[];
}

export type RecordingState = "recording" | "queued" | "composing" | "ready" | "failed" | "deleted";

export interface Recurrence {
  readonly frequency: "daily" | "weekly" | "monthly";
  readonly interval?: number;
  readonly days?: readonly ("MO" | "TU" | "WE" | "TH" | "FR" | "SA" | "SU")[];
  readonly until?: string | null;
  readonly count?: number | null;
}

export interface Registration {
  readonly organisation: string;
  readonly role: Role;
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly language?: "ru" | "en";
}

export interface Remark {
  readonly remark: string;
}

export interface ReportAnswer {
  readonly medium: Sort;
  readonly acceptable: boolean;
  readonly duration: number;
  readonly width: number;
  readonly height: number;
  readonly frame_rate: number;
  readonly channels: number;
  readonly loudness: LoudnessAnswer | null;
  readonly findings: readonly FindingAnswer[];
  readonly evidence: readonly EvidenceAnswer[];
}

export interface RetentionAnswer {
  readonly journal_days: number;
  readonly chat_days: number;
  readonly recording_days: number;
  readonly device_days: number;
  readonly pupils_data: boolean;
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

export interface Schedule {
  readonly occurrences: readonly OccurrenceAnswer[];
}

export interface Screen {
  readonly at_a_time: number;
  readonly a_day?: number | null;
}

export interface Seal {
  readonly manifest: Manifest;
  readonly key: string;
  readonly signature: string;
}

export interface SealedChunk {
  readonly offset: number;
  readonly length: number;
  readonly start: number;
  readonly duration: number;
  readonly sha256: string;
}

export interface SealedRendition {
  readonly file: string;
  readonly kind: "vp8" | "opus" | "h264" | "cmaf-h264" | "cmaf-aac" | "webvtt";
  readonly layer: number;
  readonly clock: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly sha256: string;
  readonly size: number;
  readonly chunks: readonly SealedChunk[];
}

export interface SealedSource {
  readonly sha256: string;
  readonly size: number;
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

export type Severity = "note" | "warning" | "error";

export interface Site {
  readonly needs_setup: boolean;
  readonly signed_in: boolean;
  readonly registration: boolean;
  readonly pupils_data: boolean;
  readonly organisations: readonly OrganisationName[];
  readonly oidc: readonly ProviderName[];
}

export type Sort = "film" | "sound" | "image" | "document";

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

export interface SubtitlesAnswer {
  readonly language: string;
  readonly lines: number;
}

export interface SubtitlesBody {
  readonly text: string;
}

export interface SubtitlesList {
  readonly subtitles: readonly SubtitlesAnswer[];
}

export interface TeacherAnswer {
  readonly id: string;
  readonly name: string;
}

export interface Ticket {
  readonly token: string;
  readonly identity: string;
  readonly correlation_id: string;
  readonly room: string;
  readonly name: string;
  readonly role: string;
  readonly badge: string;
}

export interface UploadAnswer {
  readonly id: string;
  readonly file_name: string;
  readonly length: number;
  readonly own: boolean;
}

export interface Verification {
  readonly revision: number;
}

export interface Welcome {
  readonly organisation: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
}

export interface Withdrawal {
  readonly reason: string;
}

export type WithoutConsent = "nothing" | "watch" | "out";

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
  /** Change an organisation: its name, its time zone, whether its lessons may be recorded. */
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
  /** What takes place in some days, of what the caller may see, by time. */
  readonly "GET /api/organisations/{organisation}/schedule": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: {
      readonly after: string;
      readonly before: string;
    };
    readonly body: null;
    readonly answer: Schedule;
  };
  /** Plan a lesson; the answer is its first or next time. */
  readonly "POST /api/organisations/{organisation}/schedule": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: LessonBody;
    readonly answer: OccurrenceAnswer;
  };
  /** A lesson with the time that is on, else the next, else the last. */
  readonly "GET /api/schedule/{lesson}": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: OccurrenceAnswer;
  };
  /** Replace a lesson. */
  readonly "PUT /api/schedule/{lesson}": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: null;
    readonly body: LessonBody;
    readonly answer: OccurrenceAnswer;
  };
  /** Cancel a lesson, or one time of it; a call that is on ends. */
  readonly "POST /api/schedule/{lesson}/cancellation": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: null;
    readonly body: Cancellation;
    readonly answer: OccurrenceAnswer;
  };
  /** Join with one's account: an access token for the call. */
  readonly "POST /api/schedule/{lesson}/join": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: null;
    readonly body: JoinLesson;
    readonly answer: Ticket;
  };
  /** A lesson as iCalendar file. */
  readonly "GET /api/schedule/{lesson}/calendar.ics": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: string;
  };
  /** The link of one's own calendar. */
  readonly "GET /api/me/calendar": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: CalendarLink;
  };
  /** Another link of one's own calendar; the old one ends. */
  readonly "POST /api/me/calendar": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: CalendarLink;
  };
  /** How long lessons and screens may be, by age. */
  readonly "GET /api/norms": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: NormsAnswer;
  };
  /** Make the personal link of a family anew; the one before it ends. */
  readonly "POST /api/families/{family}/links": {
    readonly path: {
      readonly family: string;
    };
    readonly query: null;
    readonly body: LinkBody;
    readonly answer: LinkAnswer;
  };
  /** The links of a family that are not revoked, newest first. */
  readonly "GET /api/families/{family}/links": {
    readonly path: {
      readonly family: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: LinkList;
  };
  /** The personal links of all families of a group, for a sheet to print; made where there are none. */
  readonly "POST /api/groups/{group}/links": {
    readonly path: {
      readonly group: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: LinkList;
  };
  /** Make a shared link of a lesson: whoever comes by it waits in the lobby. */
  readonly "POST /api/schedule/{lesson}/links": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: null;
    readonly body: LinkBody;
    readonly answer: LinkAnswer;
  };
  /** The shared links of a lesson that are not revoked, newest first. */
  readonly "GET /api/schedule/{lesson}/links": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: LinkList;
  };
  /** One link, with its code. */
  readonly "GET /api/links/{link}": {
    readonly path: {
      readonly link: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: LinkAnswer;
  };
  /** End a link; whoever came by it leaves the call. */
  readonly "DELETE /api/links/{link}": {
    readonly path: {
      readonly link: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: null;
  };
  /** Let a family come with other devices; answers the alert. */
  readonly "DELETE /api/links/{link}/devices": {
    readonly path: {
      readonly link: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: LinkAnswer;
  };
  /** What a link leads to; the same answer for every wrong one. */
  readonly "GET /api/lessons/{code}": {
    readonly path: {
      readonly code: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: LinkedLesson;
  };
  /** Join by a link: an access token for the call. */
  readonly "POST /api/lessons/{code}/join": {
    readonly path: {
      readonly code: string;
    };
    readonly query: null;
    readonly body: JoinBody;
    readonly answer: Ticket;
  };
  /** The lessons of a link as iCalendar; programs may fetch it again and again. */
  readonly "GET /api/lessons/{code}/calendar.ics": {
    readonly path: {
      readonly code: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: string;
  };
  /** Somebody's lessons as iCalendar, by the secret link of `GET /api/me/calendar`. */
  readonly "GET /api/calendar/{code}": {
    readonly path: {
      readonly code: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: string;
  };
  /** Let a camera, a wall screen or an audience into a lesson. */
  readonly "POST /api/schedule/{lesson}/passes": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: null;
    readonly body: PassBody;
    readonly answer: PassAnswer;
  };
  /** The passes of a lesson that are not revoked, oldest first. */
  readonly "GET /api/schedule/{lesson}/passes": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: PassList;
  };
  /** End a pass; what came by it leaves the call. */
  readonly "DELETE /api/passes/{pass}": {
    readonly path: {
      readonly pass: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: null;
  };
  /** Who was in a lesson. */
  readonly "GET /api/schedule/{lesson}/attendance": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: {
      readonly starts_at?: string | null;
    };
    readonly body: null;
    readonly answer: AttendanceList;
  };
  /** Who is in a lesson now, or has been since its call began. */
  readonly "GET /api/schedule/{lesson}/attendance/now": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: PresentList;
  };
  /** Who was in a lesson, as CSV. */
  readonly "GET /api/schedule/{lesson}/attendance.csv": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: {
      readonly starts_at?: string | null;
    };
    readonly body: null;
    readonly answer: string;
  };
  /** Who was in a lesson, as a workbook. */
  readonly "GET /api/schedule/{lesson}/attendance.xlsx": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: {
      readonly starts_at?: string | null;
    };
    readonly body: null;
    readonly answer: string;
  };
  /** The journal of some days, of lessons that the caller leads or heads. */
  readonly "GET /api/organisations/{organisation}/attendance": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: {
      readonly after: string;
      readonly before: string;
      readonly group?: string | null;
    };
    readonly body: null;
    readonly answer: AttendanceList;
  };
  /** The journal as CSV. */
  readonly "GET /api/organisations/{organisation}/attendance.csv": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: {
      readonly after: string;
      readonly before: string;
      readonly group?: string | null;
    };
    readonly body: null;
    readonly answer: string;
  };
  /** The journal as a workbook. */
  readonly "GET /api/organisations/{organisation}/attendance.xlsx": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: {
      readonly after: string;
      readonly before: string;
      readonly group?: string | null;
    };
    readonly body: null;
    readonly answer: string;
  };
  /** What families are asked to agree to, one document for each purpose. */
  readonly "GET /api/organisations/{organisation}/consents": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: DocumentList;
  };
  /** Publish a document, or a new version of it; families are asked anew. */
  readonly "POST /api/organisations/{organisation}/consents": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: DocumentBody;
    readonly answer: DocumentAnswer;
  };
  /** Families that have not agreed to what holds now. */
  readonly "GET /api/organisations/{organisation}/consents/missing": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: {
      readonly purpose: ConsentPurpose;
    };
    readonly body: null;
    readonly answer: FamilyIds;
  };
  /** All consents of a family, withdrawn ones too, newest first. */
  readonly "GET /api/families/{family}/consents": {
    readonly path: {
      readonly family: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: ConsentList;
  };
  /** Agree, as a guardian of the family. */
  readonly "POST /api/families/{family}/consents": {
    readonly path: {
      readonly family: string;
    };
    readonly query: null;
    readonly body: ConsentBody;
    readonly answer: ConsentAnswer;
  };
  /** Withdraw a consent. */
  readonly "POST /api/families/{family}/consents/withdrawal": {
    readonly path: {
      readonly family: string;
    };
    readonly query: null;
    readonly body: ConsentBody;
    readonly answer: ConsentAnswer;
  };
  /** All that is known of a family, as a JSON file; guardians and the head may. */
  readonly "POST /api/families/{family}/export": {
    readonly path: {
      readonly family: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: string;
  };
  /** How long this server keeps data, as its settings say. */
  readonly "GET /api/retention": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: RetentionAnswer;
  };
  /** Go to the provider to sign in: a link, not a call of a script. */
  readonly "GET /api/oidc/{provider}/start": {
    readonly path: {
      readonly provider: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: string;
  };
  /** Come back from the provider: signed in and on the first page, or on the sign-in page with `error`. */
  readonly "GET /api/oidc/{provider}/callback": {
    readonly path: {
      readonly provider: string;
    };
    readonly query: {
      readonly code?: string;
      readonly state?: string;
      readonly error?: string;
    };
    readonly body: null;
    readonly answer: string;
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
      readonly target?: string | null;
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
  /** How full the library of an organisation is. */
  readonly "GET /api/organisations/{organisation}/library": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: LibraryAnswer;
  };
  /** Search the library; newest first. */
  readonly "GET /api/organisations/{organisation}/content": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: {
      readonly query?: string;
      readonly kind?: ContentKind | null;
      readonly programme?: Programme | null;
      readonly state?: ContentState | null;
      readonly group?: string | null;
      readonly age_mark?: number | null;
      readonly offset?: number;
      readonly limit?: number;
    };
    readonly body: null;
    readonly answer: ContentList;
  };
  /** Make a draft; its file is uploaded afterwards. */
  readonly "POST /api/organisations/{organisation}/content": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: ContentBody;
    readonly answer: ContentAnswer;
  };
  /** One piece of content, with the progress of its preparation. */
  readonly "GET /api/content/{content}": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: ContentAnswer;
  };
  /** Replace what is written of a draft. */
  readonly "PUT /api/content/{content}": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: ContentBody;
    readonly answer: ContentAnswer;
  };
  /** Remove content with its files. */
  readonly "DELETE /api/content/{content}": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: null;
  };
  /** Submit a draft, so that somebody else verifies it. */
  readonly "POST /api/content/{content}/submission": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: ContentAnswer;
  };
  /** Take a submission back. */
  readonly "DELETE /api/content/{content}/submission": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: ContentAnswer;
  };
  /** Give a submission back to its authors. */
  readonly "POST /api/content/{content}/return": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: Remark;
    readonly answer: ContentAnswer;
  };
  /** Verify and seal what somebody else submitted. */
  readonly "POST /api/content/{content}/verification": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: Verification;
    readonly answer: ContentAnswer;
  };
  /** Withdraw verified content; what is on of it stops. */
  readonly "POST /api/content/{content}/withdrawal": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: Withdrawal;
    readonly answer: ContentAnswer;
  };
  /** Make what was withdrawn or has expired a draft again. */
  readonly "POST /api/content/{content}/revision": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: ContentAnswer;
  };
  /** Prepare a file anew that failed or was cancelled. */
  readonly "POST /api/content/{content}/preparation": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: ContentAnswer;
  };
  /** Cancel the preparation of a file. */
  readonly "DELETE /api/content/{content}/preparation": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: ContentAnswer;
  };
  /** Read all files of content and compare them with its seal. */
  readonly "POST /api/content/{content}/seal/check": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: ContentAnswer;
  };
  /** What the automatic checks found. */
  readonly "GET /api/content/{content}/report": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: ReportAnswer;
  };
  /** The contact sheet, a picture of what was found, or a page (`page-001` is the first). */
  readonly "GET /api/content/{content}/pictures/{picture}": {
    readonly path: {
      readonly content: string;
      readonly picture: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: string;
  };
  /** The file as it was uploaded, also in parts (Range). */
  readonly "GET /api/content/{content}/source": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: string;
  };
  /** A file as it is broadcast, also in parts (Range), for who compares it with the seal; `film.m3u8` plays it. */
  readonly "GET /api/content/{content}/renditions/{rendition}": {
    readonly path: {
      readonly content: string;
      readonly rendition: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: string;
  };
  /** Languages of a film's subtitles, those inside its file and those that were given. */
  readonly "GET /api/content/{content}/subtitles": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: SubtitlesList;
  };
  /** Give a draft subtitles; its preparation puts them in and seals anew. */
  readonly "PUT /api/content/{content}/subtitles/{language}": {
    readonly path: {
      readonly content: string;
      readonly language: string;
    };
    readonly query: null;
    readonly body: SubtitlesBody;
    readonly answer: ContentAnswer;
  };
  /** Take the subtitles of a draft away. */
  readonly "DELETE /api/content/{content}/subtitles/{language}": {
    readonly path: {
      readonly content: string;
      readonly language: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: ContentAnswer;
  };
  /** The seal: digests of all pieces, what is known of the content, who signed. Of what is not verified, too. */
  readonly "GET /api/content/{content}/seal": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: Seal;
  };
  /** Public keys of this installation. */
  readonly "GET /.well-known/polyana/keys.json": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: PublicKeys;
  };
  /** The seal of verified content, for anybody who knows its id. */
  readonly "GET /.well-known/polyana/manifests/{content}.json": {
    readonly path: {
      readonly content: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: Seal;
  };
  /** All recordings of a lesson, newest first; also those whose file is gone. */
  readonly "GET /api/schedule/{lesson}/recordings": {
    readonly path: {
      readonly lesson: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: RecordingList;
  };
  /** Recordings of all lessons whose recordings the caller may see, the newest 500. */
  readonly "GET /api/organisations/{organisation}/recordings": {
    readonly path: {
      readonly organisation: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: RecordingList;
  };
  /** One recording, with the progress of its composition. */
  readonly "GET /api/recordings/{recording}": {
    readonly path: {
      readonly recording: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: RecordingAnswer;
  };
  /** Delete the file of a recording; that there was one, and who agreed, stays written down. */
  readonly "DELETE /api/recordings/{recording}": {
    readonly path: {
      readonly recording: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: RecordingAnswer;
  };
  /** The film, also in parts (Range). */
  readonly "GET /api/recordings/{recording}/file": {
    readonly path: {
      readonly recording: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: string;
  };
  /** Compose a recording anew that failed. */
  readonly "POST /api/recordings/{recording}/composition": {
    readonly path: {
      readonly recording: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: RecordingAnswer;
  };
}
