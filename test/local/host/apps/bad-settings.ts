throw new Error("NIGHTSHIFT_COLOUR: no such setting");
