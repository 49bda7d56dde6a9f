export type Rgb = readonly [red: number, green: number, blue: number];

/** The nearest of xterm's 6 × 6 × 6 colours and 24 greys, numbers 16 to 255; the first 16 look different everywhere. */
export function nearestInPalette([red, green, blue]: Rgb): number {
  const [r, g, b] = [nearestLevel(red), nearestLevel(green), nearestLevel(blue)];
  const inCube = 16 + 36 * r + 6 * g + b;
  const grey = Math.max(0, Math.min(23, Math.round(((red + green + blue) / 3 - 8) / 10)));
  const wanted: Rgb = [red, green, blue];
  return distance(wanted, colourInPalette(232 + grey)) < distance(wanted, colourInPalette(inCube))
    ? 232 + grey
    : inCube;
}

export function colourInPalette(index: number): Rgb {
  return colours[index - 16] as Rgb;
}

const levels = [0, 95, 135, 175, 215, 255] as const;
const colours: readonly Rgb[] = [
  ...levels.flatMap((red) => levels.flatMap((green) => levels.map((blue): Rgb => [red, green, blue]))),
  ...Array.from({ length: 24 }, (_, n): Rgb => [8 + n * 10, 8 + n * 10, 8 + n * 10]),
];

const nearestLevel = (band: number) => (band < 48 ? 0 : band < 115 ? 1 : Math.min(5, Math.round((band - 55) / 40)));

const distance = (a: Rgb, b: Rgb) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
