// Sweeps in a worker, so that the page stays quick; on the page's own thread, in short slices, where it may have none.

import { sweep } from "./network.js";

/** The worker's program is the text of network.js, which the page holds; a plain script knows no `export`. */
function startWorker() {
  const text = document.querySelector("script[data-module=network]").textContent.replace(/^export /gm, "");
  return new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
}

export class Sweeper {
  /** `data` is the network as the page's data holds it, `network` the same as `prepare` gives it. */
  constructor(data, network) {
    this.network = network;
    this.latest = 0;
    try {
      this.worker = startWorker();
      this.worker.onmessage = ({ data: { id, positions, probabilities } }) => {
        if (id === this.latest) this.tell(positions, probabilities);
      };
      this.worker.onerror = () => {
        this.worker = null;
        if (this.image) this.start(this.image, this.patch, this.tell);
      };
      this.worker.postMessage({ network: data });
    } catch {
      this.worker = null;
    }
  }

  /** Gives up the sweep that runs. */
  stop() {
    this.latest++;
    this.worker?.postMessage({ id: this.latest });
  }

  /** Begins another sweep; `tell(positions, probabilities)` as results come. The one before is given up. */
  start(image, patch, tell) {
    Object.assign(this, { image, patch, tell });
    const id = ++this.latest;
    if (this.worker) this.worker.postMessage({ id, image, patch });
    else sweep(this.network, image, patch, tell, () => id === this.latest, 15);
  }
}
