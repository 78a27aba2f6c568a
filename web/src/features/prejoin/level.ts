/** The level of a microphone from 0 to 1, a logarithmic scale as the ear hears. */
export function levelFromSamples(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  // -60 dBFS is a quiet room, -12 dBFS a voice close by.
  const db = 20 * Math.log10(Math.max(rms, 1e-6));
  return Math.min(1, Math.max(0, (db + 60) / 48));
}

/** Above this level the microphone is said to hear the person. */
export const HEARD_LEVEL = 0.4;

/** Measures a track on every animation frame; returns the way to stop. */
export function watchLevel(track: MediaStreamTrack, onLevel: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  const source = context.createMediaStreamSource(new MediaStream([track]));
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let frame = 0;
  const step = () => {
    analyser.getFloatTimeDomainData(samples);
    onLevel(levelFromSamples(samples));
    frame = requestAnimationFrame(step);
  };
  frame = requestAnimationFrame(step);
  // Browsers hold back audio until a gesture: the first touch anywhere starts the meter.
  const resume = () => void context.resume();
  document.addEventListener("pointerdown", resume, { once: true });
  return () => {
    cancelAnimationFrame(frame);
    document.removeEventListener("pointerdown", resume);
    source.disconnect();
    void context.close();
  };
}
