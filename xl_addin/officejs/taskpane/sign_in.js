/** Sign-in: Office's own where it gives a token, else a dialog for a token or key. Both end in a session. */

import { face } from "../bundle/face.js";
import { STRINGS } from "../bundle/strings.js";
import { $ } from "./dom.js";

/** Whether the user is signed in afterwards. */
export async function signIn() {
  return (await byOffice()) || byHand();
}

async function byOffice() {
  try {
    const token = await globalThis.OfficeRuntime?.auth?.getAccessToken({ allowSignInPrompt: true });
    if (!token) return false;
    await face.signIn(token);
    return true;
  } catch {
    return false;
  }
}

function byHand() {
  const dialog = $("sign-in");
  globalThis.Office?.addin?.showAsTaskpane?.();
  if (!dialog.open) dialog.showModal();
  $("credential").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "in"), { once: true });
  });
}

$("sign-in-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const problem = $("sign-in-error");
  try {
    await face.signIn($("credential").value.trim());
    problem.hidden = true;
    $("credential").value = "";
    $("sign-in").close("in");
  } catch (error) {
    problem.textContent = `${STRINGS.signIn.failed} ${error.message}`;
    problem.hidden = false;
    $("credential").select();
  }
});
$("sign-in-cancel").addEventListener("click", () => $("sign-in").close("later"));
