/* A client made of the description alone: each call goes through it, and each answer is held against
 * the schema that the description gives for its path, method, status and media type. */
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { OpenAPIClientAxios } from "openapi-client-axios";
import { assert } from "./house.mjs";

export class Checker {
  constructor(api) {
    this.api = api;
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(this.ajv);
    this.ajv.addFormat("int64", { type: "number", validate: Number.isInteger });
    this.ajv.addSchema({ $id: "vein", ...api });
    this.checked = 0;
  }

  /* The response as the description has it, following one reference. */
  response(path, method, status) {
    const responses = this.api.paths[path][method].responses;
    const found = responses[status] ?? responses.default;
    assert(found, `${method} ${path} may not answer ${status}`);
    return found.$ref ? this.api.components.responses[found.$ref.split("/").at(-1)] : found;
  }

  check(path, method, answer) {
    const type = (answer.headers["content-type"] ?? "").split(";")[0];
    const content = this.response(path, method, answer.status).content;
    const part = content?.[type] ?? content?.["*/*"];
    assert(part, `${method} ${path} ${answer.status} may not be ${type}`);
    this.holds(part.schema ?? {}, answer.data, `${method} ${path} ${answer.status}`);
    this.checked++;
  }

  /* A value against a schema of the description. */
  holds(part, value, what) {
    const schema = JSON.parse(JSON.stringify(part)
      .replaceAll('"#/components', '"vein#/components'));
    const validate = this.ajv.compile(schema);
    assert(validate(value), `${what}: ` +
      `${JSON.stringify(validate.errors)} of ${JSON.stringify(value).slice(0, 600)}`);
  }
}

/* One person's client. */
export class Client {
  static async open(checker, demo, person) {
    const made = new OpenAPIClientAxios({
      definition: checker.api,
      axiosConfigDefaults: {
        baseURL: demo.address, headers: person.headers, maxRedirects: 0, validateStatus: () => true,
      },
    });
    const client = new Client();
    client.checker = checker;
    client.session = person.session;
    client.paths = (await made.init()).paths;
    return client;
  }

  async get(path, parameters = {}, headers = {}) {
    const answer = await this.paths[path].get(parameters, null, { headers });
    if (answer.status !== 304) this.checker.check(path, "get", answer);
    return answer;
  }

  /* The body is held against its schema, too, unless it is meant to be wrong. */
  async send(command, body, headers = {}) {
    const path = `/commands/${command}`;
    const answer = await this.paths[path].post({}, body, { headers });
    this.checker.check(path, "post", answer);
    return answer;
  }
}
