import { c } from "../../../i18n/control/index.ts";
import type { Control, Inside, Reaction } from "./model.ts";
import { Picture } from "./pictures.tsx";

export const EMOJI = ["👍", "👏", "❤️", "😂", "😮", "😢", "🎉", "👋", "✅", "❌", "🐢", "🐇"] as const;

export function ReactionBar({ control }: { control: Control }) {
  const m = c();
  return (
    <div class="reaction-bar" role="toolbar" aria-label={m.chat.reactions}>
      {EMOJI.map((emoji) => (
        <button
          key={emoji}
          type="button"
          class="icon-button reaction-bar__one"
          data-testid="react"
          aria-label={m.chat.react(m.emoji[emoji] ?? emoji)}
          onClick={() => void control.send({ type: "react", emoji })}
        >
          <Picture picture={emoji} />
        </button>
      ))}
    </div>
  );
}

/** The newest reaction of each person, by identity. */
export function reactionsByIdentity(
  reactions: readonly Reaction[],
  snapshot: Inside | null,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { person, emoji } of reactions) {
    const known = snapshot?.people.find((one) => one.person === person);
    for (const identity of known?.identities ?? []) found.set(identity, emoji);
  }
  return found;
}

/** Reactions of those who have no tile that one knows, such as an audience: they rise at the edge of the stage. */
export function AudienceReactions({ control, snapshot }: { control: Control; snapshot: Inside | null }) {
  const known = snapshot?.people.map((one) => one.person) ?? [];
  const unknown = control.reactions.value.filter(({ person }) => person === null || !known.includes(person));
  if (unknown.length === 0) return null;
  return (
    <div class="audience-reactions" aria-hidden="true">
      {unknown.map((reaction) => (
        <span key={reaction.key} style={{ "--place": `${(reaction.key * 37) % 70}%` }}>
          <Picture picture={reaction.emoji} />
        </span>
      ))}
    </div>
  );
}
