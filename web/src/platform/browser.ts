/** Which list of steps explains how to give a permission back. */
export type PermissionGuide =
  | "chromeAndroid"
  | "chromeDesktop"
  | "yandex"
  | "safariIos"
  | "safariMac"
  | "firefoxAndroid"
  | "firefoxDesktop"
  | "other";

/** Chooses the steps from the user agent; iPads that claim to be a Mac are told apart by touch. */
export function permissionGuide(userAgent: string, maxTouchPoints: number): PermissionGuide {
  const android = /Android/.test(userAgent);
  const ios = /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
  if (/YaBrowser/.test(userAgent)) return "yandex";
  if (ios) return /Version\/[\d.]+.*Safari/.test(userAgent) ? "safariIos" : "other";
  if (/Firefox\//.test(userAgent)) return android ? "firefoxAndroid" : "firefoxDesktop";
  if (/(Chrome|Chromium)\//.test(userAgent)) return android ? "chromeAndroid" : "chromeDesktop";
  return /Macintosh.*Safari\//.test(userAgent) ? "safariMac" : "other";
}

/** True inside the built-in views of messengers, where capture often fails without a question. */
export function isInAppView(userAgent: string): boolean {
  return (
    /\bFB(AN|AV|_IAB)\b|Instagram|VKClient|VKAndroidApp|Telegram|Viber|; wv\)/.test(userAgent) ||
    (/iPhone|iPad/.test(userAgent) && /AppleWebKit/.test(userAgent) && !/Safari\//.test(userAgent))
  );
}

/** Whether this browser can hold a call at all. */
export function canCall(): boolean {
  return typeof RTCPeerConnection === "function" && typeof WebSocket === "function";
}

/** Screen capture needs a secure page and exists on computers only. */
export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === "function";
}

/** Choosing the speaker exists in Chromium and current Firefox; elsewhere the system decides. */
export function canChooseSpeaker(): boolean {
  return typeof HTMLMediaElement.prototype.setSinkId === "function";
}
