import { c } from "../../../i18n/control/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import type { Control, Inside } from "../control/model.ts";

/** Raised hands in their order. To let somebody speak asks for the microphone; of a viewer it makes a speaker. */
export function Hands({ control, snapshot }: { control: Control; snapshot: Inside }) {
  const m = c().people;
  const hands = snapshot.hands ?? [];
  if (hands.length === 0) return null;
  const giveFloor = async (identity: string, viewer: boolean) => {
    if (viewer) await control.send({ type: "promote", identity });
    else if (await control.send({ type: "ask_unmute", identity })) {
      await control.send({ type: "lower_hand_of", identity });
    }
  };
  return (
    <section class="host-section" aria-label={m.hands} data-testid="hands">
      <h3>
        {m.hands} <span class="panel__note">{hands.length}</span>
      </h3>
      <ol class="host-list">
        {hands.map((key, index) => {
          const person = snapshot.people.find((one) => one.person === key);
          const name = person?.name ?? key;
          return (
            <li key={key} class="person" data-testid="hand-row" data-person={key}>
              <span class="person__place" aria-hidden="true">
                {index + 1}
              </span>
              <span class="person__words">
                <span class="person__name">{name}</span>
              </span>
              <button
                type="button"
                class="button button--primary person__main"
                data-testid="give-floor"
                aria-label={m.giveFloor(name)}
                onClick={() => void giveFloor(key, person?.power === "viewer")}
              >
                {m.giveFloorShort}
              </button>
              <button
                type="button"
                class="icon-button"
                data-testid="lower-one"
                aria-label={m.lowerOne(name)}
                title={m.lowerOne(name)}
                onClick={() => void control.send({ type: "lower_hand_of", identity: key })}
              >
                <Icon name="handDown" size={20} />
              </button>
            </li>
          );
        })}
      </ol>
      {hands.length > 1 && (
        <div class="host-buttons">
          <button
            type="button"
            class="button button--quiet"
            onClick={() => void control.send({ type: "lower_all_hands" })}
          >
            {m.lowerAll}
          </button>
        </div>
      )}
    </section>
  );
}
