import { useEffect } from "preact/hooks";

/** Keeps a phone's screen awake during a call, where the browser can; re-taken after a change of app. */
export function useWakeLock(): void {
  useEffect(() => {
    if (!("wakeLock" in navigator)) return;
    let lock: WakeLockSentinel | null = null;
    let mounted = true;
    const take = async () => {
      if (document.visibilityState !== "visible") return;
      try {
        lock = await navigator.wakeLock.request("screen");
        if (!mounted) await lock.release();
      } catch (error) {
        // A low battery may refuse: the call works all the same.
        console.info("polyana: the screen may fall asleep", error);
      }
    };
    const retake = () => void take();
    void take();
    document.addEventListener("visibilitychange", retake);
    return () => {
      mounted = false;
      document.removeEventListener("visibilitychange", retake);
      void lock?.release();
    };
  }, []);
}
