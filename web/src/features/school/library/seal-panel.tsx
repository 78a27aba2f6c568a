import type { ContentAnswer } from "../../../api/schema.ts";
import { sealWords } from "../../../i18n/seal/index.ts";
import { askServer, SealCheck } from "../../seal/seal-check.tsx";

/** The seal of prepared content, checked here or by the server. */
export function SealPanel(props: { content: ContentAnswer; onChange: () => Promise<void> }) {
  const { content, onChange } = props;
  return (
    <section class="card-box" data-testid="seal">
      <h2>{sealWords().heading}</h2>
      <SealCheck
        key={`${content.id} ${content.revision} ${content.state}`}
        content={content.id}
        isPublic={content.badge}
        onServer={async () => {
          const isGood = await askServer(content.id);
          await onChange();
          return isGood;
        }}
      />
    </section>
  );
}
