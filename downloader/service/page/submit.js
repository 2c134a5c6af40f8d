// Submitting a list: pasted, dropped or chosen. It goes out as a file either way.

import { Problem, submit } from "./api.js"
import { put } from "./dom.js"
import { forget, keep, kept } from "./draft.js"
import { many, plain, size } from "./format.js"
import { fields } from "./options.js"

const SUFFIXES = /\.(txt|csv|tsv|jsonl)(\.gz)?$/i
const LONG = 100_000 // characters; browsers lay out longer texts in a field so slowly that a paste seems to hang

/** Show the form with what was typed and not sent; gives what keeps that again. */
export function show(at) {
  const draft = kept()
  const state = { file: null, key: newKey(), given: () => ({}), draft: () => draft.options }
  const none = () => put(at.options, "The options cannot be had now: those of the service hold.")
  fields(at.options, draft.options).then(given => { state.given = state.draft = given }, none)
  at.list.value = draft.list
  at.name.value = draft.name
  at.folded.open = Object.keys(draft.options).length > 0
  take(at, state, draft.file)
  listenForFiles(at, state)
  at.list.addEventListener("input", () => changed(at, state))
  at.list.addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at.submit.requestSubmit()
  })
  // A field that is folded away cannot be shown to be wrong.
  at.submit.addEventListener("invalid", () => { at.folded.open = true }, true)
  at.submit.addEventListener("submit", event => {
    event.preventDefault()
    send(at, state)
  })
  const save = () => state.sent || keep({ ...state, list: at.list.value, name: at.name.value, options: state.draft() })
  addEventListener("pagehide", save)
  return () => {
    removeEventListener("pagehide", save)
    save()
  }
}

function listenForFiles(at, state) {
  const choose = file => take(at, state, file)
  at.choose.addEventListener("change", () => at.choose.files[0] && choose(at.choose.files[0]))
  at.unchoose.addEventListener("click", () => {
    choose(null)
    at.list.focus()
  })
  at.list.addEventListener("paste", event => {
    const text = event.clipboardData.getData("text/plain")
    if (text.length < LONG) return
    event.preventDefault()
    choose(new File([at.list.value, text], `pasted.${suffix(at.list.value + text)}`))
  })
  const over = is => event => {
    if (![...event.dataTransfer.types].includes("Files")) return
    event.preventDefault()
    at.drop.classList.toggle("over", is)
  }
  at.drop.addEventListener("dragover", over(true))
  at.drop.addEventListener("dragleave", over(false))
  at.drop.addEventListener("drop", event => {
    over(false)(event)
    if (event.dataTransfer.files.length) choose(event.dataTransfer.files[0])
  })
}

function take(at, state, file) {
  if (file && !SUFFIXES.test(file.name)) {
    return fail(at, `“${plain(file.name, 80)}” is no list: choose a txt, csv, tsv or jsonl file, plain or as .gz.`)
  }
  state.file = file
  at.choose.value = ""
  at.chosen.hidden = !file
  at.list.hidden = Boolean(file)
  if (file) put(at.file, `${plain(file.name, 80)} · ${size(file.size)}`)
  changed(at, state)
}

function changed(at, state) {
  state.key = newKey()
  put(at.error, "")
  const text = at.list.value
  const lines = state.file ? 0 : text.split("\n").filter(line => /^\s*[^#\s]/.test(line)).length
  put(at.count, lines ? many(lines, "line") : "")
}

async function send(at, state) {
  if (!state.file && !at.list.value.trim()) {
    return fail(at, "There is no list yet: paste URLs, or choose a file.", at.list)
  }
  at.send.disabled = true
  put(at.send, "Sending the list …")
  try {
    const job = await submit(form(at, state), state.key)
    state.sent = true
    forget()
    location.hash = `#/jobs/${job.id}`
  } catch (problem) {
    // What was refused is another request when it comes again; what was lost on its way is the same.
    if (problem instanceof Problem) state.key = newKey()
    fail(at, `The list was not taken: ${plain(problem.message)}.`)
  }
  at.send.disabled = false
  put(at.send, "Start the download")
}

function form(at, state) {
  const form = new FormData()
  const text = at.list.value
  form.append("options", JSON.stringify(state.given()))
  if (at.name.value.trim()) form.append("name", at.name.value.trim())
  form.append("file", state.file ?? new Blob([text]), state.file?.name ?? `list.${suffix(text)}`)
  return form
}

/** Tell what was pasted by its first line: a table keeps its columns. */
function suffix(text) {
  const [first] = text.trimStart().split("\n", 1)
  if (first.startsWith("{")) return "jsonl"
  if (first.includes("://")) return "txt"
  return first.includes("\t") ? "tsv" : first.includes(",") ? "csv" : "txt"
}

function fail(at, text, place = at.error) {
  put(at.error, text)
  place.focus()
}

/** randomUUID is there on secure addresses alone; this page is also served on others. */
function newKey() {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))]
  return bytes.map(byte => byte.toString(16).padStart(2, "0")).join("")
}
