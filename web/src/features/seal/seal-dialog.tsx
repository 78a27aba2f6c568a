import { sealWords } from "../../i18n/seal/index.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { SealCheck } from "./seal-check.tsx";

/** The check of a film's seal, for whoever watches it. A chunk of its own: few open it. */
export function SealDialog(props: { content: string; title: string; onClose: () => void }) {
  return (
    <Dialog title={`${sealWords().heading}: ${props.title}`} onClose={props.onClose} testId="seal-dialog">
      <SealCheck content={props.content} isPublic onServer={null} atOnce />
    </Dialog>
  );
}
