/* The outlines of the world's countries (Natural Earth), by their package without types. */
declare module "world-atlas/countries-50m.json" {
  import type { GeometryCollection, Topology } from "topojson-specification";
  const world: Topology<{ land: GeometryCollection; countries: GeometryCollection }>;
  export default world;
}
