/** Plays two soft notes through the chosen speaker and resolves when they have faded. */
export async function playChime(speakerId: string | null): Promise<void> {
  const context = new AudioContext();
  const output = context.createMediaStreamDestination();
  const player = new Audio();
  player.srcObject = output.stream;
  try {
    if (speakerId && typeof player.setSinkId === "function") await player.setSinkId(speakerId);
    await player.play();
    await playNotes(context, output);
  } finally {
    player.pause();
    player.srcObject = null;
    await context.close();
  }
}

function playNotes(context: AudioContext, output: AudioNode): Promise<void> {
  const notes = [
    { hz: 523.25, at: 0.05 },
    { hz: 659.25, at: 0.4 },
  ];
  const finished = notes.map(({ hz, at }) => {
    const start = context.currentTime + at;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.25, start + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.7);
    const tone = new OscillatorNode(context, { frequency: hz });
    tone.connect(gain).connect(output);
    tone.start(start);
    tone.stop(start + 0.75);
    return new Promise<void>((resolve) => {
      tone.onended = () => resolve();
    });
  });
  return Promise.all(finished).then(() => undefined);
}
