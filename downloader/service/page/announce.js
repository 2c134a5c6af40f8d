// What a screen reader is told: few things, and one at a time.

const place = document.getElementById("announcer")

export function announce(text) {
  place.textContent = text
}
