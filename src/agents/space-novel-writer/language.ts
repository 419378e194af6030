import { z } from "zod";

/** The languages that both tools speak. */
export const Language = z.enum(["en", "zh"]);
export type Language = z.infer<typeof Language>;
