// Advice for those who have this page and no command line. The service's own is for both, and speaks of flags.

const OURS = {
  "private-address": "This service fetches nothing from private addresses; whoever runs it can allow a host.",
  "too-large": "The image is larger than this service allows; whoever runs it can allow more.",
  "not-an-image": "A page or text came instead of an image: open the URL in a browser to see what it is.",
  "proxy": "The proxy failed or wants a login: tell whoever runs this service.",
  "tls": "TLS failed: is it http://? Else correct the host name.",
  "too-slow": "The server sends too slowly: retry later.",
  "busy": "The server limits us: retry later, or submit the list with a lower “Per host”.",
  "reset": "The server hung up: retry, or submit the list with a lower “Per host”.",
  "timed-out": "Slow or silent host: retry later.",
  "decoder-timeout": "The image takes longer to work on than this service allows.",
  "decoder-memory": "The image needs more memory to work on than this service allows.",
}

/** Give the advice for a cause as the service told it, as a sentence. */
export const advice = ({ code, advice: told }) =>
  OURS[code] ?? (told ? `${told[0].toUpperCase()}${told.slice(1)}.` : "")
