// Gives the least contrast of texts with the ground behind them, by class (WCAG 2.2, 1.4.3).
() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })
  const parsed = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0)
  const ground = each => {
    for (let at = each; at; at = at.parentElement) {
      const colour = parsed(getComputedStyle(at).backgroundColor)
      if (colour[3] === 255) return colour
    }
    return [255, 255, 255, 255]
  }
  const found = {}
  for (const each of document.querySelectorAll("body *")) {
    const own = [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
    if (!own || !each.checkVisibility({ visibilityProperty: true }) || each.disabled || each.closest(".unseen, .skip")) continue
    const [a, b] = [light(parsed(getComputedStyle(each).color)), light(ground(each))].sort((x, y) => y - x)
    const ratio = (a + .05) / (b + .05)
    const name = each.className || each.tagName
    found[name] = Math.min(found[name] ?? 99, ratio)
  }
  return found
}
