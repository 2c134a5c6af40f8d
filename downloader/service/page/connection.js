// The banner that says whether the service answers. It floats, so that nothing jumps when it comes.

import { signal, signals } from "./signals.js"

const banner = document.getElementById("banner")
const text = document.getElementById("banner-text")
const again = document.getElementById("banner-try")
const GRACE = 1200 // a restart's blink is no news
const THANKS = 2500

let timer = 0
let gone = false

function silent() {
  if (gone || timer) return
  timer = setTimeout(() => {
    gone = true
    text.textContent = "The service does not answer; trying again."
    again.hidden = banner.hidden = false
    document.documentElement.dataset.stale = ""
  }, GRACE)
}

function answers() {
  if (timer && !gone) clearTimeout(timer)
  timer = 0
  if (!gone) return
  gone = false
  text.textContent = "The service answers again."
  again.hidden = true
  delete document.documentElement.dataset.stale
  setTimeout(() => { banner.hidden = !gone }, THANKS)
}

signals.addEventListener("silent", silent)
signals.addEventListener("answers", answers)
again.addEventListener("click", () => signal("try"))
