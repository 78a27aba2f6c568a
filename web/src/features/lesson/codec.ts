export type DiagnosticCodec = "vp8" | "vp9" | "h264" | "av1";

/** `?codec=` chooses another video codec for diagnosing; everyone else sends VP8. */
export function codecFromQuery(search: string): DiagnosticCodec {
  const wanted = new URLSearchParams(search).get("codec")?.toLowerCase();
  return wanted === "vp9" || wanted === "h264" || wanted === "av1" ? wanted : "vp8";
}
