import { c } from "../../../i18n/control/index.ts";

/** A path, and its fill; with a width it is a line of that colour. */
type Shape = readonly [d: string, colour: string, width?: number];

const circle = (x: number, y: number, r: number) =>
  `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;

const DARK = "#2b2b2b";
const YELLOW = "#f8cf45";
const BROWN = "#6b4226";
const FACE: Shape = [circle(16, 16, 13), YELLOW];
const EYES: Shape = [circle(11.5, 13.5, 1.8) + circle(20.5, 13.5, 1.8), "#3a2a12"];
const CARD: Shape = ["M7 3h18a4 4 0 0 1 4 4v18a4 4 0 0 1-4 4H7a4 4 0 0 1-4-4V7a4 4 0 0 1 4-4z", "#2f6fb7"];

/** Our own drawings on a 32-unit grid: fonts of old phones lack pictures, or have others. */
const DRAWINGS: Readonly<Record<string, readonly Shape[]>> = {
  "👍": [
    ["M3 14h5.5v13H3z", "#3b82c4"],
    [
      "M10 14.5h2.2l4-9.7c3 0 4.2 2 3.6 5l-.7 3.4h6.3c2 0 3.2 1.9 2.6 3.7l-2.5 8c-.5 1.5-1.6 2.3-3.2 2.3H13c-1.3 0-2.1-.4-3-1z",
      YELLOW,
    ],
  ],
  "👏": [
    [
      "M10 17l5-8c1-1.5 3-.4 2.2 1.2L15 15l6-8c1.2-1.5 3.2 0 2.2 1.6L18.5 16l5.5-6c1.3-1.3 3 .2 2 1.7l-6.5 10C17 26 12 28 8.5 25.5S7.5 20.5 10 17z",
      YELLOW,
    ],
    ["M6.5 9L4.3 5.8M11 6.5l-.6-3.7M4 13l-3-1", "#e88a00", 1.8],
  ],
  "❤️": [
    ["M16 28C6 20.5 3 16.5 3 11.5A6.8 6.8 0 0 1 16 8.6 6.8 6.8 0 0 1 29 11.5c0 5-3 9-13 16.5z", "#e0393e"],
  ],
  "😂": [
    FACE,
    ["M8.5 13.5c1-2.4 4.4-2.4 5.4 0M18.1 13.5c1-2.4 4.4-2.4 5.4 0", "#3a2a12", 1.8],
    ["M9.5 17.5h13c0 5-3 7.8-6.5 7.8s-6.5-2.8-6.5-7.8z", "#7a2e2a"],
    ["M6 14.5c-2.6 2-3.6 4-2.6 5.4 1.3 1.4 3.6 0 3.9-3.4z", "#4aa3e0"],
    ["M26 14.5c2.6 2 3.6 4 2.6 5.4-1.3 1.4-3.6 0-3.9-3.4z", "#4aa3e0"],
  ],
  "😮": [FACE, EYES, [circle(16, 21.5, 3.6), "#7a4a1e"]],
  "😢": [
    FACE,
    EYES,
    ["M11 23c2-3.4 8-3.4 10 0", "#3a2a12", 2],
    ["M22.5 15.5c2 3 2.8 4.2 2.8 5.6a2.7 2.7 0 0 1-5.4 0c0-1.4.8-2.6 2.6-5.6z", "#4aa3e0"],
  ],
  "🎉": [
    ["M3.5 28.5l6-17 11 11z", "#e88a00"],
    ["M6.5 20l5.5 5.5M8 15.5l8.5 8.5", "#fff3d0", 1.6],
    ["M18 5h3v3h-3zM26 21h3v3h-3z", "#d8392f"],
    ["M24.5 12.5h3v3h-3z", "#3b82c4"],
    [circle(13, 6, 1.8) + circle(28, 7, 1.6), "#2f9e5a"],
    ["M17.5 13.5c1.5-5 4.5-1.5 7-7M20.5 17.5c3-2.5 4.5.5 7-1", "#8e5bb5", 1.8],
  ],
  "👋": [
    [
      "M9 19L6.4 13c-.7-1.8 1.7-2.9 2.6-1.2l3 5.2L9.2 7.5c-.6-1.9 2-2.8 2.8-.9l3.6 8.4-1.7-9.5c-.3-2 2.4-2.5 2.9-.5L19 14.5l1.1-7c.3-2 3-1.6 2.8.4L22.5 17l3-2.4c1.6-1.2 3.3.7 2 2.2L22 24c-2 2.6-4 4-7 4-4 0-5-4-6-9z",
      YELLOW,
    ],
    ["M4 17.5c-.6 2-.4 4.5.8 6.5M1.6 18.5c-.5 2.6-.1 5 1 7", "#e88a00", 1.6],
  ],
  "✅": [
    ["M7 3h18a4 4 0 0 1 4 4v18a4 4 0 0 1-4 4H7a4 4 0 0 1-4-4V7a4 4 0 0 1 4-4z", "#2b8a50"],
    ["M9 16.5l5 5L23.5 11", "#ffffff", 3.2],
  ],
  "❌": [["M7.5 7.5l17 17M24.5 7.5l-17 17", "#d8392f", 4.6]],
  "🐢": [
    [`M4 20.5h23v3H7z${circle(27, 18, 3.4)}${circle(10.5, 24.5, 2.6)}${circle(21, 24.5, 2.6)}`, "#8fbf5a"],
    ["M6 21a9.5 10 0 0 1 19 0z", "#3f8a3c"],
    ["M15.5 11.3V21M9.5 14.5l4 6.5M21.5 14.5l-4 6.5", "#2f6b2e", 1.2],
    [circle(28, 17.3, 0.9), DARK],
  ],
  "🐇": [
    [
      `${circle(16, 21, 7.6)}M11.6 16C7 7 8.5 1.8 11 2.2s4.2 6 3.6 13zM20.4 16c4.6-9 3.1-14.2.6-13.8s-4.2 6-3.6 13z`,
      "#d3cbc0",
    ],
    ["M11.7 12.5c-1.6-4-1.6-7-.7-7s1.9 3 1.9 7zM20.3 12.5c1.6-4 1.6-7 .7-7s-1.9 3-1.9 7z", "#e7a6ad"],
    [circle(13, 20, 1.3) + circle(19, 20, 1.3), DARK],
    ["M14.7 22.8h2.6L16 24.4z", "#c85c68"],
    ["M16 24.4v2M9 23.5l3.4-.4M23 23.5l-3.4-.4", "#7d756b", 1],
  ],
  "🍎": [
    [
      "M16 10.5c-3-3-11-2-11 6 0 6 4.2 12 7.8 12 1.2 0 2-.6 3.2-.6s2 .6 3.2.6c3.6 0 7.8-6 7.8-12 0-8-8-9-11-6z",
      "#d8392f",
    ],
    ["M16 10.5c0-3 .8-5 2.6-6.5", BROWN, 2],
    ["M17.5 8.5c1.2-4 5-4.7 8-4 .3 3-3.5 6-8 4z", "#4c9a3f"],
  ],
  "🍌": [
    ["M5 5.5c2 10.5 8.5 15.5 20.5 16 1.6.1 2 2.4.6 3.2C18 29.5 5 25 2.6 7c-.2-1.9 2-3 2.4-1.5z", "#f4c430"],
    ["M5.5 9c2.4 9 8.5 13.5 18 15.2", "#c99a12", 1.2],
    [circle(3.8, 5.6, 1.5) + circle(26.3, 23, 1.5), BROWN],
  ],
  "🐱": [
    [`${circle(16, 18.5, 10)}M6.5 15.5V4.5L14 9zM25.5 15.5V4.5L18 9z`, "#f0a13c"],
    [circle(12, 17, 1.6) + circle(20, 17, 1.6), DARK],
    ["M14.2 20.5h3.6L16 22.6z", "#b5483a"],
    [
      "M16 22.6c-.8 2-3 1.6-3.6.4M16 22.6c.8 2 3 1.6 3.6.4M3.5 19l5.5.6M4 23l5-1.2M28.5 19l-5.5.6M28 23l-5-1.2",
      DARK,
      1,
    ],
  ],
  "🐶": [
    [circle(16, 17.5, 9.8), "#d9a066"],
    ["M9 9c-5.5-1-7 8-4.6 13 3.4-.4 5-4 5.2-9zM23 9c5.5-1 7 8 4.6 13-3.4-.4-5-4-5.2-9z", "#8a5a33"],
    [circle(16, 21.5, 5), "#f3dfc1"],
    [circle(12.3, 15.5, 1.6) + circle(19.7, 15.5, 1.6) + circle(16, 19.5, 2), DARK],
    ["M14.3 23.5h3.4v3a1.7 1.7 0 0 1-3.4 0z", "#e0666b"],
  ],
  "🦊": [
    ["M4.5 5l7 4.5h9l7-4.5.8 12.5L16 29 3.7 17.5z", "#e8762c"],
    ["M3.7 17.5L16 29l-3.2-9.5zM28.3 17.5L16 29l3.2-9.5z", "#fff3e3"],
    [circle(11.5, 16, 1.5) + circle(20.5, 16, 1.5) + circle(16, 27.3, 1.8), DARK],
  ],
  "🐻": [
    [circle(16, 17.5, 10.3) + circle(7.3, 9, 3.9) + circle(24.7, 9, 3.9), "#8a5a33"],
    [circle(16, 21.5, 4.8), "#d9b48a"],
    [circle(12, 15.5, 1.5) + circle(20, 15.5, 1.5) + circle(16, 20, 1.8), DARK],
  ],
  "🐟": [
    ["M20 16l9-7v14z", "#2c6aa8"],
    ["M2.5 16c5-8.5 15-8.5 20 0-5 8.5-15 8.5-20 0z", "#4b93d6"],
    [circle(8.5, 14.5, 1.9), "#ffffff"],
    [circle(8.3, 14.5, 1), DARK],
    ["M13 12c1.5 2.5 1.5 5.5 0 8", "#2c6aa8", 1.4],
  ],
  "🌞": [
    [
      "M16 1.8v4M16 26.2v4M1.8 16h4M26.2 16h4M6 6l2.8 2.8M23.2 23.2L26 26M6 26l2.8-2.8M23.2 8.8L26 6",
      "#e88a00",
      2.6,
    ],
    [circle(16, 16, 7.6), "#f7c531"],
    [circle(13.4, 14.6, 1.1) + circle(18.6, 14.6, 1.1), "#3a2a12"],
    ["M12.8 17.8c1.4 2.3 5 2.3 6.4 0", "#3a2a12", 1.4],
  ],
  "🌧️": [
    ["M9 19a5.5 5.5 0 0 1 .5-11A7.5 7.5 0 0 1 24 9.5 4.8 4.8 0 0 1 24 19z", "#8fa6bb"],
    ["M10 22.5l-1.8 5M16.5 22.5l-1.8 5M23 22.5l-1.8 5", "#2f7cc4", 2.4],
  ],
  "🙂": [FACE, EYES, ["M10 19.5c2.5 4.3 9.5 4.3 12 0", "#3a2a12", 2]],
  "⭐": [["M16 3l3.9 8.3 9.1 1.1-6.7 6.2 1.8 9L16 23.1l-8.1 4.5 1.8-9L3 12.4l9.1-1.1z", "#f2b91d"]],
  "🚗": [
    [
      "M2.5 20.5c0-3.2 1.2-4.4 4-5l3-4.8C10.2 9 11.5 8 13 8h7c1.3 0 2.5.7 3.2 1.8l3.6 5.7c2 .5 3 1.7 3 5v2.5H2.5z",
      "#d8392f",
    ],
    ["M12.3 10.7H16v5H9.3zM18 10.7h2.4l3.1 5H18z", "#cfe8f5"],
    [circle(9.5, 23.5, 3.6) + circle(23.5, 23.5, 3.6), DARK],
    [circle(9.5, 23.5, 1.4) + circle(23.5, 23.5, 1.4), "#e8e8e8"],
  ],
  "🌳": [
    ["M14 19h4v10.5h-4z", "#7a4f2a"],
    [circle(16, 10.5, 8) + circle(9.5, 15.5, 6) + circle(22.5, 15.5, 6), "#4c9a3f"],
  ],
  "🏠": [
    ["M6 15h20v13.5H6z", "#ecd2a6"],
    ["M2 16.5L16 3.5l14 13h-4.5L16 8l-9.5 8.5z", "#c0503c"],
    ["M13 19.5h6v9h-6z", "#7a4f2a"],
  ],
  "1️⃣": [CARD, ["M12.5 11.5L17 8.5v15", "#ffffff", 3]],
  "2️⃣": [CARD, ["M11.5 12c0-4.8 9-4.8 9 0 0 4-9 6-9 11.5h9.5", "#ffffff", 3]],
  "3️⃣": [CARD, ["M11.5 9h8.5l-4.6 5.6c7.2-.4 7.2 9.4.4 9.4-2 0-3.7-.8-4.6-2.2", "#ffffff", 3]],
};

/** `named`: it says what it shows to those who do not see it. What has no drawing is shown as text. */
export function Picture({ picture, named = false }: { picture: string; named?: boolean }) {
  const words = c();
  if (!named) return <Drawing picture={picture} />;
  return (
    <span role="img" aria-label={words.pictures[picture] ?? words.emoji[picture] ?? picture}>
      <Drawing picture={picture} />
    </span>
  );
}

function Drawing({ picture }: { picture: string }) {
  const shapes = DRAWINGS[picture];
  if (!shapes) return <span aria-hidden="true">{picture}</span>;
  return (
    <svg class="picture" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      {shapes.map(([d, colour, width]) =>
        width === undefined ? (
          <path key={d} d={d} fill={colour} />
        ) : (
          <path
            key={d}
            d={d}
            fill="none"
            stroke={colour}
            stroke-width={width}
            stroke-linecap="round"
            stroke-linejoin="round"
          />
        ),
      )}
    </svg>
  );
}

/** Whether there is a drawing of ours. */
export function isDrawn(picture: string): boolean {
  return picture in DRAWINGS;
}
