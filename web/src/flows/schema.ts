// What can be written at a place of a flow's file, by the JSON schema that the server gives. Pure.

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  description?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
}

export interface Proposal {
  label: string;
  detail: string;
  kind: 'key' | 'value';
}

/** A key of a mapping, or `null` for an item of a list. */
export type Path = readonly (string | null)[];

/** How far alternatives are followed. */
const DEPTH_MAX = 8;

/** The keys that may stand in the mapping at `path`; those that are there already are left out. */
export function keysAt(root: Schema, path: Path, present: readonly string[] = []): Proposal[] {
  const found = new Map<string, Proposal>();
  for (const schema of at(root, path)) {
    for (const [label, of] of Object.entries(schema.properties ?? {})) {
      const detail = describe(root, of);
      if (!found.has(label)) found.set(label, { label, detail, kind: 'key' });
    }
  }
  for (const label of present) found.delete(label);
  return [...found.values()];
}

/** The values that may stand at `path`, where the schema names them. */
export function valuesAt(root: Schema, path: Path): Proposal[] {
  const found = new Map<string, Proposal>();
  for (const schema of at(root, path)) {
    const values = [...(schema.enum ?? []), ...(schema.const === undefined ? [] : [schema.const])];
    if (schema.type === 'boolean') values.push(true, false);
    for (const value of values) {
      const label = String(value);
      found.set(label, { label, detail: schema.description ?? '', kind: 'value' });
    }
  }
  return [...found.values()];
}

/** Whether the name of something stands there, which a step's name may be. */
export function takesName(root: Schema, path: Path): boolean {
  let reached: Schema[] = [root];
  for (const key of path) reached = reached.flatMap((schema) => descend(root, schema, key));
  return reached.some(({ $ref }) => $ref === '#/$defs/name');
}

function at(root: Schema, path: Path): Schema[] {
  let reached: Schema[] = [root];
  for (const key of path) reached = reached.flatMap((schema) => descend(root, schema, key));
  return reached.flatMap((schema) => alternatives(root, schema, 0));
}

function descend(root: Schema, schema: Schema, key: string | null): Schema[] {
  return alternatives(root, schema, 0).flatMap((one) => {
    if (key === null) return one.items ? [one.items] : [];
    const known = one.properties?.[key];
    if (known) return [known];
    return typeof one.additionalProperties === 'object' ? [one.additionalProperties] : [];
  });
}

function alternatives(root: Schema, schema: Schema, depth: number): Schema[] {
  if (depth > DEPTH_MAX) return [];
  const all = [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])];
  const referred = resolve(root, schema.$ref);
  const further = referred ? [...all, referred] : all;
  return [schema, ...further.flatMap((one) => alternatives(root, one, depth + 1))];
}

function resolve(root: Schema, ref: string | undefined): Schema | undefined {
  return ref?.startsWith('#/$defs/') ? root.$defs?.[ref.slice('#/$defs/'.length)] : undefined;
}

function describe(root: Schema, schema: Schema): string {
  return schema.description ?? resolve(root, schema.$ref)?.description ?? '';
}
