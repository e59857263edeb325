// Settings that a workflow may write in a short way and in a long one.

/** `concurrency` of a workflow or a job; a bare text is short for the group. */
export function concurrency(mapping) {
  const token = mapping.find("concurrency");
  return token && token.value !== undefined ? { value: { group: token.value } } : token;
}

/** `permissions` as a map; a job that says nothing gets what the repository's settings allow, at best. */
export function granted(permissions) {
  if (permissions === undefined) return { contents: "read", packages: "read" };
  if (typeof permissions !== "string") return permissions ?? {};
  const level = permissions.replace("-all", "");
  return new Proxy({}, { get: () => level });
}
