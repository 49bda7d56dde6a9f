import type { Picture } from "../../core/media/pixels.ts";

/** How many colours a terminal has. */
export type Colours = "true" | "256";

/**
 * A picture as text: a cell shows two pixels, one above the other, as a half-block in two colours. Each line is as many
 * columns wide as the picture has pixels, and ends with the terminal's own colours. Works in every terminal with colours.
 */
export function halfBlocks(picture: Picture, colours: Colours): string[] {
  const lines: string[] = [];
  for (let y = 0; y < picture.height; y += 2) {
    let line = "";
    let worn = "";
    for (let x = 0; x < picture.width; x++) {
      const { rendition, block } = cellOf(colourOf(picture, x, y, colours), colourOf(picture, x, y + 1, colours));
      if (rendition !== worn) line += `\u001b[${rendition}m`;
      worn = rendition;
      line += block;
    }
    lines.push(`${line}\u001b[0m`);
  }
  return lines;
}

/** A transparent pixel shows the terminal's own background. */
function cellOf(upper: string | undefined, lower: string | undefined): { rendition: string; block: string } {
  if (upper === undefined) {
    return lower === undefined ? { rendition: "0", block: " " } : { rendition: `0;38;${lower}`, block: "▄" };
  }
  return { rendition: lower === undefined ? `0;38;${upper}` : `38;${upper};48;${lower}`, block: "▀" };
}

/** A pixel's colour as SGR 38 and 48 take it; undefined where more than half shines through. */
function colourOf({ width, height, pixels }: Picture, x: number, y: number, colours: Colours): string | undefined {
  if (y >= height) return undefined;
  const at = (y * width + x) * 4;
  const [red = 0, green = 0, blue = 0, opacity = 0] = pixels.subarray(at, at + 4);
  if (opacity < 128) return undefined;
  return colours === "true" ? `2;${red};${green};${blue}` : `5;${paletteIndex(red, green, blue)}`;
}

/** Of xterm's 256 colours, the nearest in the cube of 6 × 6 × 6 or among the 24 greys; the first 16 are the user's. */
export function paletteIndex(red: number, green: number, blue: number): number {
  const [redStep, greenStep, blueStep] = [cubeStep(red), cubeStep(green), cubeStep(blue)] as const;
  const levelOf = (step: number) => cubeLevels[step] ?? 0;
  const greyStep = Math.max(0, Math.min(23, Math.round(((red + green + blue) / 3 - 8) / 10)));
  const grey = 8 + 10 * greyStep;
  const far = (r: number, g: number, b: number) => (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
  const isGreyNearer = far(grey, grey, grey) < far(levelOf(redStep), levelOf(greenStep), levelOf(blueStep));
  return isGreyNearer ? 232 + greyStep : 16 + 36 * redStep + 6 * greenStep + blueStep;
}

/** The colour that a number of 16 and more stands for. */
export function paletteColour(index: number): readonly [red: number, green: number, blue: number] {
  if (index >= 232) return [8 + 10 * (index - 232), 8 + 10 * (index - 232), 8 + 10 * (index - 232)];
  const levelOf = (weight: number) => cubeLevels[Math.floor((index - 16) / weight) % 6] ?? 0;
  return [levelOf(36), levelOf(6), levelOf(1)];
}

const cubeLevels = [0, 95, 135, 175, 215, 255];

function cubeStep(level: number): number {
  return level < 48 ? 0 : level < 115 ? 1 : Math.floor((level - 35) / 40);
}
