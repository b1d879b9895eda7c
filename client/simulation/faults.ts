/** The faults of the network, the server and the devices, and how probable they are. */
import type { Random } from './random.ts';

/** Probabilities of faults of the network and of the server. */
export interface NetworkFaults {
  /** A request or its response is lost, and the client waits for its timeout. */
  lost: number;
  /** The connection fails at once. */
  refused: number;
  /** The connection is cut after the server has executed the request. */
  cut: number;
  /** A request arrives twice. */
  repeated: number;
  /** A request arrives late, perhaps after the client has given up. */
  late: number;
  /** The server is overloaded, restarts, or limits the rate. */
  unavailable: number;
  /** The server fails with this request. */
  failing: number;
  /** A stream repeats changes. */
  repeatedPage: number;
}

export const noFaults: NetworkFaults = {
  lost: 0,
  refused: 0,
  cut: 0,
  repeated: 0,
  late: 0,
  unavailable: 0,
  failing: 0,
  repeatedPage: 0,
};

/** Probabilities of faults of a device. */
export interface DeviceFaults {
  /** A tab crashes at a commit, before or after it is durable. */
  crash: number;
  /** A commit fails, for example because the disk is full. */
  failedCommit: number;
  /** A message between tabs is lost. */
  lostMessage: number;
}

export const noDeviceFaults: DeviceFaults = { crash: 0, failedCommit: 0, lostMessage: 0 };

export function drawNetworkFaults(random: Random): NetworkFaults {
  return {
    lost: draw(random, 0.3),
    refused: draw(random, 0.3),
    cut: draw(random, 0.6),
    repeated: draw(random, 0.3),
    late: draw(random, 0.2),
    unavailable: draw(random, 0.3),
    failing: draw(random, 0.8),
    repeatedPage: draw(random, 0.2),
  };
}

export function drawDeviceFaults(random: Random): DeviceFaults {
  return { crash: draw(random, 0.2), failedCommit: draw(random, 0.1), lostMessage: draw(random, 0.3) };
}

/** Half of the faults do not occur, so that some worlds have a few of them only. */
function draw(random: Random, most: number): number {
  return random.chance(0.5) ? 0 : random.next() * most;
}
