// A line of rates as paths of SVG, in a box of 119 by 40: one unit a second, the latest at the right.

const WIDE = 119
const HIGH = 40
const ROOM = 3 // above the highest value

/** Give the line, the area below it, and the highest value. */
export function outline(values) {
  if (values.length < 2) return { line: "", area: "", top: 0 }
  const top = Math.max(...values)
  const left = WIDE - values.length + 1
  const y = value => (HIGH - (value / (top || 1)) * (HIGH - ROOM)).toFixed(1)
  const line = `M${values.map((value, at) => `${left + at} ${y(value)}`).join("L")}`
  return { line, area: `${line}L${WIDE} ${HIGH}L${left} ${HIGH}Z`, top }
}
