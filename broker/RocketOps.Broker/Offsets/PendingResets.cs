using System.Text;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// Queues whose group is to go on from another offset: its next pull is told so, and until then what it commits does not count. In memory only, as with RocketMQ; the offset itself
/// is committed at once. Costs one read of a flag while nothing is pending. Source: admin.md §2.5 (222, case b). Thread-safe.
/// </summary>
internal sealed class PendingResets
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Key, long> _offsets = [];
    private volatile bool _any;

    public void Add(string topic, string group, int queueId, long offset)
    {
        lock (_gate)
        {
            _offsets[new Key(topic, group, queueId)] = offset;
            _any = true;
        }
    }

    public bool Has(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> group, int queueId) => _any && HasSlow(KeyOf(topic, group, queueId));

    /// <summary>The offset the queue is to be read from, once.</summary>
    public bool TryTake(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> group, int queueId, out long offset)
    {
        offset = 0;
        return _any && TryTakeSlow(KeyOf(topic, group, queueId), out offset);
    }

    public void RemoveGroup(string group) => RemoveWhere(key => string.Equals(key.Group, group, StringComparison.Ordinal));

    public void RemoveTopic(string topic) => RemoveWhere(key => string.Equals(key.Topic, topic, StringComparison.Ordinal));

    private static Key KeyOf(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> group, int queueId) => new(Encoding.UTF8.GetString(topic), Encoding.UTF8.GetString(group), queueId);

    private bool HasSlow(in Key key)
    {
        lock (_gate)
        {
            return _offsets.ContainsKey(key);
        }
    }

    private bool TryTakeSlow(in Key key, out long offset)
    {
        lock (_gate)
        {
            bool taken = _offsets.Remove(key, out offset);
            _any = _offsets.Count > 0;
            return taken;
        }
    }

    private void RemoveWhere(Func<Key, bool> isGone)
    {
        lock (_gate)
        {
            foreach (Key key in _offsets.Keys.Where(isGone).ToArray())
            {
                _offsets.Remove(key);
            }

            _any = _offsets.Count > 0;
        }
    }

    private readonly record struct Key(string Topic, string Group, int QueueId);
}
