// A whole life by npm @mondaydotcomorg/api; run by Node with the URL and the token.
import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/`);
const { ApiClient } = require("@mondaydotcomorg/api");
const [endpoint, token] = process.argv.slice(2);
const client = new ApiClient({ token, endpoint });
const boardId = "10";
const ids = (page) => page.items.map((item) => item.id);

const { boards } = await client.request(
  `query ($ids: [ID!]) { boards(ids: $ids) { name columns { id title type } groups { id } } }`,
  { ids: [boardId] },
);
const { create_group: group } = await client.request(
  `mutation ($board: ID!) { create_group(board_id: $board, group_name: "Autumn") { id } }`,
  { board: boardId },
);
const items = [];
for (const itemName of ["First", "Second"]) {
  const made = await client.operations.createItemOp({ boardId, groupId: group.id, itemName });
  items.push(made.create_item.id);
}
const { create_subitem: subitem } = await client.request(
  `mutation ($parent: ID!, $values: JSON) {
    create_subitem(parent_item_id: $parent, item_name: "S", column_values: $values) { id } }`,
  { parent: items[0], values: JSON.stringify({ quantity: "7" }) },
);
await client.operations.changeMultipleColumnValuesOp({
  boardId,
  itemId: items[0],
  columnValues: JSON.stringify({
    note: "blue",
    price: "6",
    state: { label: "Done" },
    size: { labels: ["M"] },
  }),
});

const first = await client.request(
  `query ($ids: [ID!]) { boards(ids: $ids) { items_page(limit: 500) { cursor items { id } } } }`,
  { ids: [boardId] },
);
let page = first.boards[0].items_page;
const paged = ids(page);
while (page.cursor) {
  const next = await client.request(
    `query ($cursor: String!) { next_items_page(limit: 500, cursor: $cursor) {
      cursor items { id } } }`,
    { cursor: page.cursor },
  );
  page = next.next_items_page;
  paged.push(...ids(page));
}
const search = await client.request(
  `query ($board: ID!) { items_page_by_column_values(
    board_id: $board, columns: [{ column_id: "note", column_values: ["blue"] }]) { items { id } } }`,
  { board: boardId },
);
await client.request(`mutation ($item: ID!) { archive_item(item_id: $item) { id } }`, {
  item: items[1],
});

console.log(
  JSON.stringify({
    columns: boards[0].columns.map((column) => column.id),
    group: group.id,
    items,
    subitem: subitem.id,
    paged,
    found: ids(search.items_page_by_column_values),
  }),
);
