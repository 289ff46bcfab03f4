/** The command line of the guest. */
import { findProgram } from "../needs.ts";
import { guestFiles } from "./build-guest.ts";
import { targetName } from "./iscsi-target.ts";

/** The ports of this machine that a guest connects to. */
export interface GuestPorts {
  /** The emulated drive's. */
  target: number;
  /** The jobs'. */
  door: number;
}

/**
 * One processor: QEMU's two are threads that wait for each other, and on a machine that is busy with other things they do little else.
 * Programs are laid out in memory in the same way each time (norandmaps), so that what QEMU translated of one run serves the next; large
 * pages spare it page faults.
 */
export function qemuCommand(share: string, ports: GuestPorts): string[] {
  const kernelArguments = [
    "console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off norandmaps transparent_hugepage=always",
    `iscsi_port=${ports.target} iscsi_target=${targetName} door_port=${ports.door}`,
  ];
  return [
    findProgram("qemu-system-x86_64") ?? "qemu-system-x86_64",
    ...["-M", "q35", "-accel", "tcg,tb-size=512", "-cpu", "max", "-smp", "1", "-m", "2560"],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-no-reboot"],
    ...["-serial", "stdio"],
    ...["-netdev", "user,id=n", "-device", "virtio-net-pci,netdev=n,romfile="],
    ...["-kernel", guestFiles.kernel, "-initrd", guestFiles.initialFiles],
    ...["-append", kernelArguments.join(" ")],
    ...folder("r", "/", "hostroot", ",readonly=on,multidevs=remap"),
    ...folder("s", share, "share", ""),
  ];
}

function folder(id: string, path: string, tag: string, more: string): string[] {
  return [
    ...["-fsdev", `local,id=${id},path=${path},security_model=none${more}`],
    ...["-device", `virtio-9p-pci,fsdev=${id},mount_tag=${tag}`],
  ];
}
