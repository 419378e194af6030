import { app } from "@azure/functions";

app.storageQueue("orders", { queueName: "orders", connection: "Storage", handler: () => {} });
