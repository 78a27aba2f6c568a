import { useEffect, useRef, useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { language } from "../../../i18n/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import { Badge, badgeWords } from "./badge.tsx";
import { type ChatMessage, type Control, type Inside, leads } from "./model.ts";
import { Panel } from "./panel.tsx";
import { ReactionBar } from "./reactions.tsx";
import { currentPoll } from "./state.ts";
import "./chat.css";

const MAX_LENGTH = 2000;

function timeOf(seconds: number): string {
  const format = new Intl.DateTimeFormat(language.value, { hour: "2-digit", minute: "2-digit" });
  return format.format(new Date(seconds * 1000));
}

function Message(props: { message: ChatMessage; mine: boolean; onDelete: (() => void) | null }) {
  const { message, mine, onDelete } = props;
  const m = c().chat;
  return (
    <li class={`chat__message ${mine ? "chat__message--mine" : ""}`} data-testid="chat-message">
      <div class="chat__head">
        <span class="chat__name">{message.name}</span>
        <Badge badge={message.badge} />
        {message.badge && <span class="visually-hidden">{badgeWords(message.badge)}</span>}
        <time class="chat__time" dateTime={new Date(message.at * 1000).toISOString()}>
          {timeOf(message.at)}
        </time>
        {onDelete && (
          <button
            type="button"
            class="icon-button chat__delete"
            aria-label={m.remove(message.name)}
            onClick={onDelete}
          >
            <Icon name="trash" size={18} />
          </button>
        )}
      </div>
      <p class="chat__text">{message.text}</p>
      {message.to === "hosts" && <p class="chat__only">{m.onlyHosts}</p>}
    </li>
  );
}

/** Why nothing can be written now; null: it can. */
function closed(snapshot: Inside): string | null {
  const { you, chat } = snapshot;
  if (you.reasons.length > 0 || you.frozen.includes("data")) return c().chat.frozen;
  return chat.allowed || leads(snapshot) ? null : c().chat.off;
}

function Composer({ control, snapshot }: { control: Control; snapshot: Inside }) {
  const m = c().chat;
  const [text, setText] = useState("");
  const [toHosts, setToHosts] = useState(false);
  const send = async (event: Event) => {
    event.preventDefault();
    const words = text.trim();
    if (words === "") return;
    setText("");
    if (!(await control.send({ type: "chat", text: words, to: toHosts ? "hosts" : "everyone" })))
      setText(words);
  };
  const slow = snapshot.chat.interval_s;
  return (
    <form class="chat__form" onSubmit={(event) => void send(event)}>
      {!leads(snapshot) && (
        <fieldset class="chat__to">
          <legend class="visually-hidden">{m.to}</legend>
          {[false, true].map((hosts) => (
            <label key={String(hosts)} class="choice">
              <input
                type="radio"
                name="chat-to"
                checked={toHosts === hosts}
                onChange={() => setToHosts(hosts)}
              />
              <span>{hosts ? m.hosts : m.everyone}</span>
            </label>
          ))}
        </fieldset>
      )}
      <div class="chat__line">
        <input
          class="input"
          data-testid="chat-input"
          aria-label={m.placeholder}
          placeholder={m.placeholder}
          autocomplete="off"
          enterkeyhint="send"
          maxLength={MAX_LENGTH}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="icon-button chat__send" data-testid="chat-send" aria-label={m.send}>
          <Icon name="send" />
        </button>
      </div>
      {slow > 0 && !leads(snapshot) && <p class="chat__note">{m.slow(slow)}</p>}
    </form>
  );
}

/** The conversation of those who hear each other, and reactions. */
export function ChatPanel(props: {
  control: Control;
  snapshot: Inside;
  onPoll: () => void;
  onClose: () => void;
}) {
  const { control, snapshot } = props;
  const m = c().chat;
  const list = useRef<HTMLOListElement>(null);
  const messages = control.messages.value;
  const shut = closed(snapshot);
  const poll = currentPoll(snapshot);
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [messages.length]);
  return (
    <Panel title={m.title} testId="chat-panel" onClose={props.onClose}>
      {poll && (
        <button type="button" class="chat__poll" data-testid="chat-poll" onClick={props.onPoll}>
          <Icon name="poll" size={20} />
          <span>{poll.open ? c().poll.opened(poll.question) : `${poll.question} (${c().poll.closed})`}</span>
        </button>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must scroll from the keyboard too. */}
      <ol class="chat__list" ref={list} tabIndex={0} aria-label={m.title}>
        {messages.length === 0 && <li class="chat__empty">{m.empty}</li>}
        {messages.map((message) => (
          <Message
            key={message.id}
            message={message}
            mine={message.person === snapshot.you.person}
            onDelete={
              leads(snapshot) ? () => void control.send({ type: "delete_message", id: message.id }) : null
            }
          />
        ))}
      </ol>
      {shut === null ? (
        <>
          <ReactionBar control={control} />
          <Composer control={control} snapshot={snapshot} />
        </>
      ) : (
        <p class="chat__shut" data-testid="chat-shut">
          <Icon name="lock" size={20} /> {shut}
        </p>
      )}
    </Panel>
  );
}
