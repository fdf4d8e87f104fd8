using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Store.Dispatching;

/// <summary>
/// Tells of each message that is dispatched which filters match it; readers later leave out what does not match without looking at the message. Called on the dispatching thread, and
/// during recovery before the store has started: must be fast and must not block or throw.
/// </summary>
public interface IMessageBitMaps
{
    /// <summary>Most bytes of a bit map: what fits an extension of a queue's unit (store.md §3.4).</summary>
    const int MaxBytes = ExtUnit.MaxBytes - ExtUnit.FixedBytes;

    /// <summary>Tells whether any filter is known for messages of this topic; otherwise they get no bit map.</summary>
    bool Wants(StoreTopic topic);

    /// <summary>Writes the bit map of a message with these stored properties and returns its length in bytes, 0 for none. The destination has <see cref="MaxBytes"/>.</summary>
    int Compute(StoreTopic topic, ReadOnlySpan<byte> properties, Span<byte> bitMap);
}
