import { useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";
import { Icon } from "../../../ui/icon.tsx";
import type { Control, Inside } from "../control/model.ts";
import { Toggle } from "./toggle.tsx";

const MAX_OPTIONS = 10;
/** Things that every child knows and tells apart. */
const PICTURES = [
  "🍎",
  "🍌",
  "🐱",
  "🐶",
  "🌞",
  "🌧️",
  "🙂",
  "😢",
  "⭐",
  "🚗",
  "🌳",
  "🏠",
  "1️⃣",
  "2️⃣",
  "3️⃣",
] as const;

interface Option {
  readonly text: string;
  readonly picture: string;
}

const EMPTY: Option = { text: "", picture: "" };

function PictureChoice(props: { label: string; picture: string; onChoose: (picture: string) => void }) {
  return (
    <select
      class="select poll-maker__picture"
      aria-label={props.label}
      value={props.picture}
      onChange={(event) => props.onChoose(event.currentTarget.value)}
    >
      <option value="">–</option>
      {PICTURES.map((picture) => (
        <option key={picture} value={picture}>
          {picture}
        </option>
      ))}
    </select>
  );
}

function PollMaker(props: { control: Control; onOpened: () => void; onClose: () => void }) {
  const m = c().poll;
  const [question, setQuestion] = useState("");
  const [options, setOptions] = useState<readonly Option[]>([EMPTY, EMPTY]);
  const [pictures, setPictures] = useState(false);
  const [multiple, setMultiple] = useState(false);
  const [anonymous, setAnonymous] = useState(false);
  const [incomplete, setIncomplete] = useState(false);
  const change = (index: number, part: Partial<Option>) =>
    setOptions(options.map((option, n) => (n === index ? { ...option, ...part } : option)));
  const submit = async (event: Event) => {
    event.preventDefault();
    const given = options
      .map(({ text, picture }) => ({ text: text.trim(), picture: pictures ? picture : "" }))
      .filter(({ text, picture }) => text !== "" || picture !== "");
    const words = question.trim();
    setIncomplete(words === "" || given.length < 2);
    if (words === "" || given.length < 2) return;
    const opened = { type: "open_poll", question: words, options: given, multiple, anonymous } as const;
    if (await props.control.send(opened)) props.onOpened();
  };
  return (
    <Dialog title={m.create} onClose={props.onClose} testId="poll-maker">
      <form class="tool-form" onSubmit={(event) => void submit(event)} noValidate>
        <div class="field">
          <label class="field__label" for="poll-question">
            {m.question}
          </label>
          <input
            id="poll-question"
            class="input"
            data-testid="poll-question"
            maxLength={200}
            value={question}
            onInput={(event) => setQuestion(event.currentTarget.value)}
          />
        </div>
        <Toggle testId="poll-pictures" label={m.withPictures} on={pictures} onChange={setPictures} />
        {options.map((option, index) => (
          <div class="poll-maker__option" key={index}>
            {pictures && (
              <PictureChoice
                label={`${m.picture}, ${m.option(index + 1)}`}
                picture={option.picture}
                onChoose={(picture) => change(index, { picture })}
              />
            )}
            <input
              class="input"
              data-testid="poll-answer"
              aria-label={m.option(index + 1)}
              placeholder={m.option(index + 1)}
              maxLength={200}
              value={option.text}
              onInput={(event) => change(index, { text: event.currentTarget.value })}
            />
            {options.length > 2 && (
              <button
                type="button"
                class="icon-button"
                aria-label={m.removeOption(index + 1)}
                onClick={() => setOptions(options.filter((_, n) => n !== index))}
              >
                <Icon name="close" size={20} />
              </button>
            )}
          </div>
        ))}
        {options.length < MAX_OPTIONS && (
          <button
            type="button"
            class="button button--quiet"
            data-testid="poll-add"
            onClick={() => setOptions([...options, EMPTY])}
          >
            <Icon name="plus" size={20} /> {m.addOption}
          </button>
        )}
        <Toggle testId="poll-multiple" label={m.multiple} on={multiple} onChange={setMultiple} />
        <Toggle testId="poll-anonymous" label={m.makeAnonymous} on={anonymous} onChange={setAnonymous} />
        {incomplete && (
          <p class="field__error" role="alert">
            <Icon name="alert" size={20} />
            {m.incomplete}
          </p>
        )}
        <button type="submit" class="button button--primary button--wide" data-testid="poll-start">
          {m.start}
        </button>
      </form>
    </Dialog>
  );
}

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
