/* The picture of a camera, and the codes in it. Only what lies within the frame that the person sees is
 * looked at: labels hang side by side, and the wrong one must not be read from the edge of the picture.
 * Of several codes within it, the one under the mark in its middle counts, as with a scanner's beam. A
 * code counts when two pictures running say the same. */
import type { Answer, Code, Picture } from "./camera_worker";

const WIDTH_MAX = 1280; /* px of what is looked at: more costs time and reads no better */

export interface Eye {
  torch(): boolean | undefined; /* undefined: it has none */
  light(on: boolean): Promise<void>;
  device(): string;
  stop(): void;
}
export interface Sight {
  video: HTMLVideoElement;
  frame: HTMLElement; /* over the video, which fills its box as `object-fit: cover` does */
  script: string;
  device: string; /* the camera that was chosen; "": the one at the back */
  read(text: string): void;
  several(): void;
  failed(): void;
}

/* The part of the video below the frame, in the video's own pixels. */
function below(frame: HTMLElement, video: HTMLVideoElement): DOMRect {
  const f = frame.getBoundingClientRect();
  const v = video.getBoundingClientRect();
  const scale = Math.max(v.width / video.videoWidth, v.height / video.videoHeight);
  const left = (video.videoWidth - v.width / scale) / 2 + (f.left - v.left) / scale;
  const top = (video.videoHeight - v.height / scale) / 2 + (f.top - v.top) / scale;
  return new DOMRect(left, top, f.width / scale, f.height / scale);
}

/* Whether the point lies within the corners, given in turn. */
function holds(corners: Code["corners"], x: number, y: number): boolean {
  let within = false;
  corners.forEach((a, i) => {
    const b = corners[(i + 1) % corners.length] ?? a;
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) within = !within;
  });
  return within;
}

/* The code that is meant; undefined: which of them is not clear. */
function meant(codes: Code[], { width, height }: ImageData): string | undefined {
  const texts = new Set(codes.map((code) => code.text));
  if (texts.size === 1) return codes[0]?.text;
  const aimed = codes.filter((code) => holds(code.corners, width / 2, height / 2));
  return aimed.length === 1 ? aimed[0]?.text : undefined;
}

class Looking implements Eye {
  private readonly worker: Worker;
  private readonly pen: CanvasRenderingContext2D | null;
  private looked: ImageData | undefined; /* what the worker has */
  private before = ""; /* what the last picture said */
  private stopped = false;

  constructor(
    private readonly sight: Sight,
    private readonly stream: MediaStream,
  ) {
    this.pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    this.worker = new Worker(sight.script);
    this.worker.addEventListener("message", (event: MessageEvent<Answer>) => this.answered(event.data));
    this.worker.addEventListener("error", () => this.fail());
    this.track()?.addEventListener("ended", () => this.fail()); /* taken away, or pulled out */
    this.look();
  }

  private track(): MediaStreamTrack | undefined {
    return this.stream.getVideoTracks()[0];
  }

  private fail(): void {
    if (!this.stopped) this.sight.failed();
  }

  private look(): void {
    requestAnimationFrame(() => {
      if (this.stopped) return;
      const { video, frame } = this.sight;
      if (!this.pen || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || !video.videoWidth)
        return this.look();
      const { left, top, width, height } = below(frame, video);
      const scale = Math.min(1, WIDTH_MAX / width);
      const { canvas } = this.pen;
      canvas.width = Math.max(1, Math.round(width * scale));
      canvas.height = Math.max(1, Math.round(height * scale));
      this.pen.drawImage(video, left, top, width, height, 0, 0, canvas.width, canvas.height);
      this.looked = this.pen.getImageData(0, 0, canvas.width, canvas.height);
      this.worker.postMessage({ pixels: this.looked } satisfies Picture);
    });
  }

  private answered(answer: Answer): void {
    if (this.stopped || !this.looked) return;
    if ("failed" in answer) return this.fail();
    const text = answer.codes.length > 0 ? meant(answer.codes, this.looked) : "";
    if (text === undefined) this.sight.several();
    else if (text === "" || text === this.before) this.sight.read(text);
    this.before = text ?? "";
    this.look();
  }

  device(): string {
    return this.track()?.getSettings().deviceId ?? "";
  }

  torch(): boolean | undefined {
    const has = this.track()?.getCapabilities?.() as { torch?: boolean } | undefined;
    if (!has?.torch) return undefined;
    return (this.track()?.getSettings() as { torch?: boolean }).torch === true;
  }

  async light(on: boolean): Promise<void> {
    await this.track()?.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] });
  }

  stop(): void {
    this.stopped = true;
    this.worker.terminate();
    for (const track of this.stream.getTracks()) track.stop();
    this.sight.video.srcObject = null;
  }
}

/* Opens the camera; rejects as getUserMedia does. `sight.read` is told of each picture: the code that two
 * of them running said, or "" where there is none. */
export async function openEye(sight: Sight): Promise<Eye> {
  const size = { width: { ideal: 1920 }, height: { ideal: 1080 } };
  const which = sight.device ? { deviceId: { exact: sight.device } } : { facingMode: "environment" };
  const stream = await navigator.mediaDevices
    .getUserMedia({ video: { ...size, ...which }, audio: false })
    .catch((error: unknown) => {
      if (!sight.device) throw error;
      /* the one that was chosen is not there any more */
      return navigator.mediaDevices.getUserMedia({ video: { ...size, facingMode: "environment" } });
    });
  sight.video.srcObject = stream;
  void sight.video.play().catch(() => undefined); /* closed in the same moment */
  return new Looking(sight, stream);
}
