import type { ContentAnswer, ContentKind, GroupAnswer } from "../../../api/schema.ts";
import { l } from "../../../i18n/library/index.ts";
import { s } from "../../../i18n/school/index.ts";
import { Icon, type IconName } from "../../../ui/icon.tsx";
import { Link } from "../../../ui/link.tsx";
import { StateTag, VerifiedBadge } from "./marks.tsx";
import { uploadOf } from "./uploads.ts";
import { clock, share } from "./words.ts";

const SIGNS: Readonly<Record<ContentKind, IconName>> = {
  film: "film",
  sound: "volume",
  image: "log",
  document: "log",
};

/** A list of content; each leads to its page. */
export function ContentRows(props: { contents: readonly ContentAnswer[]; groups: readonly GroupAnswer[] }) {
  return (
    <ul class="rows">
      {props.contents.map((content) => (
        <Row key={content.id} content={content} groups={props.groups} />
      ))}
    </ul>
  );
}

function Row({ content, groups }: { content: ContentAnswer; groups: readonly GroupAnswer[] }) {
  const m = l();
  const names = groups.filter(({ id }) => content.groups.includes(id)).map(({ name }) => name);
  const notes = [
    s().lessons.programmes[content.programme],
    content.media_type !== null && m.kinds[content.kind],
    content.pages > 0 ? m.pages(content.pages) : content.duration_s !== null && clock(content.duration_s),
    ...names,
  ];
  return (
    <li class="row row--line content-row" data-testid="content-row">
      <span class="content-row__sign">
        <Icon name={SIGNS[content.kind]} />
      </span>
      <div class="row__main">
        <p class="row__title">
          <span>
            <Link class="content-row__link" href={`/library/${content.id}`} testId="open-content">
              {content.title}
            </Link>
          </span>
          <span class="age-mark">{m.ageMark(content.age_mark)}</span>
        </p>
        <p class="row__note">{notes.filter(Boolean).join(" · ")}</p>
        <p class="chips">
          {content.badge ? <VerifiedBadge /> : <StateTag content={content} />}
          <FileTag content={content} />
        </p>
      </div>
    </li>
  );
}

/** What is the matter with its file, where it is not simply there. */
function FileTag({ content }: { content: ContentAnswer }) {
  const m = l();
  const own = uploadOf(content.id);
  if (own?.state.value === "paused") return <span class="tag tag--waiting">{m.paused}</span>;
  if (own) return <span class="tag">{m.uploading(share(own.share.value))}</span>;
  if (content.upload) return <span class="tag tag--waiting">{m.unfinished}</span>;
  const { state, done } = content.preparation;
  if (state === "ready") return null;
  const isWrong = state === "refused" || state === "failed";
  return (
    <span class={`tag ${isWrong ? "tag--bad" : state === "none" ? "tag--waiting" : ""}`}>
      {m.preparations[state]}
      {done !== null && ` · ${share(done)}`}
    </span>
  );
}
