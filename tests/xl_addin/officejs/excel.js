// In the place of Microsoft's library: an Excel with a small workbook, for the pane to work on.
globalThis.shown = 0;
globalThis.ribbon = {};
globalThis.Office = {
  onReady(then) {
    const info = { host: "Excel" };
    then?.(info);
    return Promise.resolve(info);
  },
  addin: { showAsTaskpane: async () => (globalThis.shown += 1), setStartupBehavior: async () => {} },
  actions: { associate: (id, act) => (globalThis.ribbon[id] = act) },
  StartupBehavior: { load: "load" },
  context: { requirements: { isSetSupported: () => true } },
};
globalThis.CustomFunctions = {
  mappings: {},
  associate: (id, act) => (globalThis.CustomFunctions.mappings[id] = act),
};
globalThis.workbook = import(new URL("/excel/fake_excel.js", location.origin).href).then(({ FakeExcel }) => {
  const book = new FakeExcel({ Control: [["Demo 1", "", "BASE"]] });
  ["clo_deal", "clo_asof", "clo_scenario"].forEach((name, at) => {
    book.names.set(name, { range: book.range(book.sheets[0], `${"ABC"[at]}1`) });
  });
  book.is1904 = Boolean(globalThis.is1904);
  return book;
});
globalThis.Excel = { run: async (work) => (await globalThis.workbook).run(work) };
