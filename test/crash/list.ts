import { passingPoints } from "../../local/host/passing-points.ts";
import { appCrashPoints } from "./crash-points.ts";

for (const point of [...appCrashPoints, ...passingPoints]) console.log(point);
