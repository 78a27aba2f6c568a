import { signal } from "@preact/signals";
import { cleanup, fireEvent, render } from "@testing-library/preact";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CallControl } from "../src/features/call/control/client.ts";
import type { Inside, PeoplePage, Person } from "../src/features/call/control/model.ts";
import { Here, ROWS } from "../src/features/call/host/here.tsx";
import type { Call, ParticipantView } from "../src/features/call/model.ts";
import { CROWD, tilesOf } from "../src/features/call/tiles.ts";
import { presenceChange } from "../src/features/call/use-presence.ts";
import { controlCatalogues } from "../src/i18n/control/index.ts";
import { setLanguage } from "../src/i18n/index.ts";
import { inside, person, token } from "./control-fakes.ts";

setLanguage("en");
const m = controlCatalogues.en.people;
afterEach(cleanup);

const TOTAL = 3000;
const viewer = (number: number, more: Partial<Person> = {}) =>
  person(`family:${number}`, { power: "viewer", ...more });

function view(number: number, more: Partial<ParticipantView> = {}): ParticipantView {
  return {
    identity: `family:${number}:a`,
    name: `family:${number}`,
    badge: "",
    isLocal: false,
    watches: true,
    microphoneOn: false,
    speaking: false,
    quality: "excellent",
    camera: null,
    screen: null,
    ...more,
  };
}

const HOST = person("staff:1", { power: "host" });
const webinar = (named: number, more: Partial<Inside> = {}) =>
  inside(
    {
      mode: "webinar",
      people: [...Array.from({ length: named }, (_, number) => viewer(number)), HOST],
      people_total: TOTAL,
      ...more,
    },
    { person: "staff:1", power: "host" },
  );

function show(snapshot: Inside, people: (query: string, first: number) => Promise<PeoplePage | null>) {
  const views = Array.from({ length: TOTAL }, (_, number) => view(number));
  const call = { participants: signal(views), control: { people } } as unknown as Call;
  const shown = render(<Here call={call} snapshot={snapshot} />);
  const rows = () => shown.queryAllByTestId("person-row").map((row) => row.dataset.person);
  return { ...shown, rows, again: (next: Inside) => shown.rerender(<Here call={call} snapshot={next} />) };
}

describe("an audience in the list of the host", () => {
  it("is shown in parts, who leads first, and one more is one more row at most", () => {
    const people = vi.fn(async () => null);
    const shown = show(webinar(119), people);
    expect(shown.rows()).toHaveLength(ROWS);
    expect(shown.rows()[0]).toBe("staff:1");
    expect(shown.getByTestId("people-shown").textContent).toBe(m.shown(ROWS, TOTAL));
    const before = shown.getAllByTestId("person-row");
    shown.again(webinar(120, { people_total: TOTAL + 1 }));
    expect(shown.getAllByTestId("person-row")).toEqual(before);
    fireEvent.click(shown.getByTestId("more-people"));
    expect(shown.rows()).toHaveLength(2 * ROWS);
    fireEvent.click(shown.getByTestId("more-people"));
    expect(shown.rows()).toHaveLength(121);
    expect(shown.queryByTestId("more-people")).toBeNull();
    expect(people).not.toHaveBeenCalled();
  });

  it("is searched by the server, page by page, and shows what is known anew", async () => {
    const found = Array.from({ length: 70 }, (_, number) => viewer(2000 + number));
    const people = vi.fn(async (query: string, first: number) =>
      query === "nobody" ? { people: [], total: 0 } : { people: found.slice(first, first + 50), total: 70 },
    );
    const shown = show(webinar(5), people);
    const type = (value: string) => fireEvent.input(shown.getByTestId("find-person"), { target: { value } });
    type(" fam");
    type(" fami ");
    await vi.waitFor(() => expect(shown.rows()).toHaveLength(50));
    expect(people.mock.calls).toEqual([["fami", 0]]);
    fireEvent.click(shown.getByTestId("more-people"));
    await vi.waitFor(() => expect(shown.rows()).toHaveLength(70));
    expect(people.mock.calls[1]).toEqual(["fami", 50]);
    const promoted = viewer(2001, { power: "member" });
    shown.again(webinar(0, { people: [HOST, promoted] }));
    const row = shown.getAllByTestId("person-row")[1];
    expect(row?.dataset.person).toBe("family:2001");
    expect(row?.textContent).not.toContain(controlCatalogues.en.powers.viewer);
    type("nobody");
    await vi.waitFor(() => expect(shown.getByTestId("people-shown").textContent).toBe(m.nobody));
    type("");
    expect(shown.rows()).toEqual(["staff:1", "family:2001"]);
  });

  it("of a small call needs no search", () => {
    const shown = show(webinar(10, { people_total: 11 }), async () => null);
    expect(shown.rows()).toHaveLength(11);
    expect(shown.queryByTestId("find-person")).toBeNull();
  });

  it("is asked for with the words as they were typed", async () => {
    const page = { people: [HOST], total: 1 };
    const ask = vi.fn(async () => page);
    expect(await new CallControl(token(), ask).people("ёж & лес", 50)).toEqual(page);
    const path = ask.mock.calls[0]?.[0 as never];
    expect(path).toContain("/people?q=%D1%91%D0%B6%20%26%20%D0%BB%D0%B5%D1%81&first=50");
  });
});

describe("an audience on the stage", () => {
  const crowd = Array.from({ length: CROWD }, (_, number) => view(number + 1));
  const self = view(0, { isLocal: true });

  it("has no tiles, but who was promoted has, and so has oneself", () => {
    const promoted = view(9000, { watches: false });
    const ids = tilesOf([self, ...crowd, promoted]).map((tile) => tile.participant.identity);
    expect(ids).toEqual(["family:0:a", "family:9000:a"]);
  });

  it("has tiles as long as it is no crowd", () => {
    expect(tilesOf([self, ...crowd.slice(1)])).toHaveLength(CROWD);
  });

  it("is told of as a number", () => {
    const change = presenceChange([self], [self, ...crowd]);
    expect([change.joined.length, change.left.length]).toEqual([CROWD, 0]);
  });
});
