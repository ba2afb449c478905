/* What the parts of this suite share: counting, and people signed in as a program would do it. */
import { readFileSync } from "node:fs";

export const counts = { passed: 0, failed: 0 };

export async function check(name, run) {
  try {
    await run();
    counts.passed++;
  } catch (error) {
    counts.failed++;
    console.log(`not ok: ${name}\n${error.stack}`);
  }
}

export function assert(holds, what) {
  if (!holds) throw new Error(what);
}

export function equal(is, wanted, what) {
  assert(is === wanted, `${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(wanted)}`);
}

/* The demonstration's address and people, from what it prints. */
export function readDemo(file) {
  const text = readFileSync(file, "utf8");
  const people = [];
  let site;
  for (const line of text.split("\n")) {
    const row = line.match(/^ {2}(\S+) +(.+)$/);
    if (!row) site = line;
    else for (const login of row[2].split(" ")) people.push({ login, role: row[1], site });
  }
  return {
    address: text.match(/https?:\/\/[^\s,]+/)[0],
    password: text.match(/password of all: (.*)\)/)[1],
    find: (role, at) => people.find((p) => p.role === role && p.site.includes(at)).login,
  };
}

/* The headers of someone's session. */
export async function signIn(demo, login) {
  const answer = await fetch(`${demo.address}/sign-in`, {
    method: "POST", redirect: "manual",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ login, password: demo.password }),
  });
  equal(answer.status, 303, `sign-in of ${login}`);
  const headers = {
    Cookie: answer.headers.get("set-cookie").split(";")[0], Accept: "application/json",
  };
  const session = await (await fetch(`${demo.address}/api/session`, { headers })).json();
  return { headers: { ...headers, "X-CSRF-Token": session.token }, session };
}
