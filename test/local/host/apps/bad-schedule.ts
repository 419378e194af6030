import { app } from "@azure/functions";

app.timer("sweep", { schedule: "every day", handler: () => {} });
