// Sets up every explorable of the page.

import { unpack } from "./data.js";
import { div, el } from "./draw.js";
import { prepare } from "./network.js";
import { Sweeper } from "./sweep.js";
import * as patch from "./patch.js";
import * as piece from "./piece.js";
import * as features from "./features.js";
import * as unroll from "./unroll.js";
import * as gates from "./gates.js";
import * as long from "./long.js";

const EXPLORABLES = { patch, piece, features, unroll, gates, long };

const json = (script) => unpack(JSON.parse(script.textContent));

function sharedData() {
  const read = (name) => {
    const script = document.querySelector(`script[data-shared=${name}]`);
    return script && json(script);
  };
  const data = read("network");
  const network = data && prepare(data);
  return { network, name: data?.name, digits: read("digits"), sweeper: data && new Sweeper(data, network) };
}

/** An explorable takes the place of its static picture only once it stands: if anything fails, the picture stays. */
export function mountAll() {
  const shared = sharedData();
  for (const root of document.querySelectorAll("[data-explorable]")) {
    const { mount, TASK } = EXPLORABLES[root.dataset.explorable];
    const stage = div("ex-stage");
    try {
      root.append(el("p", { class: "ex-task" }, TASK), stage);
      mount(stage, json(root.querySelector("script[data-own]")), shared);
      root.dataset.ready = "";
    } catch (error) {
      stage.previousSibling.remove();
      stage.remove();
      console.error(`the explorable ${root.dataset.explorable} failed:`, error); // the others still work
    }
  }
}
