import type { ContentAnswer } from "../../../api/schema.ts";
import { l } from "../../../i18n/library/index.ts";
import { BadgeSign } from "../../../ui/badge-sign.tsx";

/** Only ever drawn of the server's own `badge`. */
export function VerifiedBadge() {
  const m = l();
  return <BadgeSign badge="verified" word={m.verified} title={m.verifiedTitle} />;
}

const TONES = { draft: "", submitted: "tag--waiting", verified: "tag--good", withdrawn: "", expired: "" };

/** Where it is on its way; a broken seal stands before all else. */
export function StateTag({ content }: { content: ContentAnswer }) {
  const m = l();
  if (content.seal_broken_at !== null)
    return (
      <span class="tag tag--bad" data-testid="content-state">
        {m.sealBroken}
      </span>
    );
  return (
    <span class={`tag ${TONES[content.state]}`} data-testid="content-state">
      {m.states[content.state]}
    </span>
  );
}
