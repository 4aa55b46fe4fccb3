#!/usr/bin/env node
// Ask a model from Node with pg.
const { Client } = require('pg');

const user = Number(process.argv[2] || 42);

async function main() {
  const client = new Client();
  await client.connect();

  // with a type: ids are bigint, which pg hands over as text
  const typed = await client.query(
    "SELECT item_id, score FROM wals_recommend($1::bigint, $2, model => 'movies')",
    [user, 5]);
  for (const row of typed.rows)
    console.log(`${row.item_id}\t${row.score.toFixed(3)}`);

  // without: the text form, which serves models of any id type
  const untyped = await client.query(
    'SELECT item_id FROM wals_recommend($1, $2, $3)', [user, 5, 'movies']);
  console.log('untyped:', ...untyped.rows.map((row) => row.item_id));

  const filtered = await client.query(
    "SELECT item_id FROM wals_recommend($1::bigint, 3, model => 'movies', candidates => $2)",
    [user, [1, 2, 3, 5, 6, 7, 9, 10, 11]]);
  console.log('in stock:', ...filtered.rows.map((row) => row.item_id));

  await client.end();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
