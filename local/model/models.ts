import { ApiError } from "./api-error.ts";

const ownModel = "nightshift-rules";

export interface Models {
  list(): object[];
  /** @throws ApiError 404 */
  find(name: string): object;
  /** @throws ApiError 404 when only certain models are served, and this is none of them */
  check(name: string): void;
}

/** Every name is one set of rules. `names` null: any name is served, and the list has the rules' own. */
export function modelList(names: readonly string[] | null): Models {
  function check(name: string): void {
    if (names === null || names.includes(name)) return;
    throw new ApiError(404, `The model '${name}' does not exist or you do not have access to it.`, {
      code: "model_not_found",
      param: "model",
    });
  }
  return {
    list: () => (names ?? [ownModel]).map(modelObject),
    find(name) {
      check(name);
      return modelObject(name);
    },
    check,
  };
}

function modelObject(id: string) {
  return { id, object: "model", created: 1_767_225_600, owned_by: "rules, not a language model" };
}
