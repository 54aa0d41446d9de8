// Draws icon.png: the mark of the docs, a loss that falls and a signal that does not die, 128 pixels wide.

import { writeFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";

const SIZE = 128;
/** Points a side in which a pixel is looked at, so that edges are smooth. */
const SAMPLES = 4;
const CORNER = 24;
const GROUND = [0x1b, 0x27, 0x33];

/** A line in a square of 24: points, and its colour. */
const loss = { colour: [0xd7, 0xde, 0xe6], points: curve([3, 4], [5, 13], [9, 17], [20, 18]) };
const signal = {
  colour: [0xf0, 0xa0, 0x4b],
  points: [
    [3, 10],
    [7, 10],
    [9, 5],
    [12, 17],
    [14, 10],
    [21, 10],
  ],
};
const LINES = [signal, loss];

function curve(...[a, b, c, d]) {
  return Array.from({ length: 25 }, (_, step) => {
    const t = step / 24;
    const weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
    return [0, 1].map((axis) => [a, b, c, d].reduce((sum, point, index) => sum + weights[index] * point[axis], 0));
  });
}

function distance([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const along = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

/** The colour at a point of the picture with its share of opacity: on a line, on the ground, or outside its corners. */
function colour(x, y) {
  const [u, v] = [x, y].map((one) => (one / SIZE) * 28 - 2);
  const on = ({ points }) => points.slice(1).some((point, index) => distance([u, v], points[index], point) <= 1);
  const outside = [x, y].map((one) => Math.max(CORNER - one, one - (SIZE - CORNER), 0));
  if (Math.hypot(...outside) > CORNER) {
    return [0, 0, 0, 0];
  }
  return [...(LINES.find(on)?.colour ?? GROUND), 255];
}

function pixel(x, y) {
  const offsets = Array.from({ length: SAMPLES }, (_, index) => (index + 0.5) / SAMPLES);
  const found = offsets.flatMap((down) => offsets.map((right) => colour(x + right, y + down)));
  const opaque = found.filter(([, , , alpha]) => alpha > 0);
  const mean = (axis) => Math.round(opaque.reduce((sum, one) => sum + one[axis], 0) / Math.max(1, opaque.length));
  return [mean(0), mean(1), mean(2), Math.round((255 * opaque.length) / found.length)];
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

const rows = Array.from({ length: SIZE }, (_, y) => [0, ...Array.from({ length: SIZE }, (_, x) => pixel(x, y)).flat()]);
const header = Buffer.from([0, 0, 0, SIZE, 0, 0, 0, SIZE, 8, 6, 0, 0, 0]);
const chunks = [
  chunk("IHDR", header),
  chunk("IDAT", deflateSync(Buffer.from(rows.flat()), { level: 9 })),
  chunk("IEND", Buffer.alloc(0)),
];
writeFileSync("icon.png", Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...chunks]));
