"use strict";
// Takes the lock of the file named first, as patiently as the second argument's number of tries;
// says "held" and keeps it until its input ends; says "lost" where somebody takes it over.

const { lock } = require("proper-lockfile");

const [target, tries, stale] = process.argv.slice(2);

async function main() {
  const release = await lock(target, {
    retries: { retries: Number(tries), factor: 2, minTimeout: 5, maxTimeout: 100 },
    stale: Number(stale || 10000),
    onCompromised: () => process.stdout.write("lost\n"),
  });
  process.stdout.write("held\n");
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.on("end", resolve));
  await release();
  process.stdout.write("released\n");
}

main().catch((error) => {
  process.stdout.write(`${error.code}\n`);
  process.exit(3);
});
