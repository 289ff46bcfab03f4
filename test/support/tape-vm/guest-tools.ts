/** Programs of ours on the guest's PATH, beside ace-dt. */

/** How the guest reaches this machine (QEMU's user networking). */
export const hostAddress = "10.0.2.2";

/** What a host adapter of the guest can be made to refuse: flags of the kernel's list of devices (scsi_devinfo.h, BLIST_MAX_512 and _1024). */
const transferLimits = { "262144": 23, "524288": 30 } as const;

/** The sizes that `limit-transfers` knows. */
export type TransferLimit = keyof typeof transferLimits;

/**
 * `change-tape NAME` takes out the tape that is in the drive, and lays in the one of this name on the shelf; it comes back when the tape is in.
 * `limit-transfers BYTES` has the host adapter refuse larger transfers (EBUSY), `limit-transfers 0` none; the drive is attached anew.
 */
export function guestTools(doorPort: number): Readonly<Record<string, string>> {
  const cases = Object.entries(transferLimits).map(([bytes, bit]) => `  ${bytes}) flags=$((1 << ${bit})) ;;`);
  return {
    "change-tape": `#!/bin/bash
exec 3<>/dev/tcp/${hostAddress}/${doorPort} && echo "change $1" >&3 && read -r answer <&3 || exit 2
[ "$answer" = ok ] || { echo "change-tape: \${answer#error }" >&2; exit 1; }
`,
    "limit-transfers": `#!/bin/bash
case $1 in
${cases.join("\n")}
  0) flags=0 ;;
  *) echo "limit-transfers: one of ${Object.keys(transferLimits).join(", ")}, 0" >&2; exit 2 ;;
esac
echo $flags >/sys/module/scsi_mod/parameters/default_dev_flags
device=$(readlink -f /sys/class/scsi_tape/nst0/device)
host=\${device##*/} && echo 1 >"$device/delete" && echo "- - -" >"/sys/class/scsi_host/host\${host%%:*}/scan"
for n in {1..100}; do [ -c /dev/nst0 ] && exit 0; sleep 0.05; done
echo "limit-transfers: the drive did not come back" >&2; exit 1
`,
  };
}
