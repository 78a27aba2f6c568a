import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../../api/http.ts";
import type { Seal } from "../../api/schema.ts";
import { address, call } from "../../api/school.ts";
import {
  type Changed,
  changedPieces,
  type Progress,
  pieceCount,
  type Read,
  type SignatureFault,
  signatureFault,
  Unsupported,
} from "./verify.ts";

const PAUSE_MS = 2000;

export type SealCheck =
  | { readonly kind: "idle" | "reading" | "noSeal" | "unsupported" | "insecure" | "failed" }
  | { readonly kind: "running"; readonly seal: Seal; readonly progress: Progress }
  | { readonly kind: "signature"; readonly seal: Seal; readonly fault: SignatureFault }
  | { readonly kind: "signatureOnly"; readonly seal: Seal }
  | { readonly kind: "good"; readonly seal: Seal; readonly pieces: number }
  | {
      readonly kind: "changed";
      readonly seal: Seal;
      readonly changed: readonly Changed[];
      readonly count: number;
    };

/** The files are not for this person: who is not of the staff checks the signature alone. */
class NotForYou extends Error {}

/** `isPublic`: by the address that anybody may ask; else the seal of what is not verified. */
export function useSealCheck(content: string, isPublic: boolean) {
  const [check, setCheck] = useState<SealCheck>({ kind: "idle" });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), [content]);
  const start = async () => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    const tell = (next: SealCheck) => {
      if (!abort.signal.aborted) setCheck(next);
    };
    tell({ kind: "reading" });
    try {
      await run(content, isPublic, tell, abort.signal);
    } catch (error) {
      if (abort.signal.aborted) return;
      if (error instanceof Unsupported) tell({ kind: isSecureContext ? "unsupported" : "insecure" });
      else if (error instanceof ApiError && error.status === 404) tell({ kind: "noSeal" });
      else if (error instanceof ApiError) tell({ kind: "failed" });
      else throw error;
    }
  };
  const stop = () => {
    running.current?.abort();
    setCheck({ kind: "idle" });
  };
  return { check, start, stop };
}

async function run(
  content: string,
  isPublic: boolean,
  tell: (check: SealCheck) => void,
  signal: AbortSignal,
): Promise<void> {
  const path = { content };
  const seal = isPublic
    ? await call("GET /.well-known/polyana/manifests/{content}.json", { path })
    : await call("GET /api/content/{content}/seal", { path });
  const { keys } = await call("GET /.well-known/polyana/keys.json");
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  const fault = await signatureFault(seal, content, keys, subtle);
  if (fault !== null || !subtle) return tell({ kind: "signature", seal, fault: fault ?? "wrong" });
  tell({ kind: "running", seal, progress: { done: 0, all: 1 } });
  try {
    const { changed, count } = await changedPieces(
      seal.manifest,
      reader(content, signal),
      subtle,
      (progress) => tell({ kind: "running", seal, progress }),
      signal,
    );
    if (count > 0) tell({ kind: "changed", seal, changed, count });
    else tell({ kind: "good", seal, pieces: pieceCount(seal.manifest) });
  } catch (error) {
    if (!(error instanceof NotForYou)) throw error;
    tell({ kind: "signatureOnly", seal });
  }
}

/** Reads parts of files from the server, and waits where it asks for it. */
function reader(content: string, signal: AbortSignal): Read {
  return async (file, offset, length) => {
    const where = address("GET /api/content/{content}/renditions/{rendition}", {
      path: { content, rendition: file },
    });
    for (;;) {
      let response: Response;
      try {
        const headers = { range: `bytes=${offset}-${offset + length - 1}` };
        response = await fetch(where, { headers, signal, cache: "no-store", credentials: "same-origin" });
        if (response.status === 206) return new Uint8Array(await response.arrayBuffer());
      } catch (cause) {
        signal.throwIfAborted();
        throw new ApiError(0, "NETWORK", String(cause));
      }
      if (response.status === 401 || response.status === 403) throw new NotForYou();
      // 416: the file ends before this piece begins.
      if (response.status === 404 || response.status === 416) return null;
      if (response.status !== 429) throw new ApiError(response.status, "BAD_RESPONSE", where);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      signal.throwIfAborted();
    }
  };
}
