import { useState } from "preact/hooks";
import type { ContentAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { l } from "../../../i18n/library/index.ts";
import { formatDay, s } from "../../../i18n/school/index.ts";
import { navigate } from "../../../navigation.ts";
import { announce } from "../../../ui/announcer.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { BusyButton, Problem } from "../../../ui/form.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { useAction } from "./preparation-panel.tsx";
import { ReasonDialog } from "./reason-dialog.tsx";
import { isOwn, missing, stepsOf } from "./review.ts";

type Open = "verify" | "giveBack" | "withdraw" | "revise" | "remove" | null;

/** Where content is on its way to the badge, and what the viewer may do about it. */
export function ReviewPanel(props: { content: ContentAnswer; onChange: () => Promise<void> }) {
  const m = l().review;
  const { content, onChange } = props;
  const [open, setOpen] = useState<Open>(null);
  const path = { content: content.id };
  const act = useAction(onChange);
  const steps = stepsOf(content);
  const done = (words: string) => () => {
    setOpen(null);
    announce(words);
    void onChange();
  };
  const close = () => setOpen(null);
  const button = (name: NonNullable<Open>, words: string, kind: string) => (
    <button
      type="button"
      class={`button ${kind}`}
      data-testid={`review-${name}`}
      onClick={() => setOpen(name)}
    >
      {words}
    </button>
  );
  return (
    <section class="card-box" data-testid="review" data-state={content.state}>
      <h2>{m.heading}</h2>
      <Standing content={content} />
      <Problem text={act.problem} />
      <div class="form__actions">
        {steps.submit && (
          <BusyButton
            type="button"
            busy={act.busy}
            testId="review-submit"
            onClick={() =>
              act.run(async () => {
                await call("POST /api/content/{content}/submission", { path });
                announce(m.submitted);
              })
            }
          >
            {m.submit}
          </BusyButton>
        )}
        {steps.verify && button("verify", m.verify, "button--primary")}
        {steps.giveBack && button("giveBack", m.giveBack, "")}
        {steps.takeBack && (
          <BusyButton
            type="button"
            class="button--quiet"
            busy={act.busy}
            testId="review-take-back"
            onClick={() =>
              act.run(async () => {
                await call("DELETE /api/content/{content}/submission", { path });
                announce(m.takenBack);
              })
            }
          >
            {m.takeBack}
          </BusyButton>
        )}
        {steps.revise && button("revise", m.revise, "button--primary")}
        {steps.withdraw && button("withdraw", m.withdraw, "button--quiet")}
        {steps.remove && (
          <button
            type="button"
            class="button button--quiet"
            data-testid="review-remove"
            onClick={() => setOpen("remove")}
          >
            <Icon name="trash" size={20} />
            {l().content.remove}
          </button>
        )}
      </div>
      {open === "verify" && (
        <Confirm
          title={m.verifyTitle}
          text={[m.verifyWhat(content.title, content.revision), m.verifyText, m.verifySeal]}
          action={m.verify}
          act={() =>
            call("POST /api/content/{content}/verification", { path, body: { revision: content.revision } })
          }
          onDone={done(m.verified)}
          onClose={close}
        />
      )}
      {open === "giveBack" && (
        <ReasonDialog
          title={m.giveBackTitle}
          label={m.remark}
          action={m.giveBack}
          act={(remark) => call("POST /api/content/{content}/return", { path, body: { remark } })}
          onDone={done(m.returned)}
          onClose={close}
        />
      )}
      {open === "withdraw" && (
        <ReasonDialog
          title={m.withdrawTitle}
          text={m.withdrawText}
          label={m.reason}
          action={m.withdraw}
          dangerous
          act={(reason) => call("POST /api/content/{content}/withdrawal", { path, body: { reason } })}
          onDone={done(m.withdrawn)}
          onClose={close}
        />
      )}
      {open === "revise" && (
        <Confirm
          title={m.reviseTitle}
          text={[m.reviseText, ...(content.seal_broken_at ? [m.reviseBroken] : [])]}
          action={m.revise}
          act={() => call("POST /api/content/{content}/revision", { path })}
          onDone={done(m.revised)}
          onClose={close}
        />
      )}
      {open === "remove" && (
        <Confirm
          title={l().content.removeTitle}
          text={[l().content.removeText(content.title)]}
          action={s().common.remove}
          dangerous
          act={() => call("DELETE /api/content/{content}", { path })}
          onDone={() => {
            announce(l().content.removed);
            navigate("/library", "replace");
          }}
          onClose={close}
        />
      )}
    </section>
  );
}

/** The state in whole sentences. */
function Standing({ content }: { content: ContentAnswer }) {
  const m = l().review;
  const { seal_broken_at, state } = content;
  if (seal_broken_at !== null && state !== "draft")
    return (
      <Notice tone="danger" icon="alert" heading={m.brokenHeading}>
        <p>{m.brokenText(formatDay(seal_broken_at))}</p>
      </Notice>
    );
  switch (state) {
    case "draft":
      return <Draft content={content} />;
    case "submitted":
      if (isOwn(content)) return <p data-testid="own-content">{m.own}</p>;
      return <p>{content.may.includes("verify") ? m.waiting : m.waitingOwn}</p>;
    case "verified":
      return (
        <p data-testid="verified-by">
          {m.who}:{" "}
          {m.verifiedBy(
            content.verified_by?.name ?? m.system,
            formatDay(content.verified_at ?? content.created_at),
          )}
        </p>
      );
    case "withdrawn":
      return content.remark === null ? null : (
        <p>
          {l().content.withdrawnReason}: {content.remark}
        </p>
      );
    case "expired":
      return <p>{l().states.expired}</p>;
  }
}

function Draft({ content }: { content: ContentAnswer }) {
  const m = l().review;
  const left = missing(content, new Date());
  const words = { file: m.todoFile, licence: m.todoLicence, basis: m.todoBasis, valid: m.todoValid };
  return (
    <>
      {content.remark !== null && (
        <Notice tone="warning" icon="info" heading={l().content.remark}>
          <p>{content.remark}</p>
        </Notice>
      )}
      {left.length === 0 ? (
        <p>{m.readyToSubmit}</p>
      ) : (
        <div>
          <p>{m.todo}:</p>
          <ul class="todo" data-testid="todo">
            {left.map((one) => (
              <li key={one}>{words[one]}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
