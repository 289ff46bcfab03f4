/** What the commands of an emulated drive know and change. */
import type { Cartridge } from "./cartridge.ts";
import type { DriveSettings } from "./drive-settings.ts";

export interface DriveState {
  settings: DriveSettings;
  cartridge: Cartridge | undefined;
  /** Items in front of the head. */
  position: number;
  /** 0 is variable. */
  fixedBlockBytes: number;
  compression: boolean;
  /** Writes by their size in bytes. */
  writeSizes: Record<string, number>;
}

/** Bytes that the cartridge in the drive holds. */
export function capacityOf({ settings, cartridge }: DriveState): number {
  return cartridge?.capacityBytes ?? settings.capacityBytes;
}

/** True when nothing can be written: the drive or the cartridge says so. */
export function isProtected({ settings, cartridge }: DriveState): boolean {
  return settings.writeProtected || cartridge?.writeProtected === true;
}

/** Where writes begin to say that the end is near. */
export function earlyWarningAt(drive: DriveState): number {
  const { earlyWarningBytes } = drive.settings;
  return earlyWarningBytes === 0 ? Number.POSITIVE_INFINITY : capacityOf(drive) - earlyWarningBytes;
}
