import type { Resource } from "./predict.ts";

/** Built-in roles by their ids, as Microsoft documents them; the last is one of Cosmos DB's own. */
const roleNames: Readonly<Record<string, string>> = {
  "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
  "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
  "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
  "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
  "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd": "Cognitive Services OpenAI User",
  "0ad04412-c4d5-4796-b79c-f76d14c8d402": "Durable Task Data Contributor",
  "4633458b-17de-408a-874b-0445c86b69e6": "Key Vault Secrets User",
  "00000000-0000-0000-0000-000000000002": "Cosmos DB Data Contributor",
};

/** Every role assignment as one line: who, as what, on which resource. */
export function roleAssignments(resources: readonly Resource[], developerId: string): string[] {
  return resources
    .filter(({ type }) => /\/(roleAssignments|sqlRoleAssignments)$/.test(type))
    .map(({ id, type, properties }) => {
      const { roleDefinitionId, principalId, principalType = "", scope = scopeOf(id) } = properties;
      const role = String(roleDefinitionId).split("/").at(-1) ?? "";
      const kind = type.endsWith("sqlRoleAssignments") ? "" : ` (${principalType})`;
      return `${who(String(principalId), developerId)}${kind}: ${roleNames[role] ?? role} on ${typeOf(String(scope))}`;
    })
    .sort();
}

function who(principalId: string, developerId: string): string {
  if (principalId === developerId) return "developer";
  return /^\[reference\('[^']*\/userAssignedIdentities\/[^']*', '[^']*'\)\.principalId\]$/.test(principalId)
    ? "app"
    : principalId;
}

/** The resource that an assignment is made on, from its own id or from the expression for it. */
function scopeOf(id: string): string {
  return /^\[extensionResourceId\('([^']+)'/.exec(id)?.[1] ?? id.split("/providers/Microsoft.Authorization/")[0] ?? "";
}

/** `Microsoft.DurableTask/schedulers/taskHubs` of `…/providers/Microsoft.DurableTask/schedulers/x/taskHubs/y`. */
function typeOf(id: string): string {
  const [, group = "", provider = "", rest = ""] =
    /resourceGroups\/([^/]+)(?:\/providers\/([^/]+)\/(.+))?$/.exec(id) ?? [];
  const types = rest.split("/").filter((_, index) => index % 2 === 0);
  return `${[provider, ...types].join("/")} in ${group}`;
}
