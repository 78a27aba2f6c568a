"""Staff, roles, groups, families and the audit log over HTTP."""

import csv
import io

from signalling.school.words import Role
from tests.signalling.school.api.browser import Browser, Site
from tests.signalling.school.kindergarten import PASSWORD


async def test_a_badge_comes_with_confirmation_and_goes_with_revocation(site: Site) -> None:
    anna = await site.add("anna", Role.TEACHER, confirmed=False)

    async def badge() -> str | None:
        members = (await site.head.get(site.of("staff")))["members"]
        (found,) = [member for member in members if member["name"] == "Anna"]
        return found["badge"]

    role = (await anna.get("/api/me"))["roles"][0]["id"]
    assert await badge() is None
    assert (await site.head.post(f"/api/roles/{role}/confirmation"))["state"] == "confirmed"
    assert await badge() == "teacher"
    assert (await site.head.post(f"/api/roles/{role}/revocation"))["state"] == "revoked"
    assert await badge() is None
    await anna.get("/api/me")
    assert anna.status == 401, "signed out at once"


async def test_nobody_confirms_the_own_role(site: Site) -> None:
    anna = await site.add("anna", Role.HEAD, confirmed=False)
    role = (await anna.get("/api/me"))["roles"][0]["id"]
    await anna.post(f"/api/roles/{role}/confirmation")
    assert anna.refusal() == (404, "NOT_FOUND")
    teacher = await site.add("boris", Role.TEACHER)
    await teacher.post(f"/api/roles/{role}/confirmation")
    assert teacher.refusal() == (403, "DENIED")


async def test_an_invitation_from_the_link_to_the_badge(site: Site) -> None:
    body = {"name": "Anna", "email": "anna@example.org", "role": "teacher"}
    made = await site.head.post(site.of("staff-invitations"), body)
    code = made["link"].rpartition("/")[2]
    assert made["link"].startswith("http://") and len(code) == 26
    listed = await site.head.get(site.of("staff-invitations"))
    assert [(one["state"], one["link"]) for one in listed["invitations"]] == [("open", None)]
    anna = Browser(site.served)
    assert (await anna.get(f"/api/welcome/{code}"))["organisation"] == "Поляна"
    me = await anna.post(f"/api/welcome/{code}", {"name": "Анна", "password": PASSWORD})
    assert anna.status == 201 and me["email"] == "anna@example.org"
    assert (await anna.get("/api/me"))["roles"][0]["state"] == "confirmed"
    for request in (
        anna.get(f"/api/welcome/{code}"),
        anna.get("/api/welcome/" + "a" * 26),
        anna.get("/api/welcome/x"),
    ):
        await request
        assert anna.refusal() == (404, "LINK_NOT_FOUND")


async def test_somebody_with_an_account_takes_a_role_by_invitation(site: Site) -> None:
    boris = await site.add("boris", Role.TEACHER)
    body = {"name": "Boris", "email": "boris@example.org", "role": "methodologist"}
    code = (await site.head.post(site.of("staff-invitations"), body))["link"].rpartition("/")[2]
    await Browser(site.served).post(f"/api/welcome/{code}", {"name": "B", "password": PASSWORD})
    me = await boris.post(f"/api/welcome/{code}/role")
    assert {role["role"] for role in me["roles"]} == {"teacher", "methodologist"}


async def test_an_invitation_that_is_taken_back(site: Site) -> None:
    body = {"name": "Anna", "email": "anna@example.org", "role": "teacher"}
    made = await site.head.post(site.of("staff-invitations"), body)
    await site.head.request("DELETE", f"/api/staff-invitations/{made['id']}")
    await site.head.get(f"/api/welcome/{made['link'].rpartition('/')[2]}")
    assert site.head.refusal() == (404, "LINK_NOT_FOUND")


async def test_groups_and_families(site: Site) -> None:
    anna = await site.add("anna", Role.TEACHER)
    group = await site.group("Rainbow", anna)
    family = await site.family("Petrov", group)
    assert [one["name"] for one in (await anna.get(site.of("groups")))["groups"]] == ["Rainbow"]
    listed = await anna.get(site.of("families"), params={"group": group})
    assert [one["id"] for one in listed["families"]] == [family]
    body = {"name": "Petrovy", "groups": [], "children": [{"first_name": "Vera", "group": group}]}
    changed = await anna.request("PUT", f"/api/families/{family}", body)
    assert anna.status == 200 and changed["children"][0]["first_name"] == "Vera"
    await anna.request("DELETE", f"/api/families/{family}")
    assert anna.refusal() == (403, "DENIED")
    for path in (f"/api/families/{family}", f"/api/groups/{group}"):
        await site.head.request("DELETE", path)
        assert site.head.status == 204
        await site.head.get(path)
        assert site.head.refusal() == (404, "NOT_FOUND")


async def test_the_audit_log_in_pages_and_as_a_file(site: Site) -> None:
    group = await site.group()
    await site.family("Petrov", group)
    first = await site.head.get(site.of("audit"), params={"limit": "2"})
    assert [entry["action"] for entry in first["entries"]] == ["family_made", "group_made"]
    assert first["entries"][1]["target_name"] == "Rainbow" and first["entries"][1]["actor_name"] == "Head"
    rest = await site.head.get(site.of("audit"), params={"before": first["next"]})
    assert [entry["action"] for entry in rest["entries"]] == ["role_confirmed", "organisation_made"]
    assert rest["next"] is None
    text = await site.head.get(site.of("audit.csv"))
    assert site.head.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][:3] == ["number", "at", "actor"] and rows[-1][3] == "audit_exported"
    teacher = await site.add("anna", Role.TEACHER)
    await teacher.get(site.of("audit"))
    assert teacher.refusal() == (403, "DENIED")


async def test_the_organisation_changes_its_name(site: Site) -> None:
    path = f"/api/organisations/{site.organisation}"
    await site.head.request("PATCH", path, {"name": "Лес", "time_zone": "Asia/Omsk"})
    organisation = (await site.head.get("/api/me"))["roles"][0]["organisation"]
    assert (organisation["name"], organisation["time_zone"]) == ("Лес", "Asia/Omsk")
    await site.head.request("PATCH", path, {"time_zone": "Moon/Sea"})
    assert site.head.refusal() == (400, "BAD_REQUEST")


async def test_a_roster_larger_than_other_bodies(site: Site) -> None:
    lines = "".join(f"Rainbow,Family {n},Child {n}\n" for n in range(200))
    files = {"files": {"roster.csv": "group,family,child\n" + lines}}
    plan = await site.head.post(site.of("roster/preview"), files)
    assert (plan["families"]["new"], plan["faults"]) == (200, [])
    done = await site.head.post(site.of("roster"), files | {"digest": plan["digest"]})
    assert site.head.status == 200 and done["children"]["new"] == 200
    wrong = await site.head.post(site.of("roster/preview"), {"files": {"roster.csv": "group,family\na,\n"}})
    assert wrong["faults"] == [
        {
            "file": "roster.csv",
            "line": 2,
            "column": "family",
            "code": "EMPTY",
            "values": {},
            "message": "must not be empty",
        }
    ]
