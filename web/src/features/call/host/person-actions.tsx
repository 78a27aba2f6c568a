import { useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { type Command, type Control, type Inside, isLeading, type Person } from "../control/model.ts";
import type { ParticipantView } from "../model.ts";
import { Confirm } from "./confirm.tsx";
import { DirectDialog } from "./direct-dialog.tsx";
import { Menu } from "./menu.tsx";
import { PauseDialog } from "./pause-dialog.tsx";

const MAX_SPOTLIGHT = 4;

interface Action {
  readonly id: string;
  readonly words: string;
  readonly command: Command;
}

/** Who is in the spotlight after this person was put there, or taken out. */
function spotlightWith(before: readonly string[], person: string): readonly string[] {
  if (before.includes(person)) return before.filter((one) => one !== person);
  return [...before, person].slice(-MAX_SPOTLIGHT);
}

/** Where the media of a person go: to who leads only, or to everybody again. */
function directAction(person: Person, snapshot: Inside): Action {
  const directed = person.directed ?? "default";
  const onlyHosts = directed === "hosts" || (directed === "default" && snapshot.reach === "hosts");
  const to = onlyHosts ? "everyone" : "hosts";
  return {
    id: "direct",
    words: onlyHosts ? c().actions.toEveryone : c().actions.hostsOnly,
    command: { type: "direct", identity: person.person, to: to === snapshot.reach ? "default" : to },
  };
}

/** What may be done to a person now; the server has the last word. Pure. */
export function actionsFor(
  person: Person,
  snapshot: Inside,
  media: { readonly microphoneOn: boolean; readonly cameraOn: boolean },
): Action[] {
  const m = c().actions;
  const identity = person.person;
  const isHost = snapshot.you.power === "host";
  const lit = snapshot.spotlight.includes(identity);
  const spotlight: Action = {
    id: "spotlight",
    words: lit ? m.unspotlight : m.spotlight,
    command: { type: "spotlight", identities: spotlightWith(snapshot.spotlight, identity) },
  };
  if (identity === snapshot.you.person || person.power === "host") return [spotlight];
  if (person.power === "cohost" && !isHost) return [spotlight];
  const found: (Action | false)[] = [];
  if (person.power === "viewer") {
    found.push({ id: "promote", words: m.promote, command: { type: "promote", identity } });
  } else {
    found.push(
      media.microphoneOn
        ? { id: "mute", words: m.mute, command: { type: "mute", identity } }
        : { id: "ask-unmute", words: m.askUnmute, command: { type: "ask_unmute", identity } },
      media.cameraOn
        ? { id: "stop-camera", words: m.stopCamera, command: { type: "stop_camera", identity } }
        : { id: "ask-camera", words: m.askCamera, command: { type: "ask_camera", identity } },
      spotlight,
      {
        id: "screen",
        words: person.screen ? m.forbidScreen : m.allowScreen,
        command: { type: "set_screen", identity, allowed: !person.screen },
      },
      directAction(person, snapshot),
      {
        id: "pause",
        words: person.frozen?.length ? m.resume : m.pause,
        command: {
          type: "freeze",
          identity,
          media: person.frozen?.length ? [] : ["audio", "video", "screen", "data"],
        },
      },
    );
  }
  found.push(
    person.hand && { id: "lower-hand", words: m.lowerHand, command: { type: "lower_hand_of", identity } },
    person.power === "member" &&
      snapshot.mode === "webinar" && { id: "demote", words: m.demote, command: { type: "demote", identity } },
    isHost &&
      person.power !== "cohost" && {
        id: "make-cohost",
        words: m.makeCohost,
        command: { type: "make_cohost", identity },
      },
    isHost &&
      person.cohost_here === true && {
        id: "drop-cohost",
        words: m.dropCohost,
        command: { type: "drop_cohost", identity },
      },
  );
  return found.filter((action) => action !== false);
}

function groupActions(person: Person, snapshot: Inside): Action[] {
  if (snapshot.groups.length === 0 || isLeading(person.power)) return [];
  const places = [{ id: null, name: c().actions.mainRoom }, ...snapshot.groups];
  return places
    .filter((place) => place.id !== (person.group ?? null))
    .map((place) => ({
      id: `move-${place.id ?? "main"}`,
      words: `${c().actions.moveTo}: ${place.name}`,
      command: { type: "move", identity: person.person, group: place.id },
    }));
}

export interface PersonActionsProps {
  readonly control: Control;
  readonly snapshot: Inside;
  readonly person: Person;
  readonly views: readonly ParticipantView[];
}

export function PersonActions({ control, snapshot, person, views }: PersonActionsProps) {
  const m = c().actions;
  const [open, setOpen] = useState(false);
  const [leaving, setLeaving] = useState<"remove" | "ban" | null>(null);
  const [choosing, setChoosing] = useState<"pause" | "direct" | null>(null);
  const media = {
    microphoneOn: views.some((view) => view.microphoneOn),
    cameraOn: views.some((view) => view.camera !== null),
  };
  const actions = [...actionsFor(person, snapshot, media), ...groupActions(person, snapshot)];
  const removable =
    person.person !== snapshot.you.person &&
    person.power !== "host" &&
    (person.power !== "cohost" || snapshot.you.power === "host");
  const chooses = removable && person.power !== "viewer";
  const ask = (what: "remove" | "ban") => () => {
    setOpen(false);
    setLeaving(what);
  };
  return (
    <>
      <Menu name={person.name} open={open} onOpen={setOpen}>
        {actions.map((action) => (
          <button
            key={action.id}
            type="button"
            class="acts__item"
            data-testid={`action-${action.id}`}
            onClick={() => void control.send(action.command)}
          >
            {action.words}
          </button>
        ))}
        {chooses && (
          <>
            <button
              type="button"
              class="acts__item"
              data-testid="action-pause-some"
              onClick={() => setChoosing("pause")}
            >
              {m.pauseSome}
            </button>
            <button
              type="button"
              class="acts__item"
              data-testid="action-direct-some"
              onClick={() => setChoosing("direct")}
            >
              {m.directSome}
            </button>
          </>
        )}
        {removable && (
          <>
            <button
              type="button"
              class="acts__item acts__item--danger"
              data-testid="action-remove"
              onClick={ask("remove")}
            >
              {m.remove}
            </button>
            <button
              type="button"
              class="acts__item acts__item--danger"
              data-testid="action-ban"
              onClick={ask("ban")}
            >
              {m.ban}
            </button>
          </>
        )}
      </Menu>
      {choosing === "pause" && (
        <PauseDialog control={control} person={person} onClose={() => setChoosing(null)} />
      )}
      {choosing === "direct" && (
        <DirectDialog
          control={control}
          snapshot={snapshot}
          person={person}
          onClose={() => setChoosing(null)}
        />
      )}
      {leaving && (
        <Confirm
          title={m.removeHeading(person.name)}
          text={leaving === "ban" ? m.banText : m.removeText}
          action={leaving === "ban" ? m.ban : m.removeConfirm}
          testId="confirm-remove"
          onConfirm={() => void control.send({ type: leaving, identity: person.person })}
          onClose={() => setLeaving(null)}
        />
      )}
    </>
  );
}
