"use strict";
// The tool that owns these lists, made again from what is known of it: the same locks with the same
// patience, the same way of writing (truncated and written in place), the same order of steps.
// One command a line on the input, as JSON; one answer a line, as JSON.

const fs = require("fs/promises");
const path = require("path");
const readline = require("readline");
const { lock } = require("proper-lockfile");

const place = process.argv[2];
const RETRIES = { retries: 30, factor: 2, minTimeout: 5, maxTimeout: 100 };
const STATUSES = ["pending", "in_progress", "completed"];

const fileOf = (id) => path.join(place, `${id}.json`);
const listLock = path.join(place, ".lock");
const markFile = path.join(place, ".highwatermark");

async function locked(target, work) {
  const release = await lock(target, { retries: RETRIES });
  try {
    return await work();
  } finally {
    await release();
  }
}

async function withList(work) {
  await fs.writeFile(listLock, "", { flag: "wx" }).catch(() => {});
  return locked(listLock, work);
}

function isTexts(value) {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isOptional(value, kind) {
  return value === undefined || (typeof value === kind && value !== null);
}

// Only the fields that it knows; null where one of them is not as it has to be.
function understood(found) {
  const { id, subject, description, activeForm, owner, status, blocks, blockedBy, metadata } = found;
  const isWhole =
    [id, subject, description].every((one) => typeof one === "string") &&
    STATUSES.includes(status) &&
    isTexts(blocks) &&
    isTexts(blockedBy) &&
    isOptional(activeForm, "string") &&
    isOptional(owner, "string") &&
    isOptional(metadata, "object");
  if (!isWhole) return null;
  return { id, subject, description, activeForm, owner, status, blocks, blockedBy, metadata };
}

async function read(id) {
  try {
    return understood(JSON.parse(await fs.readFile(fileOf(id), "utf8")));
  } catch (error) {
    return null;
  }
}

async function write(task) {
  await fs.writeFile(fileOf(task.id), JSON.stringify(task, null, 2));
}

async function ids() {
  const names = await fs.readdir(place);
  const found = names.filter((name) => /^\d+\.json$/.test(name)).map((name) => parseInt(name, 10));
  return found.sort((one, other) => one - other);
}

async function mark() {
  const text = await fs.readFile(markFile, "utf8").catch(() => "0");
  return parseInt(text.trim(), 10) || 0;
}

async function create(fields) {
  return withList(async () => {
    const id = String(Math.max(0, ...(await ids()), await mark()) + 1);
    await write({
      id,
      subject: fields.subject,
      description: fields.description || "",
      activeForm: fields.activeForm,
      owner: fields.owner,
      status: "pending",
      blocks: [],
      blockedBy: [],
      metadata: fields.metadata,
    });
    return { id };
  });
}

// One task under its lock: what `change` returns is written, null leaves it as it is.
async function update(id, change) {
  return locked(fileOf(id), async () => {
    const task = await read(id);
    const changed = task && change(task);
    if (changed) await write(changed);
    return { id, done: Boolean(changed) };
  });
}

const merged = (task, metadata) => ({ ...task, metadata: { ...task.metadata, ...metadata } });

async function addEdge(waiting, blocker) {
  await update(blocker, (task) =>
    task.blocks.includes(waiting) ? null : { ...task, blocks: [...task.blocks, waiting] },
  );
  return update(waiting, (task) =>
    task.blockedBy.includes(blocker) ? null : { ...task, blockedBy: [...task.blockedBy, blocker] },
  );
}

async function remove(id) {
  if ((await mark()) < Number(id)) await fs.writeFile(markFile, String(id));
  await fs.unlink(fileOf(id));
  for (const other of await ids()) {
    const task = await read(other);
    if (!task || !(task.blocks.includes(id) || task.blockedBy.includes(id))) continue;
    await update(String(other), (found) => ({
      ...found,
      blocks: found.blocks.filter((one) => one !== id),
      blockedBy: found.blockedBy.filter((one) => one !== id),
    }));
  }
  return { id };
}

async function reset() {
  return withList(async () => {
    const all = await ids();
    await fs.writeFile(markFile, String(Math.max(0, ...all, await mark())));
    for (const id of all) await fs.unlink(fileOf(id));
    return { deleted: all.length };
  });
}

async function claim(id, owner) {
  return locked(fileOf(id), async () => {
    const task = await read(id);
    if (!task || task.status !== "pending" || task.owner) return { id, done: false };
    for (const blocker of task.blockedBy) {
      const found = await read(blocker);
      if (found && found.status !== "completed") return { id, done: false };
    }
    await write({ ...task, owner });
    return { id, done: true };
  });
}

let isSpinning = false;
let isWorking = false;

// Writes one task again and again as fast as it can, under its lock or (as others do) without.
async function spin(id, size, isLocked) {
  isSpinning = true;
  let writes = 0;
  const task = await read(id);
  for (; isSpinning; writes += 1) {
    const now = { ...task, description: String(writes % 10).repeat(size) };
    if (isLocked) await locked(fileOf(id), () => write(now));
    else await write(now);
  }
  return { writes };
}

// Changes one after the other until it is told to stop: mostly it counts in the first few tasks.
// Each leaves a trace; a count that is lower than the number of its traces has lost some.
async function work(name, few) {
  isWorking = true;
  let refused = 0;
  for (let number = 0; isWorking; number += 1) {
    const some = String(1 + (number % few));
    const other = String(1 + ((number * 3 + 1) % few));
    try {
      if (number % 50 === 3) {
        const { id } = await create({ subject: `${name} ${number}` });
        say({ made: "task", id, subject: `${name} ${number}` });
      } else if (number % 10 === 7 && Number(some) > Number(other)) {
        const { done } = await addEdge(some, other);
        if (done) say({ made: "task", id: some, by: other });
      } else {
        const counted = (task) => ({ [name]: ((task.metadata || {})[name] || 0) + 1 });
        await update(some, (task) => merged(task, counted(task)));
        say({ made: "count", id: some, key: name });
      }
    } catch (error) {
      if (error.code !== "ELOCKED") throw error;
      refused += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return { worked: true, refused };
}

const COMMANDS = {
  create: (one) => create(one),
  update: (one) => update(one.id, (task) => ({ ...task, ...one.fields })),
  merge: (one) => update(one.id, (task) => merged(task, one.metadata)),
  edge: (one) => addEdge(one.id, one.by),
  claim: (one) => claim(one.id, one.owner),
  delete: (one) => remove(one.id),
  reset: () => reset(),
  read: async (one) => ({ task: await read(one.id) }),
  spin: (one) => spin(one.id, one.size, one.locked),
  work: (one) => work(one.name, one.few),
};

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function obey(line) {
  const command = JSON.parse(line);
  if (command.do === "stop") {
    isSpinning = isWorking = false;
    return;
  }
  try {
    say(await COMMANDS[command.do](command));
  } catch (error) {
    say({ error: error.code || String(error) });
  }
}

say({ ready: true });
const input = readline.createInterface({ input: process.stdin });
input.on("line", obey);
input.on("close", () => process.exit(0));
