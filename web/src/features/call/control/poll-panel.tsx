import { useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import { type Control, type Inside, leads, type Poll } from "./model.ts";
import { Panel } from "./panel.tsx";
import { Picture } from "./pictures.tsx";
import { currentPoll } from "./state.ts";
import "./poll.css";

/** Bars with their numbers; the longest is whole. */
export function PollBars({ poll }: { poll: Poll }) {
  const m = c().poll;
  const most = Math.max(1, ...poll.options.map((option) => option.votes));
  return (
    <ul class="poll__bars" data-testid="poll-bars">
      {poll.options.map((option, index) => (
        <li key={`${index}-${option.text}`} class="poll__bar">
          <span class="poll__bar-name">
            {option.picture && (
              <span class="poll__bar-picture">
                <Picture picture={option.picture} named={option.text === ""} />
              </span>
            )}
            {option.text}
            {poll.choice.includes(index) && <span class="poll__yours">{m.yours}</span>}
          </span>
          <span class="poll__bar-votes">{m.votes(option.votes)}</span>
          <span class="poll__bar-line" aria-hidden="true">
            <span style={{ width: `${(100 * option.votes) / most}%` }} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Large targets: small hands choose by picture. With one answer a tap is the vote. */
function Ballot({ poll, control }: { poll: Poll; control: Control }) {
  const m = c().poll;
  const [chosen, setChosen] = useState<readonly number[]>(poll.choice);
  const pictures = poll.options.some((option) => option.picture !== "");
  const vote = (options: readonly number[]) => control.send({ type: "vote", poll: poll.id, options });
  const tap = (index: number) => {
    if (!poll.multiple) {
      setChosen([index]);
      void vote([index]);
    } else {
      setChosen(chosen.includes(index) ? chosen.filter((one) => one !== index) : [...chosen, index]);
    }
  };
  return (
    <>
      <ul class={`poll__options ${pictures ? "poll__options--pictures" : ""}`}>
        {poll.options.map((option, index) => (
          <li key={`${index}-${option.text}`}>
            <button
              type="button"
              class="poll__option"
              data-testid="poll-option"
              aria-pressed={chosen.includes(index)}
              onClick={() => tap(index)}
            >
              {option.picture && (
                <span class="poll__picture">
                  <Picture picture={option.picture} named={option.text === ""} />
                </span>
              )}
              {option.text && <span>{option.text}</span>}
              {chosen.includes(index) && (
                <span class="poll__tick">
                  <Icon name="check" size={20} />
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
      {poll.multiple && (
        <button
          type="button"
          class="button button--primary button--wide"
          data-testid="poll-vote"
          aria-disabled={chosen.length === 0}
          onClick={() => {
            if (chosen.length > 0) void vote(chosen);
          }}
        >
          {m.vote}
        </button>
      )}
    </>
  );
}

function PollCard({ poll, control, host }: { poll: Poll; control: Control; host: boolean }) {
  const m = c().poll;
  const votes = poll.open && !host && !(poll.anonymous && poll.voted);
  return (
    <div class="poll" data-testid="poll" data-open={poll.open}>
      <h3 class="poll__question">{poll.question}</h3>
      {votes && (
        <>
          <Ballot key={poll.id} poll={poll} control={control} />
          <p class="poll__note">
            {[poll.multiple && m.several, poll.anonymous ? m.anonymous : m.named].filter(Boolean).join(". ")}
          </p>
        </>
      )}
      {poll.voted && poll.open && (
        <p class="poll__voted" role="status" data-testid="poll-voted">
          <Icon name="check" size={20} /> {m.voted}
          {!poll.anonymous && `. ${m.change}.`}
        </p>
      )}
      {!poll.open && <p class="poll__note">{m.closed}</p>}
      {(host || poll.voted || !poll.open) && <PollBars poll={poll} />}
      <p class="poll__note" data-testid="poll-voters">
        {m.voters(poll.voters)}
      </p>
      {host && poll.open && (
        <button
          type="button"
          class="button button--quiet"
          data-testid="poll-close"
          onClick={() => void control.send({ type: "close_poll", poll: poll.id })}
        >
          {m.close}
        </button>
      )}
    </div>
  );
}

/** The poll that is on, or the last one. */
export function PollPanel(props: {
  control: Control;
  snapshot: Inside;
  takesFocus: boolean;
  onClose: () => void;
}) {
  const m = c().poll;
  const poll = currentPoll(props.snapshot);
  return (
    <Panel title={m.title} testId="poll-panel" takesFocus={props.takesFocus} onClose={props.onClose}>
      <div class="panel__body">
        {poll ? (
          <PollCard key={poll.id} poll={poll} control={props.control} host={leads(props.snapshot)} />
        ) : (
          <p class="poll__note">{m.nothing}</p>
        )}
      </div>
    </Panel>
  );
}
