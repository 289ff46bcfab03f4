/** Cartridges by name, for a changer that lays them into a drive. */
import { Cartridge, type CartridgeOptions } from "./cartridge.ts";

export class Shelf {
  readonly #cartridges = new Map<string, Cartridge>();

  /** Puts a cartridge on the shelf, a blank one when only its options are given. */
  put(name: string, cartridge: Cartridge | CartridgeOptions = {}): Cartridge {
    const put = cartridge instanceof Cartridge ? cartridge : new Cartridge(cartridge);
    this.#cartridges.set(name, put);
    return put;
  }

  /**
   * The cartridge of a name, also while it is in the drive.
   * @throws Error that names those there are
   */
  get(name: string): Cartridge {
    const cartridge = this.#cartridges.get(name);
    if (cartridge !== undefined) return cartridge;
    const names = [...this.#cartridges.keys()].join(", ");
    throw new Error(`There is no tape "${name}" on the shelf; there are: ${names}`);
  }

  clear(): void {
    this.#cartridges.clear();
  }
}
