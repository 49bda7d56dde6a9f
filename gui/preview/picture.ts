/** Pixels row by row from the top left, four bytes each: red, green, blue, and how opaque. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The largest size within the room that keeps the proportions; never larger than the picture, never nothing. */
export function sizeWithin({ width, height }: Size, room: Size): Size {
  const scale = Math.min(1, room.width / width, room.height / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Shrunk by averaging what falls into each pixel, weighted by how opaque it is, so that fine lines do not vanish. */
export function shrink(picture: Picture, to: Size): Picture {
  const { width, height, rgba } = picture;
  if (to.width === width && to.height === height) return picture;
  const shrunk = new Uint8Array(to.width * to.height * 4);
  for (let y = 0; y < to.height; y++) {
    const [top, bottom] = share(y, to.height, height);
    for (let x = 0; x < to.width; x++) {
      const [left, right] = share(x, to.width, width);
      let [red, green, blue, alpha] = [0, 0, 0, 0];
      for (let row = top; row < bottom; row++) {
        for (let at = (row * width + left) * 4; at < (row * width + right) * 4; at += 4) {
          const opaque = rgba[at + 3] as number;
          red += (rgba[at] as number) * opaque;
          green += (rgba[at + 1] as number) * opaque;
          blue += (rgba[at + 2] as number) * opaque;
          alpha += opaque;
        }
      }
      const at = (y * to.width + x) * 4;
      if (alpha > 0) {
        shrunk[at] = Math.round(red / alpha);
        shrunk[at + 1] = Math.round(green / alpha);
        shrunk[at + 2] = Math.round(blue / alpha);
      }
      shrunk[at + 3] = Math.round(alpha / ((bottom - top) * (right - left)));
    }
  }
  return { ...to, rgba: shrunk };
}

/** Which of `from` pixels fall into pixel `n` of `into`: at least one. */
function share(n: number, into: number, from: number): [first: number, end: number] {
  const first = Math.floor((n * from) / into);
  return [first, Math.max(first + 1, Math.floor(((n + 1) * from) / into))];
}

/** As EXIF says that it is to be looked at (tag 0x0112): 1 is upright, 2 to 8 are the mirrored and turned ones. */
export function turn(picture: Picture, orientation: number): Picture {
  if (!(orientation >= 2 && orientation <= 8)) return picture;
  const { width, height } = picture;
  const isOnItsSide = orientation >= 5;
  const to = isOnItsSide ? { width: height, height: width } : { width, height };
  const from = new Uint32Array(
    picture.rgba.buffer.slice(picture.rgba.byteOffset, picture.rgba.byteOffset + width * height * 4),
  );
  const turned = new Uint32Array(width * height);
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBottom = [3, 4, 6, 7].includes(orientation);
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) {
      const [column, row] = isOnItsSide ? [y, x] : [x, y];
      const sourceX = fromRight ? width - 1 - column : column;
      const sourceY = fromBottom ? height - 1 - row : row;
      turned[y * to.width + x] = from[sourceY * width + sourceX] as number;
    }
  }
  return { ...to, rgba: new Uint8Array(turned.buffer) };
}

/** Laid on a plain grey, on which black drawings show as well as white ones. */
export function opaque({ width, height, rgba }: Picture): Picture {
  const laid = new Uint8Array(rgba.length);
  for (let at = 0; at < rgba.length; at += 4) {
    const share = (rgba[at + 3] as number) / 255;
    for (let band = 0; band < 3; band++) {
      laid[at + band] = Math.round((rgba[at + band] as number) * share + background * (1 - share));
    }
    laid[at + 3] = 255;
  }
  return { width, height, rgba: laid };
}

const background = 0x80;
