/** Every text of the face that does not come from the server, in English. */

export const STRINGS = {
  errors: {
    unreachable:
      "CLO-3000: The calculation server does not answer. Cells recalculate by themselves when it is back; if it stays away, start it with `clodesk serve` or ask support.",
    notSignedIn: "CLO-2300: You are not signed in. Sign in in the task pane of the CLO tab; the cells then recalculate.",
    cancelled: "CLO-2301: The calculation was cancelled. Recalculate the cell to start it again.",
    refused: "CLO-2302: The server refused the request (HTTP {status}). Reload the add-in; if it stays so, tell support.",
    unreadable: "CLO-2303: The server's answer cannot be read. Reload the add-in; if it stays so, update the server.",
    unknownOperation: "CLO-2304: The add-in does not know the operation {op}. Update the add-in: close the pane and open it again.",
    foreignSheet: "CLO-2305: The sheet {sheet} was not written by clodesk and stays as it is. Rename it, then run the command again.",
    dates1904: "CLO-2306: This workbook counts dates from 1904. Switch off 'Use 1904 date system' in Excel's options for this workbook.",
  },
  connection: {
    online: "Connected",
    offline: "Server not reachable",
    "signed-out": "Not signed in",
    connecting: "Connecting",
  },
  dataVersion: "Data version {version}",
  signIn: {
    title: "Sign in",
    explain: "Paste a token or an API key. On this machine, `clodesk token show` prints the token.",
    credential: "Token or key",
    later: "Not now",
    failed: "That was not accepted. Check that the token or key is complete and has not expired.",
  },
  deal: { none: "No deal", newest: "newest" },
  commands: {
    starting: "Starting",
    chooseFile: "Choose a file.",
    run: "Run",
    cancel: "Cancel",
    applied: "{n} changes written.",
    none: "The server offers no commands to you.",
    pickOne: "Choose",
  },
  jobs: {
    none: "No jobs yet. Commands that take longer run here and can be cancelled.",
    cancel: "Cancel",
    cancelling: "Cancelling",
    confirm: "Really cancel?",
    cancelled: "{n} jobs cancelled.",
    nothing: "Nothing is running.",
    states: { queued: "Waiting", running: "Running", done: "Done", failed: "Failed", cancelled: "Cancelled" },
  },
  functions: {
    none: "No function matches.",
    insert: "Insert",
    copied: "Formula copied.",
    inserted: "Formula inserted at {address}.",
    required: "required",
    optional: "optional",
    help: "Help",
  },
  errorList: {
    none: "No cell shows an error.",
    jump: "Go to cell",
    lastKnown: "Last known value: {value}",
    count: "Cells with errors: {n}",
  },
  results: {
    refreshed: "All CLO cells recalculate.",
    onlyInExcel: "This works in Excel only.",
    frozen: "{n} formulas were replaced by their values.",
    unfrozen: "{n} formulas are back.",
    nothingFrozen: "No formula of this workbook is frozen.",
  },
  charts: {
    none: "Choose a deal to see its charts.",
    noRun: "There is no stored run of this deal yet. Run Deal waterfall, then come back.",
    loading: "Loading charts",
    balances: "Balance by class",
    coverage: "Overcollateralisation",
    tests: "Cushion of tests",
  },
  pane: {
    refresh: "Recalculate the CLO cells of this workbook",
    reload: "Reload now",
    basis: "Deal, date and scenario",
    deal: "Deal",
    date: "Date",
    scenario: "Scenario",
    parts: "Parts of the task pane",
    run: "Run",
    jobs: "Jobs",
    functions: "Functions",
    errors: "Errors",
    charts: "Charts",
    search: "Search functions",
  },
  table: "table of {n} rows",
  preview: { title: "Result", close: "Close", rows: "{shown} of {all} rows shown" },
};

/** A text with its {placeholders} filled in. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
