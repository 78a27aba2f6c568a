/**
 * Shows the call screen without a server: /dev/gallery.html?n=6&screen=1&end=removed …
 * Part of `npm run dev` only; the production build knows nothing of it.
 */
import "../src/styles/fonts.css";
import "../src/styles/tokens.css";
import "../src/styles/base.css";
import "../src/ui/ui.css";
import { render } from "preact";
import { CallView } from "../src/features/call/call-view.tsx";
import { Ended } from "../src/features/call/ended.tsx";
import type { EndKind, Fault, Trouble } from "../src/features/call/model.ts";
import { Announcer } from "../src/ui/announcer.tsx";
import { fixtureCall } from "./fixture-call.ts";
import type { Scene } from "./fixture-control.ts";

const query = new URLSearchParams(location.search);
const end = query.get("end") as EndKind | null;
const code = query.get("verdict");
const root = document.getElementById("app");
if (!root) throw new Error("gallery.html must have an element with the id app");

const call = fixtureCall({
  count: Number(query.get("n") ?? 6),
  screen: query.has("screen"),
  ownScreen: query.has("own"),
  reconnecting: query.has("reconnecting"),
  audioBlocked: query.has("silent"),
  trouble: query.get("trouble") as Trouble | null,
  savingData: query.has("saving"),
  scene: query.get("control") as Scene | null,
  verdict: code ? { fault: code.split("_")[0]?.toLowerCase() as Fault, code } : null,
});

render(
  <>
    {end ? (
      <Ended
        end={{ kind: end, code: end.toUpperCase() }}
        correlationId="c-7f3a9c21"
        onRejoin={async () => {}}
        problem={null}
      />
    ) : (
      <CallView call={call} title="Занятие: звуки и буквы" host="Ольга Сергеевна Белова" />
    )}
    <Announcer />
  </>,
  root,
);
