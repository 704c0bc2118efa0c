// What a leader or an admin does on the pages, for the driver in `desk.mjs`; each is one order.
//   {"do":"row","text":"…","key":"m"}                gives a row of a table the focus and presses a key there
//   {"do":"act","text":"…","item":"…"}               opens the menu of a row by the enter key and takes an entry
//   {"do":"enter","label":"…","text":"…"}            types into a field and presses the enter key
//   {"do":"pick","label":"…","option":"…"}           takes an entry of a list of choices
//   {"do":"label","text":"…"}                        clicks on a choice of several
//   {"do":"write","text":"…"}                        puts a text in place of all that is in the editor
//   {"do":"absent","role":"link","name":"…"}         fails if it is there; without a name, if any of the kind is

export const deeds = {
  async row(page, { text, key }) {
    await rowOf(page, text).focus();
    await page.keyboard.press(key);
  },
  async act(page, { text, item }) {
    await rowOf(page, text).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: item }).click();
  },
  async enter(page, { label, text }) {
    const field = page.getByLabel(label, { exact: true }).first();
    await field.fill(text);
    await field.press('Enter');
  },
  async pick(page, { label, option }) {
    await page
      .getByRole('combobox', { name: label })
      .or(page.getByRole('textbox', { name: label }))
      .first()
      .click();
    await page.getByRole('option', { name: option }).first().click();
  },
  async label(page, { text }) {
    await page.locator('label').filter({ hasText: text }).first().click();
  },
  async write(page, { text }) {
    await page.locator('.cm-content').first().click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(text);
  },
  async absent(page, { role, name }) {
    const found = await page.getByRole(role, name ? { name, exact: true } : {}).count();
    if (found > 0) throw new Error(`there is a ${role} ${name ?? ''}`);
  },
};

function rowOf(page, text) {
  return page.locator('[data-row]').filter({ hasText: text }).first();
}
