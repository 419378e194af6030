import { z } from "zod";

/** What the local model server answers to `GET /admin/journal`. */
export const ProviderJournal = z.object({
  requests: z.array(
    z.object({
      n: z.number(),
      at: z.string(),
      method: z.string(),
      path: z.string(),
      status: z.number(),
      responseId: z.string().nullable(),
      metadata: z.record(z.string(), z.string()).nullable(),
      fault: z.string().nullable(),
    }),
  ),
});
