/** math.Pow(10, n) with Go's very roundings, which differ from the runtime's in the last bit. */

/** Beyond this many bits Go gives up on exactness: the result overflows anyhow. */
const greatestShift = 1 << 12;

/** Ten to the power `exponent`, a whole number. */
export function powerOfTen(exponent: number): number {
  if (exponent === 0) return 1;
  // 10 = 0.625 * 2^4, squared and multiplied by the bits of the exponent
  let [factor, factorShift] = [0.625, 4];
  let [result, shift] = [1, 0];
  for (let rest = Math.abs(exponent); rest > 0; rest = Math.floor(rest / 2)) {
    if (Math.abs(factorShift) > greatestShift) {
      shift += factorShift;
      break;
    }
    if (rest % 2 === 1) {
      result *= factor;
      shift += factorShift;
    }
    factor *= factor;
    factorShift *= 2;
    if (factor < 0.5) {
      factor += factor;
      factorShift--;
    }
  }
  return exponent < 0 ? scale(1 / result, -shift) : scale(result, shift);
}

/** math.Ldexp: in steps that each can be written as a float, only the last of which rounds. */
function scale(fraction: number, shift: number): number {
  if (shift > 1000) return fraction * 2 ** 1000 * 2 ** Math.min(shift - 1000, 1000);
  return shift < -1000 ? fraction * 2 ** -1000 * 2 ** Math.max(shift + 1000, -1000) : fraction * 2 ** shift;
}
