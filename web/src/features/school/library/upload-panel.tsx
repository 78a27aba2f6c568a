import { useEffect, useState } from "preact/hooks";
import type { ContentAnswer, LibraryAnswer } from "../../../api/schema.ts";
import { l } from "../../../i18n/library/index.ts";
import { explain } from "../../../i18n/school/index.ts";
import { announce } from "../../../ui/announcer.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { FileChooser } from "./file-chooser.tsx";
import { Bar } from "./progress.tsx";
import { beginUpload, type UploadTask, uploadOf } from "./uploads.ts";
import { bytes, rough, share } from "./words.ts";

const ACCEPTED =
  "video/*,audio/*,application/pdf,image/png,image/jpeg,image/webp,.pdf,.mkv,.mov,.mp4,.webm,.m4a,.mp3,.ogg,.opus,.wav,.flac";

/** The file of a draft: chosen, on its way, or left half way. */
export function UploadPanel(props: { content: ContentAnswer; usage: LibraryAnswer | null }) {
  const m = l().upload;
  const { content, usage } = props;
  const task = uploadOf(content.id);
  const [problem, setProblem] = useState<string | null>(null);
  const choose = (file: File) => {
    if (file.size === 0) return setProblem(m.empty);
    setProblem(null);
    const own = content.upload?.own ? content.upload.id : null;
    const begun = beginUpload(content.id, file, (ended) =>
      announce(ended.state.peek() === "done" ? m.done : m.cancelled),
    );
    void begun.start(own).then((went) => {
      if (own !== null && !went) announce(m.otherFile);
    });
  };
  return (
    <section class="card-box" data-testid="upload">
      <h2>{m.heading}</h2>
      {task ? (
        <Running task={task} />
      ) : (
        <>
          {content.upload && (
            <Notice tone="warning" icon="alert" heading={m.unfinished}>
              <p>{(content.upload.own ? m.unfinishedText : m.unfinishedOther)(content.upload.file_name)}</p>
            </Notice>
          )}
          {problem && (
            <Notice tone="danger" icon="alert" alert>
              <p>{problem}</p>
            </Notice>
          )}
          <FileChooser
            label={content.upload?.own ? m.continueWith : content.file_name ? m.another : m.choose}
            drop={m.drop}
            accept={ACCEPTED}
            primary={content.file_name === null}
            testId="upload-file"
            onChoose={choose}
          />
          <p class="soft">
            {content.file_name ? `${m.anotherText} ` : ""}
            {m.kinds}. {usage && `${m.most(bytes(Math.min(usage.max_file, usage.quota)))}.`}
          </p>
        </>
      )}
    </section>
  );
}

function Running({ task }: { task: UploadTask }) {
  const m = l().upload;
  const state = task.state.value;
  const error = task.error.value;
  const left = task.leftSeconds.value;
  useEffect(() => {
    if (state === "paused") announce(m.pausedText);
  }, [state]);
  const words =
    state === "starting"
      ? m.starting
      : [m.progress(bytes(task.sent.value), bytes(task.file.size)), left !== null && m.left(rough(left))]
          .filter(Boolean)
          .join(", ");
  return (
    <div class="form" data-testid="upload-running" data-state={state}>
      {error ? (
        <Notice tone="danger" icon="alert" alert>
          <p>{explain(error)}</p>
        </Notice>
      ) : (
        <>
          <p class="row__title">{task.file.name}</p>
          <Bar
            label={m.label(task.file.name)}
            done={task.share.value}
            text={`${share(task.share.value)}, ${words}`}
            testId="upload-progress"
          />
          <p class="soft">{words}</p>
        </>
      )}
      {state === "waiting" && (
        <Notice tone="warning" icon="alert" alert>
          <p>{m.lost}</p>
        </Notice>
      )}
      {state === "paused" && <p>{m.pausedText}</p>}
      {(state === "sending" || state === "starting") && <p class="soft">{m.stay}</p>}
      <div class="form__actions">
        {(state === "sending" || state === "starting" || state === "waiting") && (
          <button type="button" class="button" data-testid="upload-pause" onClick={() => task.pause()}>
            <Icon name="pause" size={20} />
            {m.pause}
          </button>
        )}
        {state === "paused" && (
          <button
            type="button"
            class="button button--primary"
            data-testid="upload-resume"
            onClick={() => task.resume()}
          >
            <Icon name="play" size={20} />
            {m.resume}
          </button>
        )}
        {state === "failed" ? (
          <button type="button" class="button" data-testid="upload-close" onClick={() => task.close()}>
            {l().upload.choose}
          </button>
        ) : (
          <button
            type="button"
            class="button button--quiet"
            data-testid="upload-cancel"
            onClick={() => void task.cancel()}
          >
            {m.cancel}
          </button>
        )}
      </div>
    </div>
  );
}
