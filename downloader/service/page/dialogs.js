// The question before what cannot be undone. The browser's own modal dialog keeps the focus and gives it back.

const dialog = document.getElementById("confirm")
const at = name => document.getElementById(`confirm-${name}`)

/** Ask; gives whether the answer is yes. Escape is no. */
export function sure({ title, text, yes, no }) {
  at("title").textContent = title
  at("text").textContent = text
  at("yes").textContent = yes
  at("no").textContent = no
  dialog.returnValue = "no"
  dialog.showModal()
  return new Promise(answer => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true })
  })
}
