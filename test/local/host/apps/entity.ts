import * as df from "durable-functions";

df.app.entity("Counter", (context) => context.df.return(1));
