import { PNG } from "pngjs";

type Colour = readonly [red: number, green: number, blue: number];

const width = 480;
const height = 200;
/** From top to bottom. Between neighbours there are colours that are not grey in the palette of 256 either. */
const sky: readonly Colour[] = [
  [70, 70, 150],
  [135, 95, 175],
  [215, 135, 175],
  [255, 175, 135],
];
const sunColour: Colour = [255, 240, 190];
const sun = { x: 330, y: 78, radius: 30, colour: sunColour };

/** Mountains one behind another, the nearest last: the height of the ridge, and how much it goes up and down. */
const ridges: readonly {
  readonly at: number;
  readonly heights: number;
  readonly length: number;
  readonly colour: Colour;
}[] = [
  { at: 112, heights: 30, length: 95, colour: [135, 95, 135] },
  { at: 140, heights: 38, length: 70, colour: [95, 95, 135] },
  { at: 174, heights: 26, length: 50, colour: [28, 28, 34] },
];

/** An evening in the mountains, as a PNG: something to send that was nobody's photograph. */
export function landscape(): Buffer {
  const png = new PNG({ width, height });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) png.data.set([...colourAt(x, y), 255], (y * width + x) * 4);
  }
  return PNG.sync.write(png);
}

function colourAt(x: number, y: number): Colour {
  const front = ridges.findLast(({ at, heights, length }) => y > at - heights * ridgeAt(x / length));
  if (front) return front.colour;
  const fromSun = Math.hypot(x - sun.x, y - sun.y);
  const air = skyAt(Math.min(0.999, y / 120));
  return mixed(sun.colour, air, Math.min(1, Math.max(0, (fromSun - sun.radius) / 14)));
}

function skyAt(share: number): Colour {
  const at = share * (sky.length - 1);
  const [from, to] = sky.slice(Math.floor(at));
  if (!from || !to) throw new RangeError(`no sky at ${share}`);
  return mixed(from, to, at % 1);
}

/** Peaks of several sizes, between 0 and about 1. */
const ridgeAt = (at: number) =>
  0.6 * Math.abs(Math.sin(at)) + 0.3 * Math.abs(Math.sin(2.3 * at + 1)) + 0.1 * Math.sin(9 * at);

function mixed(from: Colour, to: Colour, share: number): Colour {
  const channel = (at: 0 | 1 | 2) => Math.round(from[at] + (to[at] - from[at]) * share);
  return [channel(0), channel(1), channel(2)];
}
