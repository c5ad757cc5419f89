// Checks a unified manifest and function metadata against Microsoft's schemas; prints what is wrong as JSON.
//
// Called with the folder of the schemas of one version, a manifest and a metadata file.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import Ajv from "ajv-draft-04";
import addFormats from "ajv-formats";

const [folder, manifestFile, metadataFile] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));

const schema = read(join(folder, "MicrosoftTeams.schema.json"));
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(schema, "manifest");

const problems = [];
const check = (where, name, value) => {
  const validate = ajv.getSchema(name);
  if (!validate(value)) problems.push(...validate.errors.map((one) => `${where}${one.instancePath} ${one.message}`));
};
check("manifest", "manifest", read(manifestFile));
const metadata = read(metadataFile);
for (const one of metadata.functions) {
  const { options, ...fields } = one;
  check(one.id, "manifest#/definitions/extensionFunction", { ...fields, ...options });
}
for (const one of metadata.enums) check(one.id, "manifest#/definitions/enum", one);
console.log(JSON.stringify({ problems, n: metadata.functions.length }));
