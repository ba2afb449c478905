/* Finds codes in pictures. It runs in a worker of its own because the policy of that worker's script, and
 * of nothing else, lets WebAssembly run (kernel/asset.c); and so that reading never holds up the page.
 * What it answers is what a scanner would have typed (modules/identity/symbol.c): behind the identifier
 * of AIM where the code is GS1's, and FNC1, which no keyboard has, as its picture. */
import { prepareZXingModule, readBarcodes, type ReaderOptions, type ReadResult } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm";

export interface Picture {
  pixels: ImageData;
}
export interface Code {
  text: string;
  corners: { x: number; y: number }[]; /* in the picture, in turn */
}
/* Failed: the reader could not be loaded, and no picture will be read. */
export type Answer = { codes: Code[] } | { failed: true };

/* What labels, wristbands and packs carry, of that alone what is hard to misread: no interleaved 2 of 5
 * and no Codabar, which read well in part. */
const options: ReaderOptions = {
  formats: ["QRCode", "MicroQRCode", "DataMatrix", "Aztec", "PDF417", "Code128", "Code39", "DataBar",
    "DataBarExpanded", "EAN-13"],
  maxNumberOfSymbols: 8,
  minLineCount: 2,
  textMode: "Plain",
};

function typed(code: ReadResult): string {
  const text = code.text.replace(/[\u0000-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)));
  return code.contentType === "GS1" ? code.symbologyIdentifier + text : text;
}

async function read({ pixels }: Picture): Promise<Answer> {
  const found = await readBarcodes(pixels, options);
  return {
    codes: found
      .filter((code) => code.isValid && code.contentType !== "Binary" && code.text !== "")
      .map((code) => {
        const { topLeft, topRight, bottomRight, bottomLeft } = code.position;
        return { text: typed(code), corners: [topLeft, topRight, bottomRight, bottomLeft] };
      }),
  };
}

function say(answer: Answer): void {
  postMessage(answer);
}

const fail = (): void => say({ failed: true });

prepareZXingModule({
  overrides: { locateFile: () => new URL(wasm, location.href).href },
  fireImmediately: true,
}).catch(fail);
addEventListener("message", (event: MessageEvent<Picture>) => void read(event.data).then(say, fail));
