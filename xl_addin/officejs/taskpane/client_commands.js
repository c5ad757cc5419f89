/** Commands that need no server: the pane does them itself, and says what it did. */

import { freezeFormulas, unfreezeFormulas } from "../bundle/freezing.js";
import { host } from "../bundle/host.js";
import { fill, STRINGS } from "../bundle/strings.js";
import { $ } from "./dom.js";
import { cancelAll } from "./jobs_panel.js";
import { signIn } from "./sign_in.js";
import * as server from "./server.js";

/** What each does; gives the text to show. */
export const CLIENT_COMMANDS = {
  async clo_refresh() {
    await host.recalculateAll();
    return STRINGS.results.refreshed;
  },
  async clo_freeze_values() {
    const n = await host.run(freezeFormulas);
    return n === undefined ? STRINGS.results.onlyInExcel : fill(STRINGS.results.frozen, { n });
  },
  async clo_unfreeze_values() {
    const n = await host.run(unfreezeFormulas);
    if (n === undefined) return STRINGS.results.onlyInExcel;
    return n ? fill(STRINGS.results.unfrozen, { n }) : STRINGS.results.nothingFrozen;
  },
  async clo_insert_function() {
    $("tab-functions").click();
    $("search").focus();
    return "";
  },
  async clo_cancel_run() {
    $("tab-jobs").click();
    const n = await cancelAll();
    return n ? fill(STRINGS.jobs.cancelled, { n }) : STRINGS.jobs.nothing;
  },
  async clo_settings() {
    await signIn();
    return "";
  },
  async clo_about() {
    const { server: release, engine, fingerprint } = await server.version();
    return `clodesk ${release}, engine ${engine}, catalogue ${fingerprint.slice(0, 12)}`;
  },
};
