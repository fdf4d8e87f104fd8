using System.Collections.Concurrent;

namespace RocketOps.Client.Consuming;

/// <summary>Offsets in memory.</summary>
internal sealed class OffsetTable
{
    private readonly ConcurrentDictionary<MessageQueue, long> _offsets = new();

    public IEnumerable<KeyValuePair<MessageQueue, long>> All => _offsets;

    public long? Find(MessageQueue queue) => _offsets.TryGetValue(queue, out long offset) ? offset : null;

    public void Update(MessageQueue queue, long offset, bool increaseOnly) =>
        _offsets.AddOrUpdate(queue, static (_, state) => state.offset, static (_, old, state) => state.increaseOnly ? Math.Max(old, state.offset) : state.offset, (offset, increaseOnly));

    public void Forget(MessageQueue queue) => _offsets.TryRemove(queue, out _);
}
