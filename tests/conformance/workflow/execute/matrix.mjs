// Expands `strategy.matrix` as GitHub documents it: the product of the lists, less `exclude`, plus `include`.

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export function combinations(matrix) {
  if (!matrix) return [undefined];
  const { include = [], exclude = [], ...lists } = matrix;
  const names = Object.keys(lists);
  let product = names.length ? [{}] : [];
  for (const name of names) product = product.flatMap((chosen) => lists[name].map((value) => ({ ...chosen, [name]: value })));
  product = product.filter((chosen) => !exclude.some((unwanted) => Object.entries(unwanted).every(([name, value]) => same(chosen[name], value))));
  const extended = product.map((chosen) => ({ ...chosen }));
  for (const extra of include) {
    // An entry extends every combination whose original values it does not contradict; one that fits nowhere stands for itself.
    const fitting = extended.filter((_, at) => product[at] && names.every((name) => !(name in extra) || same(product[at][name], extra[name])));
    if (fitting.length && names.length) fitting.forEach((chosen) => Object.assign(chosen, extra));
    else extended.push({ ...extra });
  }
  return extended;
}
