/** What an iSCSI target and an initiator agree on when they meet (RFC 7143 13): no authentication, no digests, one connection. */

/** What we answer to the initiator's login keys; the sizes are dealt with apart. */
const answers: Readonly<Record<string, string>> = {
  AuthMethod: "None",
  HeaderDigest: "None",
  DataDigest: "None",
  InitialR2T: "Yes",
  ImmediateData: "Yes",
  MaxOutstandingR2T: "1",
  MaxConnections: "1",
  ErrorRecoveryLevel: "0",
  DataPDUInOrder: "Yes",
  DataSequenceInOrder: "Yes",
  DefaultTime2Wait: "0",
  DefaultTime2Retain: "0",
  IFMarker: "No",
  OFMarker: "No",
};

/** What is agreed on, in bytes. */
export interface AgreedSizes {
  /** The initiator takes no more in one unit. */
  segmentBytes: number;
  /** We ask for no more at once. */
  burstBytes: number;
}

/**
 * Answers the keys of a login request, `KEY=VALUE` each.
 * @param sizes changed to what the keys say
 * @returns `KEY=VALUE` each
 */
export function answerLogin(pairs: readonly string[], sizes: AgreedSizes): string[] {
  const given: string[] = [];
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const [key, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    const known = answers[key];
    if (known !== undefined) given.push(`${key}=${known}`);
    else if (key === "FirstBurstLength") given.push(`${key}=${Math.min(Number(value), 262_144)}`);
    else if (key === "MaxBurstLength") {
      sizes.burstBytes = Math.min(Number(value), 16_776_192);
      given.push(`${key}=${sizes.burstBytes}`);
    } else if (key === "MaxRecvDataSegmentLength") {
      sizes.segmentBytes = Number(value);
      given.push(`${key}=1048576`);
    }
  }
  if (pairs.some((pair) => pair.startsWith("InitiatorName="))) given.push("TargetPortalGroupTag=1");
  return given;
}
