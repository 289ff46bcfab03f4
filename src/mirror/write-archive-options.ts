/** Where and how an archive is written. */
import type { Packing } from "../archive/packing-levels.ts";
import type { RepositoryAddress } from "../content/endpoint.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { MediumKind } from "../tape/medium.ts";

/** Says where a blob is fetched from, by the entry of the root that led to it. */
export type BlobSource = (entry: Descriptor) => RepositoryAddress;

/** Where and how to write. */
export interface WriteArchiveOptions {
  destination: string;
  blockBytes: number;
  /** 0 = automatic. */
  windowBytes: number;
  /** Percent; undefined takes the medium's default. */
  highWaterPercent: number | undefined;
  checkpoint: string | undefined;
  force: boolean;
  /** Go on in the file that an interrupted run left; one that is not there is begun. */
  resume?: boolean;
  /** undefined writes a plain tar. */
  compression: Packing | undefined;
  /** See `packingLevels`; undefined takes the usual one. */
  compressionLevel?: number | undefined;
  /** What the destination is, from `checkDestination`. */
  medium: MediumKind;
  /** Where a blob is fetched from. */
  blobSource: BlobSource;
}
