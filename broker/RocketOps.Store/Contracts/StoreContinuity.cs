namespace RocketOps.Store.Contracts;

/// <summary>Findings of a start about the bytes that an earlier run had taken.</summary>
/// <param name="HasKernel">
/// Whatever was once handed to the kernel is still there: the earlier run ended cleanly, or only its process ended. False after the machine has been started anew, and when that is not known.
/// </param>
/// <param name="HasDurable">The log reaches as far as the checkpoint says that it was durable; true when no checkpoint says it.</param>
/// <param name="HasCheckpoint">There was a checkpoint with this broker's positions. Without one nobody knows how far the log reached: the store is new, RocketMQ's, or has lost files.</param>
/// <param name="HasDamage">
/// Something of what the kernel had is gone: whole records lay behind a broken one, or the log ends before what had been handed over to queues. A torn end without a whole record behind it is a write that the end of the process
/// broke off, and no damage. Only said with <paramref name="HasKernel"/>: a power cut leaves such gaps in what was never durable.
/// </param>
public readonly record struct StoreContinuity(bool HasKernel, bool HasDurable, bool HasCheckpoint, bool HasDamage);
