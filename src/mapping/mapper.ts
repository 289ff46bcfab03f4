/** What a mapper is: the rule by which `scatter` sends each image of an archive to its places. */
import type { Descriptor } from "../oci/descriptor.ts";

/** Knows the destinations of images. */
export interface Mapper {
  /** The kind, as the user wrote it before the `=`. */
  kind: string;
  /**
   * The destinations of one image, without repeats; empty when the rule says nothing about it, which is no error.
   * @param descriptor the image's manifest
   * @param source the reference it was gathered from, verbatim
   */
  destinations(descriptor: Descriptor, source: string): readonly string[];
}
