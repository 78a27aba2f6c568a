import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type DetailedError, Upload } from "tus-js-client";
import { ApiError } from "../../../api/http.ts";

/**
 * Bytes of one request. What a file is the server sees after the first, proxies take requests of this size, and of a
 * lost connection no more than this is sent twice.
 */
const PIECE_BYTES = 8 << 20;
const AGAIN_MS = 5000;
/** How long the speed is looked at, so that the time that is left does not jump. */
const SPEED_MS = 8000;
const HEADERS = { "X-Polyana": "1" };

/** `waiting`: without a connection, it goes on by itself. `failed`: the server refused it. */
export type UploadState = "starting" | "sending" | "paused" | "waiting" | "failed" | "done";

/** The server's own refusal, or that no answer came. */
export function refusal(error: Error | DetailedError): ApiError {
  const response = "originalResponse" in error ? error.originalResponse : null;
  if (!response) return new ApiError(0, "NETWORK", error.message);
  const status = response.getStatus();
  try {
    const told = JSON.parse(response.getBody()) as { error?: { code?: unknown; message?: unknown } };
    if (typeof told.error?.code === "string")
      return new ApiError(status, told.error.code, String(told.error.message));
  } catch {
    // A proxy's page is no answer of ours: its status says enough.
  }
  return new ApiError(status, status >= 500 ? "NETWORK" : `HTTP_${status}`, error.message);
}

/** Seconds that are left at the speed of the last moments; null while nothing can be said. */
export function left(
  samples: readonly (readonly [at: number, sent: number])[],
  length: number,
): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last[0] - first[0] < 1000 || last[1] <= first[1]) return null;
  return (((length - last[1]) / (last[1] - first[1])) * (last[0] - first[0])) / 1000;
}

/** A file on its way to the server. It goes on while other pages are shown, and over losses of the connection. */
export class UploadTask {
  readonly state = signal<UploadState>("starting");
  readonly sent = signal(0);
  readonly error = signal<ApiError | null>(null);
  readonly leftSeconds = signal<number | null>(null);
  readonly share: ReadonlySignal<number>;
  private readonly upload: Upload;
  private samples: (readonly [number, number])[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly content: string,
    readonly file: File,
    private readonly onEnd: (task: UploadTask) => void,
  ) {
    this.share = computed(() => (file.size > 0 ? this.sent.value / file.size : 0));
    this.upload = new Upload(file, {
      endpoint: `/api/content/${content}/uploads`,
      headers: HEADERS,
      metadata: { filename: file.name },
      chunkSize: PIECE_BYTES,
      retryDelays: [0, 1000, 3000],
      removeFingerprintOnSuccess: true,
      onProgress: (sent) => this.progressed(sent),
      onSuccess: () => this.end("done"),
      onError: (error) => this.failed(refusal(error)),
    });
  }

  /**
   * From where the upload `known` of the server is, if it is of this file and began in this browser; else anew.
   * Returns whether it went on.
   */
  async start(known: string | null): Promise<boolean> {
    addEventListener("online", this.again);
    const before = known === null ? [] : await this.upload.findPreviousUploads();
    const same = before.find(({ uploadUrl }) => uploadUrl?.endsWith(`/${known}`));
    if (same) this.upload.resumeFromPreviousUpload(same);
    this.send();
    return same !== undefined;
  }

  pause(): void {
    clearTimeout(this.timer);
    this.state.value = "paused";
    this.leftSeconds.value = null;
    void this.upload.abort();
  }

  resume(): void {
    this.send();
  }

  /** Takes it back from the server, too; what cannot be taken back now expires there. */
  async cancel(): Promise<void> {
    clearTimeout(this.timer);
    try {
      await this.upload.abort(true);
    } catch (error) {
      // Without a connection the server hears nothing of it: what has come expires there.
      if (refusal(error as Error).code !== "NETWORK") console.warn(error);
    }
    this.close();
  }

  /** Ends looking after it; the server keeps what has come. */
  close(): void {
    clearTimeout(this.timer);
    removeEventListener("online", this.again);
    this.onEnd(this);
  }

  private send(): void {
    clearTimeout(this.timer);
    this.samples = [];
    this.error.value = null;
    this.state.value = "starting";
    this.upload.start();
  }

  private readonly again = () => {
    if (this.state.value === "waiting") this.send();
  };

  private progressed(sent: number): void {
    if (this.state.value === "paused") return;
    const now = performance.now();
    this.samples = [...this.samples.filter(([at]) => now - at < SPEED_MS), [now, sent]];
    this.state.value = "sending";
    this.sent.value = sent;
    this.leftSeconds.value = left(this.samples, this.file.size);
  }

  private failed(error: ApiError): void {
    this.leftSeconds.value = null;
    if (error.code === "NETWORK") {
      this.state.value = "waiting";
      this.timer = setTimeout(this.again, AGAIN_MS);
    } else {
      this.error.value = error;
      this.state.value = "failed";
    }
  }

  private end(state: UploadState): void {
    this.sent.value = this.file.size;
    this.state.value = state;
    this.close();
  }
}

const tasks = signal<ReadonlyMap<string, UploadTask>>(new Map());

/** How many this tab has on their way. */
export const uploadCount = computed(() => tasks.value.size);

/** The upload of this tab to a piece of content, if there is one. */
export function uploadOf(content: string): UploadTask | null {
  return tasks.value.get(content) ?? null;
}

/** Begins an upload, or goes on with one. `onEnd`: it is there, or was cancelled. */
export function beginUpload(content: string, file: File, onEnd: (task: UploadTask) => void): UploadTask {
  const task = new UploadTask(content, file, (ended) => {
    tasks.value = new Map([...tasks.value].filter(([, one]) => one !== ended));
    if (tasks.value.size === 0) removeEventListener("beforeunload", ask);
    onEnd(ended);
  });
  if (tasks.value.size === 0) addEventListener("beforeunload", ask);
  tasks.value = new Map([...tasks.value, [content, task]]);
  return task;
}

/** Browsers ask in their own words whether a page with work in it shall be left. */
function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
