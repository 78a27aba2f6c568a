import { useState } from "preact/hooks";
import type { ContentAnswer } from "../../../api/schema.ts";
import { address, call } from "../../../api/school.ts";
import { l } from "../../../i18n/library/index.ts";
import { s } from "../../../i18n/school/index.ts";
import { decode } from "../../../platform/files.ts";
import { announce } from "../../../ui/announcer.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { BusyButton, Problem, SelectField, useForm } from "../../../ui/form.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { FileChooser } from "./file-chooser.tsx";

const MOST_BYTES = 2 << 20;

export function languageName(code: string): string {
  const m = l().subtitles;
  return m.languages[code as keyof typeof m.languages] ?? m.other(code);
}

/** Subtitles of a prepared film; those who may change it give it some, or take them away. */
export function SubtitlesPanel(props: {
  content: ContentAnswer;
  mayChange: boolean;
  onChange: () => Promise<void>;
}) {
  const m = l().subtitles;
  const { content, mayChange, onChange } = props;
  const path = { content: content.id };
  const found = useResource(
    () => call("GET /api/content/{content}/subtitles", { path }),
    [content.id, content.revision],
  );
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  return (
    <section class="card-box" data-testid="subtitles">
      <div class="card-box__head">
        <h2>{m.heading}</h2>
        {mayChange && (
          <button
            type="button"
            class="button button--small"
            data-testid="add-subtitles"
            onClick={() => setAdding(true)}
          >
            {m.add}
          </button>
        )}
      </div>
      <Loaded from={found}>
        {({ subtitles }) =>
          subtitles.length === 0 ? (
            <p class="soft">{m.none}</p>
          ) : (
            <ul class="rows">
              {subtitles.map(({ language, lines }) => (
                <li key={language} class="row row--line" data-testid="subtitles-row">
                  <div class="row__main">
                    <p class="row__title">
                      <a
                        class="standing-link"
                        target="_blank"
                        rel="noreferrer"
                        aria-label={m.show(languageName(language))}
                        href={address("GET /api/content/{content}/renditions/{rendition}", {
                          path: { content: content.id, rendition: `subtitles-${language}.vtt` },
                        })}
                      >
                        {languageName(language)}
                      </a>
                    </p>
                    <p class="row__note">{m.lines(lines)}</p>
                  </div>
                  {mayChange && (
                    <button
                      type="button"
                      class="icon-button"
                      aria-label={m.remove(languageName(language))}
                      onClick={() => setRemoving(language)}
                    >
                      <Icon name="trash" />
                    </button>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {adding && (
        <AddDialog
          content={content.id}
          onDone={() => {
            setAdding(false);
            announce(m.added);
            void onChange();
          }}
          onClose={() => setAdding(false)}
        />
      )}
      {removing && (
        <Confirm
          title={m.removeTitle}
          text={[m.removeText(languageName(removing))]}
          action={s().common.remove}
          dangerous
          act={() =>
            call("DELETE /api/content/{content}/subtitles/{language}", {
              path: { content: content.id, language: removing },
            })
          }
          onDone={() => {
            setRemoving(null);
            announce(m.removed);
            void onChange();
          }}
          onClose={() => setRemoving(null)}
        />
      )}
    </section>
  );
}

function AddDialog(props: { content: string; onDone: () => void; onClose: () => void }) {
  const m = l().subtitles;
  const [file, setFile] = useState<File | null>(null);
  const form = useForm(
    { language: "ru", file: "" },
    {
      file: () => {
        if (!file) return m.noFile;
        return file.size > MOST_BYTES ? m.tooLarge : null;
      },
    },
    async ({ language }) => {
      if (!file) return;
      await call("PUT /api/content/{content}/subtitles/{language}", {
        path: { content: props.content, language },
        body: { text: decode(await file.arrayBuffer()) },
      });
      props.onDone();
    },
  );
  const fault = form.fault("file");
  return (
    <Dialog title={m.add} onClose={props.onClose} testId="subtitles-dialog">
      <form class="form" noValidate onSubmit={form.submit}>
        <p class="soft">{m.text}</p>
        <SelectField form={form} name="language" label={m.language} options={Object.entries(m.languages)} />
        <div class="field">
          <div>
            <FileChooser
              label={m.file}
              accept=".srt,.vtt,text/vtt"
              testId="subtitles-file"
              onChoose={setFile}
            />
          </div>
          {file && <p role="status">{m.chosen(file.name)}</p>}
          {fault && (
            <span class="field__error" role="alert">
              <Icon name="alert" size={20} />
              {fault}
            </span>
          )}
        </div>
        <Problem text={form.problem} />
        <div class="form__actions form__actions--end">
          <BusyButton busy={form.busy} testId="save-subtitles">
            {s().common.add}
          </BusyButton>
        </div>
      </form>
    </Dialog>
  );
}
