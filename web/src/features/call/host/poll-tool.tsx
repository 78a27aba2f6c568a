import { useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import type { Control, Inside } from "../control/model.ts";
import { PollMaker } from "./poll-maker.tsx";

/** Making a poll, and the way to the one that is on. */
export function PollTool(props: { control: Control; snapshot: Inside; onPoll: () => void }) {
  const m = c();
  const [making, setMaking] = useState(false);
  return (
    <section class="host-section" aria-label={m.tools.polls}>
      <h3>{m.tools.polls}</h3>
      <button
        type="button"
        class="button button--wide"
        data-testid="new-poll"
        onClick={() => setMaking(true)}
      >
        <Icon name="poll" size={20} /> {m.poll.create}
      </button>
      {[...props.snapshot.polls]
        .reverse()
        .slice(0, 1)
        .map((poll) => (
          <button key={poll.id} type="button" class="toggle" data-testid="show-poll" onClick={props.onPoll}>
            <span class="toggle__words">
              <span>{poll.question}</span>
              <span class="person__note">{poll.open ? m.poll.voters(poll.voters) : m.poll.closed}</span>
            </span>
          </button>
        ))}
      {making && (
        <PollMaker
          control={props.control}
          onClose={() => setMaking(false)}
          onOpened={() => {
            setMaking(false);
            props.onPoll();
          }}
        />
      )}
    </section>
  );
}
