import { useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import type { Control, Inside, Waiting } from "../control/model.ts";
import { avatarColour, initials } from "../tiles.ts";
import { Confirm } from "./confirm.tsx";
import { Menu } from "./menu.tsx";

function Row({ one, control }: { one: Waiting; control: Control }) {
  const m = c().people;
  const [menu, setMenu] = useState(false);
  const [blocking, setBlocking] = useState(false);
  const send = (type: "admit" | "deny" | "block") => void control.send({ type, identity: one.person });
  return (
    <li class="person" data-testid="lobby-row" data-person={one.person}>
      <span class={`people__avatar avatar--${avatarColour(one.person)}`} aria-hidden="true">
        {initials(one.name)}
      </span>
      <span class="person__words">
        <span class="person__name">{one.name}</span>
        <span class={`person__note ${one.expected ? "" : "person__note--care"}`}>
          {one.expected ? m.onList : m.notOnList}
        </span>
      </span>
      <button
        type="button"
        class="button button--primary person__main"
        data-testid="admit"
        aria-label={m.admitOne(one.name)}
        onClick={() => send("admit")}
      >
        {m.admit}
      </button>
      <Menu name={one.name} open={menu} onOpen={setMenu}>
        <button type="button" class="acts__item" data-testid="deny" onClick={() => send("deny")}>
          {m.deny}
        </button>
        <button
          type="button"
          class="acts__item acts__item--danger"
          data-testid="block"
          onClick={() => {
            setMenu(false);
            setBlocking(true);
          }}
        >
          {m.block}
        </button>
      </Menu>
      {blocking && (
        <Confirm
          title={m.blockHeading(one.name)}
          text={m.blockText}
          action={m.block}
          testId="confirm-block"
          onConfirm={() => send("block")}
          onClose={() => setBlocking(false)}
        />
      )}
    </li>
  );
}

/** Who asks to come in, and who of the list is still missing. */
export function Lobby({ control, snapshot }: { control: Control; snapshot: Inside }) {
  const m = c().people;
  const lobby = snapshot.lobby ?? [];
  const expected = snapshot.expected ?? [];
  const onList = lobby.filter((one) => one.expected).length;
  const missing = expected.filter((one) => !one.here);
  if (lobby.length === 0 && expected.length === 0) return null;
  return (
    <section class="host-section" aria-label={m.lobby} data-testid="lobby">
      {lobby.length > 0 && (
        <>
          <h3>
            {m.lobby} <span class="panel__note">{lobby.length}</span>
          </h3>
          <ul class="host-list">
            {lobby.map((one) => (
              <Row key={one.person} one={one} control={control} />
            ))}
          </ul>
          <div class="host-buttons">
            {onList > 0 && (
              <button
                type="button"
                class="button"
                data-testid="admit-expected"
                onClick={() => void control.send({ type: "admit_expected" })}
              >
                {m.admitExpected(onList)}
              </button>
            )}
            {snapshot.mode === "consultation" ? (
              <button type="button" class="button" onClick={() => void control.send({ type: "next" })}>
                {m.next}
              </button>
            ) : (
              lobby.length > 1 &&
              onList < lobby.length && (
                <button
                  type="button"
                  class="button button--quiet"
                  data-testid="admit-all"
                  onClick={() => void control.send({ type: "admit_all" })}
                >
                  {m.admitAll(lobby.length)}
                </button>
              )
            )}
          </div>
        </>
      )}
      {expected.length > 0 && (
        <details class="expected" data-testid="expected">
          <summary>
            {m.expected}{" "}
            <span class="panel__note">
              {m.expectedHere(expected.length - missing.length, expected.length)}
            </span>
          </summary>
          {missing.length === 0 ? (
            <p class="person__note">{m.everybodyHere}</p>
          ) : (
            <>
              <p class="person__note">{m.missing}</p>
              <ul class="expected__missing">
                {missing.map((one) => (
                  <li key={one.person}>{one.name || one.person}</li>
                ))}
              </ul>
            </>
          )}
        </details>
      )}
    </section>
  );
}
