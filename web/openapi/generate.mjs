// Writes src/api/schema.d.ts: the types of everything that openapi.json describes.

import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const file = (path) => new URL(path, import.meta.url);

const ast = await openapiTS(withoutSiblings(JSON.parse(readFileSync(file('../openapi.json'), 'utf8'))), {
  rootTypes: true,
  rootTypesNoSchemaPrefix: true,
  // What has a default may be left out of a request; answers say by `required` that they have it.
  defaultNonNullable: false,
});
writeFileSync(file('../src/api/schema.d.ts'), astToString(ast));

/** The generator does not read what stands beside a `$ref`, as an event's `type` does beside its fields. */
function withoutSiblings(value) {
  if (Array.isArray(value)) return value.map(withoutSiblings);
  if (value === null || typeof value !== 'object') return value;
  const { $ref, ...beside } = Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, withoutSiblings(part)]),
  );
  if (typeof $ref !== 'string') return { ...($ref === undefined ? {} : { $ref }), ...beside };
  return beside.properties ? { allOf: [{ $ref }, beside] } : { $ref, ...beside };
}
