// Which rows of a long grid are in view. Pure; pixels.

/** A browser lays out no taller box than some 17 million pixels; past this, the scroll bar is to scale. */
const TALLEST = 8_000_000

/** Give the grid's measures for a width: columns, the side of a cell, and the height of a row. */
export function measured(width, count, { side, gap }) {
  const columns = Math.max(2, Math.floor((width + gap) / (side + gap)))
  const cell = (width - gap * (columns - 1)) / columns
  const row = cell + gap
  const rows = Math.ceil(count / columns)
  return { columns, cell, row, rows, whole: rows * row, track: Math.min(TALLEST, rows * row) }
}

/** Give how far the grid is really scrolled where its scroll bar stands at `top`. */
export const scrolled = ({ whole, track }, top, view) =>
  track === whole ? top : (top / Math.max(1, track - view)) * (whole - view)

/** Give where the scroll bar stands for a real distance. */
export const unscrolled = ({ whole, track }, real, view) =>
  track === whole ? real : (real / Math.max(1, whole - view)) * (track - view)

/** Give the first and the last row in view, with one more on each side. */
export function inView({ row, rows }, real, view) {
  const first = Math.max(0, Math.floor(real / row) - 1)
  return { first, last: Math.min(rows - 1, Math.ceil((real + view) / row)) }
}
