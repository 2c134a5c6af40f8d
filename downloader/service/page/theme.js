// No module, so that it runs before the first paint: a page must not flash in the wrong colours.
{
  const KEY = "theme"
  const root = document.documentElement

  const kept = () => {
    try { return localStorage.getItem(KEY) ?? "system" } catch { return "system" } // storage may be forbidden
  }
  const show = theme => { root.dataset.theme = theme }

  show(kept())
  addEventListener("DOMContentLoaded", () => {
    const choice = document.getElementById("theme")
    choice.value = kept()
    choice.addEventListener("change", () => {
      show(choice.value)
      try { localStorage.setItem(KEY, choice.value) } catch { /* it holds for this visit */ }
    })
  })
}
