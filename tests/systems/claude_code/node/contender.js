"use strict";
// Increments a counter under its lock, for each line of input "turn <times> <retries> <pause ms>".
// Answers "wrote" for each time, "busy" where it may not try again, or what went wrong. It reads,
// waits, and writes what it read plus one, so two that are inside at once lose an increment; if it
// finds somebody beside itself, it says so.

const fs = require("fs");
const readline = require("readline");
const { lock } = require("proper-lockfile");

const target = process.argv[2];
const counter = `${target}.count`;
const witness = `${target}.inside`;

function retries(number) {
  return { retries: number, factor: 2, minTimeout: 5, maxTimeout: 100 };
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function turn(number, pause) {
  let release;
  try {
    release = await lock(target, { retries: retries(number), onCompromised: () => {} });
  } catch (error) {
    return error.code === "ELOCKED" ? "busy" : `failed ${error.code}`;
  }
  let alone = "";
  try {
    fs.closeSync(fs.openSync(witness, "wx"));
  } catch (error) {
    alone = " beside another";
  }
  const before = Number(fs.readFileSync(counter, "utf8"));
  if (pause > 0) await sleep(pause);
  fs.writeFileSync(`${counter}.${process.pid}`, String(before + 1));
  fs.renameSync(`${counter}.${process.pid}`, counter);
  fs.rmSync(witness, { force: true });
  await release();
  return `wrote${alone}`;
}

async function main() {
  process.stdout.write("ready\n");
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [, times, number, pause] = line.split(" ").map(Number);
    for (let left = times; left > 0; ) {
      const said = await turn(number, pause);
      if (said === "busy" && number > 0) continue;
      process.stdout.write(`${said}\n`);
      left -= 1;
    }
  }
}

main();
