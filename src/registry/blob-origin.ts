/** Where the blobs of an image are read. */
import type { RepositoryAddress } from "./settings.ts";

/** Where images are read: a repository, or what stands in place of one. */
export interface BlobOrigin {
  /** For messages. */
  readonly name: string;
  readonly address: RepositoryAddress;
}
