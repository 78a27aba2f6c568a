import { useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";
import { Icon } from "../../../ui/icon.tsx";
import type { Control } from "../control/model.ts";
import { Picture } from "../control/pictures.tsx";
import { Toggle } from "./toggle.tsx";

const MAX_OPTIONS = 10;
/** Things that every child knows and tells apart. */
export const PICTURES = [
  "🍎",
  "🍌",
  "🐱",
  "🐶",
  "🦊",
  "🐻",
  "🐟",
  "🐇",
  "🐢",
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

/** All pictures, one of which an answer may have. */
function Palette(props: { label: string; picture: string; onChoose: (picture: string) => void }) {
  const m = c();
  const one = (picture: string, name: string) => (
    <button
      key={picture}
      type="button"
      class="palette__one"
      data-testid="palette-picture"
      aria-label={name}
      aria-pressed={props.picture === picture}
      onClick={() => props.onChoose(picture)}
    >
      {picture ? <Picture picture={picture} /> : <Icon name="close" size={20} />}
    </button>
  );
  return (
    <fieldset class="palette" aria-label={props.label}>
      {one("", m.poll.noPicture)}
      {PICTURES.map((picture) => one(picture, m.pictures[picture] ?? picture))}
    </fieldset>
  );
}

interface OptionFieldProps {
  readonly number: number;
  readonly option: Option;
  readonly pictures: boolean;
  readonly removable: boolean;
  readonly onChange: (part: Partial<Option>) => void;
  readonly onRemove: () => void;
}

/** One answer: words, a picture, or both. */
function OptionField({ number, option, pictures, removable, onChange, onRemove }: OptionFieldProps) {
  const m = c();
  const [choosing, setChoosing] = useState(false);
  const label = `${m.poll.picture}, ${m.poll.option(number)}`;
  const shown = option.picture ? m.pictures[option.picture] : m.poll.noPicture;
  return (
    <>
      <div class="poll-maker__option">
        {pictures && (
          <button
            type="button"
            class="poll-maker__picture"
            data-testid="poll-picture"
            aria-expanded={choosing}
            aria-label={`${label}: ${shown}`}
            onClick={() => setChoosing(!choosing)}
          >
            {option.picture ? <Picture picture={option.picture} /> : <Icon name="plus" size={20} />}
          </button>
        )}
        <input
          class="input"
          data-testid="poll-answer"
          aria-label={m.poll.option(number)}
          placeholder={m.poll.option(number)}
          maxLength={200}
          value={option.text}
          onInput={(event) => onChange({ text: event.currentTarget.value })}
        />
        {removable && (
          <button
            type="button"
            class="icon-button"
            aria-label={m.poll.removeOption(number)}
            onClick={onRemove}
          >
            <Icon name="close" size={20} />
          </button>
        )}
      </div>
      {pictures && choosing && (
        <Palette
          label={label}
          picture={option.picture}
          onChoose={(picture) => {
            onChange({ picture });
            setChoosing(false);
          }}
        />
      )}
    </>
  );
}

export function PollMaker(props: { control: Control; onOpened: () => void; onClose: () => void }) {
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
          <OptionField
            key={index}
            number={index + 1}
            option={option}
            pictures={pictures}
            removable={options.length > 2}
            onChange={(part) => change(index, part)}
            onRemove={() => setOptions(options.filter((_, n) => n !== index))}
          />
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
