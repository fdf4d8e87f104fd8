using System.Collections.Concurrent;

namespace RocketOps.Client.Consuming.Offsets;

/// <summary>Offsets in memory.</summary>
internal sealed class OffsetTable
{
    private readonly ConcurrentDictionary<MessageQueue, long> _offsets = new();

    public IEnumerable<KeyValuePair<MessageQueue, long>> All => _offsets;

    public long? Find(MessageQueue queue) => _offsets.TryGetValue(queue, out long offset) ? offset : null;

    /// <summary>A smaller one than that before is ignored.</summary>
    public void Note(MessageQueue queue, long offset) => _offsets.AddOrUpdate(queue, static (_, noted) => noted, static (_, old, noted) => Math.Max(old, noted), offset);

    public void Move(MessageQueue queue, long offset) => _offsets[queue] = offset;

    public void Forget(MessageQueue queue) => _offsets.TryRemove(queue, out _);
}
