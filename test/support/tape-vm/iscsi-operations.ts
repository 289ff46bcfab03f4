/** The kinds of units that iSCSI sends. */

/** RFC 7143 11.1.1: the operations, initiator's and target's. */
export const operation = {
  nopOut: 0x00,
  command: 0x01,
  task: 0x02,
  login: 0x03,
  text: 0x04,
  dataOut: 0x05,
  logout: 0x06,
  nopIn: 0x20,
  response: 0x21,
  taskResponse: 0x22,
  loginResponse: 0x23,
  textResponse: 0x24,
  dataIn: 0x25,
  logoutResponse: 0x26,
  readyToTransfer: 0x31,
} as const;
